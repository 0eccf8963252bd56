import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../base/clock.ts';
import { logRecordBytesMax, outputBurstBytes } from '../limits.ts';
import { FunctionOutput } from './functionOutput.ts';

function create() {
  const wall = createFakeClock();
  const texts: string[] = [];
  const flow: string[] = [];
  const output = new FunctionOutput({ wall, onOutput: ({ text }) => texts.push(text), onFull: () => flow.push('full'), onRoom: () => flow.push('room') });
  return { wall, texts, flow, output };
}

test('FunctionOutput hands on raw output line by line, also when characters are cut, and keeps the rest for flush', () => {
  const { output, texts } = create();
  const bytes = Buffer.from('één\ntwo\nrest');
  for (const byte of bytes) output.stream('stdout', Buffer.from([byte]));
  output.stream('stderr', Buffer.from('other'));
  assert.deepEqual(texts, ['één\n', 'two\n']);
  output.flush();
  output.flush();
  assert.deepEqual(texts, ['één\n', 'two\n', 'rest', 'other']);
});

test('FunctionOutput keeps a record whole up to the size of a log event and cuts longer ones', () => {
  const { output, texts } = create();
  output.record('a\nb\n');
  output.record('x'.repeat(logRecordBytesMax + 1));
  output.stream('stdout', Buffer.from('y'.repeat(logRecordBytesMax + 2)));
  assert.deepEqual(texts.map((text) => text.length), [4, logRecordBytesMax, 1, logRecordBytesMax]);
});

test('FunctionOutput stops reading beyond the burst and goes on when time has made room', () => {
  const { output, flow, wall } = create();
  const record = 'x'.repeat(logRecordBytesMax);
  for (let bytes = 0; bytes < outputBurstBytes - logRecordBytesMax; bytes += record.length) output.record(record);
  assert.deepEqual(flow, []);
  output.record(record);
  output.record(record);
  assert.deepEqual(flow, ['full']);
  wall.advance(1000);
  assert.deepEqual(flow, ['full', 'room']);
});

test('FunctionOutput drops what no back-pressure can hold back, and says how much', () => {
  const { output, texts } = create();
  const lines = 200_000;
  output.stream('stdout', Buffer.from('\n'.repeat(lines)));
  output.flush();
  const notice = texts.at(-1) ?? '';
  const dropped = Number(/^\[haneul\] (\d+) log records were dropped/.exec(notice)?.[1]);
  assert.equal(texts.length - 1 + dropped, lines);
  assert.ok(texts.length < 130_000, String(texts.length));
});
