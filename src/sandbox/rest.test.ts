import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../base/clock.ts';
import { freezeAfterMs, freezeAfterMsMax, soonWokenMs } from './limits.ts';
import { createRest } from './rest.ts';

function bench() {
  const wall = createFakeClock();
  const calls: string[] = [];
  let isEnding = false;
  const rest = createRest({ freezer: { freeze: () => calls.push('freeze'), thaw: () => calls.push('thaw') }, wall, isEnding: () => isEnding });
  return { wall, calls, rest, announceEnd: () => (isEnding = true) };
}

test('createRest freezes what has had nothing to do for a while, and thaws it for the next request', () => {
  const { wall, calls, rest } = bench();
  rest.allow();
  wall.advance(freezeAfterMs - 1);
  assert.deepEqual(calls, []);
  wall.advance(1);
  assert.deepEqual(calls, ['freeze']);
  rest.interrupt();
  assert.deepEqual(calls, ['freeze', 'thaw']);
});

test('createRest leaves an environment awake whose next request comes soon, and counts anew from its answer', () => {
  const { wall, calls, rest } = bench();
  rest.allow();
  wall.advance(freezeAfterMs - 1);
  rest.interrupt();
  rest.allow();
  wall.advance(1);
  assert.deepEqual(calls, []);
  wall.advance(freezeAfterMs - 1);
  assert.deepEqual(calls, ['freeze']);
});

test('createRest never freezes what is busy, what ends, or what said that it ends', () => {
  const { wall, calls, rest, announceEnd } = bench();
  rest.allow();
  rest.interrupt();
  wall.advance(10 * freezeAfterMs);
  rest.allow();
  announceEnd();
  wall.advance(10 * freezeAfterMs);
  assert.deepEqual(calls, []);
  const other = bench();
  other.rest.allow();
  other.wall.advance(freezeAfterMs);
  other.rest.end();
  other.rest.allow();
  other.wall.advance(10 * freezeAfterMs);
  assert.deepEqual(other.calls, ['freeze', 'thaw']);
});

test('createRest leaves awake for longer what is woken again soon, and not what had time to rest', () => {
  const { wall, calls, rest } = bench();
  for (const awakeMs of [freezeAfterMs, 2 * freezeAfterMs, 4 * freezeAfterMs]) {
    rest.allow();
    wall.advance(awakeMs - 1);
    assert.deepEqual(calls, [], `awake for ${awakeMs} ms`);
    wall.advance(1);
    rest.interrupt();
    assert.deepEqual(calls.splice(0), ['freeze', 'thaw']);
  }
  for (let round = 0; round < 10; round += 1) {
    rest.allow();
    wall.advance(freezeAfterMsMax);
    rest.interrupt();
    assert.deepEqual(calls.splice(0), ['freeze', 'thaw'], 'never longer than the maximum');
  }
  rest.allow();
  wall.advance(freezeAfterMsMax);
  wall.advance(soonWokenMs);
  rest.interrupt();
  calls.splice(0);
  rest.allow();
  wall.advance(freezeAfterMs);
  assert.deepEqual(calls, ['freeze']);
});
