import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../../../base/random.ts';
import { acceptTrace, decideSampling, enterTrace, loopsOf, markOf, newTraceId } from './trace.ts';

const random = createSeededRandom(1);
const arn = 'arn:aws:lambda:us-east-1:000000000000:function:loop';
const other = 'arn:aws:lambda:us-east-1:000000000000:function:other';
const root = 'Root=1-5759e988-bd862e3fe1be46a994272793';

test('enterTrace counts the runs of each function in a chain, the first as number 0', () => {
  let header = newTraceId(0, random);
  for (let run = 0; run < 3; run += 1) {
    const entered = enterTrace(header, arn);
    assert.equal(entered.loops, run);
    header = enterTrace(entered.header, other).header;
  }
  assert.match(header, new RegExp(`;Lineage=1:${markOf(arn)}:2\\|${markOf(other)}:2$`));
  assert.deepEqual([loopsOf(header, arn), loopsOf(undefined, arn)], [3, 0]);
});

test('acceptTrace takes what it knows of a header, and makes its own for anything else', () => {
  const given = `Self=1-x;${root};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1|68fd508a:5;Evil=\r\nX: y`;
  assert.equal(acceptTrace(given, 0, random), `${root};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:1|68fd508a:5`);
  assert.equal(acceptTrace(`${root};Lineage=25:a87bd80c:1`, 0, random), `${root};Lineage=1:a87bd80c:1`);
  for (const bad of [undefined, '', 'Root=1', `${root};${'x'.repeat(3_000)}`]) assert.match(acceptTrace(bad, 0, random), /^Root=1-00000000-[0-9a-f]{24};Parent=[0-9a-f]{16}$/);
});

test('decideSampling honours what a caller decided, and samples only for a function that traces', () => {
  const undecided = enterTrace(`${root};Parent=53995c3f42cd8ad8`, arn).header;
  const passed = decideSampling(undecided, undefined, () => true, random);
  assert.deepEqual([passed.header, passed.segment], [`${root};Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:${markOf(arn)}:0`, undefined]);
  const active = decideSampling(undecided, 'Active', () => true, random);
  assert.equal(active.segment?.traceId, root.slice(5));
  assert.equal(active.header, `${root};Parent=${active.segment.segmentId};Sampled=1;Lineage=1:${markOf(arn)}:0`);
  assert.equal(decideSampling(`${root};Sampled=0`, 'Active', () => true, random).header, `${root};Sampled=0`);
  assert.equal(decideSampling(`${root};Sampled=1`, undefined, () => false, random).header, `${root};Sampled=1`);
});
