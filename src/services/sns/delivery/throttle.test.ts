import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../base/clock.ts';
import { createThrottle } from './throttle.ts';

test('createThrottle gives each subscription its turns, so many a second', async () => {
  const wall = createFakeClock();
  const throttle = createThrottle(wall);
  const { signal } = new AbortController();
  const done: string[] = [];
  const wait = (name: string, perSecond: number): void => void throttle.wait(name, perSecond, signal).then(() => done.push(name));
  for (let index = 0; index < 3; index += 1) wait('slow', 2);
  wait('other', 2);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(done.sort(), ['other', 'slow']);
  for (const [milliseconds, slow] of [[499, 1], [1, 2], [500, 3]] as const) {
    wall.advance(milliseconds);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(done.filter((name) => name === 'slow').length, slow);
  }
});
