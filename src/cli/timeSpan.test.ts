import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeSpan, parseSpanMs } from './timeSpan.ts';

test('parseSpanMs reads a number with one unit, and nothing else', () => {
  assert.deepEqual(['30s', '10m', '2h', '1d', '1w', '0s'].map(parseSpanMs), [30_000, 600_000, 7_200_000, 86_400_000, 604_800_000, 0]);
  assert.deepEqual(['', '5', 'h', '1y', '-1d', '1.5h', '1d2h', '9999999d'].map(parseSpanMs), Array(8).fill(undefined));
});

test('describeSpan names at most two units', () => {
  assert.deepEqual([0, 5_000, 3_600_000, 90_061_000].map(describeSpan), ['nothing', '5 s', '1 h', '1 d 1 h']);
});
