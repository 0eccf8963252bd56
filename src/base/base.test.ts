import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatArn, parseArn } from './arn.ts';
import { createFakeClock, createProductClock, delay } from './clock.ts';
import { iamId, uuid } from './ids.ts';
import { createSeededRandom } from './random.ts';

test('createProductClock wakes what an advance made due, earliest first, and re-arms the rest', async () => {
  const wall = createFakeClock(1_000);
  const clock = createProductClock(wall);
  const woken: string[] = [];
  clock.at(3_000, () => woken.push('later'));
  clock.at(2_000, () => woken.push('earlier'));
  clock.at(9_000, () => woken.push('last'));
  clock.advance(2_500);
  assert.deepEqual(woken, ['earlier', 'later']);
  wall.advance(5_500);
  assert.deepEqual(woken, ['earlier', 'later', 'last']);
  assert.equal(clock.now(), wall.now() + 2_500);
});

test('createProductClock refuses to run backwards', () => {
  assert.throws(() => createProductClock(createFakeClock()).advance(-1), RangeError);
});

test('delay rejects with the reason of an abort that comes first', async () => {
  const clock = createFakeClock();
  const controller = new AbortController();
  const waiting = delay(clock, 1_000, controller.signal);
  controller.abort(new Error('stopped'));
  await assert.rejects(waiting, /stopped/);
});

test('uuid and iamId have the form that clients check', () => {
  const random = createSeededRandom(7);
  assert.match(uuid(random), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.match(iamId(random, 'AROA'), /^AROA[A-Z2-7]{17}$/);
  assert.match(iamId(random, 'AKIA'), /^AKIA[A-Z2-7]{16}$/);
});

test('parseArn keeps colons inside the resource and formatArn is its inverse', () => {
  const text = 'arn:aws:lambda:us-east-1:000000000000:function:hello:live';
  const arn = parseArn(text);
  assert.ok(arn);
  assert.equal(arn.resource, 'function:hello:live');
  assert.equal(formatArn(arn), text);
  assert.equal(parseArn('arn:aws:lambda'), undefined);
});
