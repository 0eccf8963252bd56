import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../base/clock.ts';
import type { Clock } from '../base/clock.ts';
import { createDeadline } from './deadline.ts';

function bench() {
  const fake = createFakeClock(0);
  let timers = 0;
  let dues = 0;
  const wall: Clock = {
    now: fake.now,
    at(dueMs, wake) {
      timers += 1;
      return fake.at(dueMs, wake);
    },
  };
  const deadline = createDeadline(wall, () => (dues += 1));
  return { deadline, advance: fake.advance, timers: () => timers, dues: () => dues };
}

test('createDeadline calls once, at the time that was set last', () => {
  const { deadline, advance, dues } = bench();
  deadline.set(100);
  deadline.clear();
  advance(50);
  deadline.set(150);
  advance(50);
  assert.equal(dues(), 0, 'the first deadline was cleared');
  advance(49);
  assert.equal(dues(), 0);
  advance(1);
  assert.equal(dues(), 1);
  advance(1_000);
  assert.equal(dues(), 1);
});

test('createDeadline heeds a deadline that is earlier than the timer it has', () => {
  const { deadline, advance, dues } = bench();
  deadline.set(1_000);
  deadline.set(10);
  advance(10);
  assert.equal(dues(), 1);
});

test('createDeadline takes one timer for any number of requests that end in time', () => {
  const { deadline, advance, timers, dues } = bench();
  for (let request = 0; request < 900; request += 1) {
    deadline.set(request + 1_000);
    deadline.clear();
    advance(1);
  }
  assert.deepEqual([timers(), dues()], [1, 0]);
});

test('createDeadline is silent once it is closed', () => {
  const { deadline, advance, dues } = bench();
  deadline.set(10);
  deadline.close();
  advance(100);
  assert.equal(dues(), 0);
});
