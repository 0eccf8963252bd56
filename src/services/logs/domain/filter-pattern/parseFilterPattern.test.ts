import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnMatchStepsMax } from '../../limits.ts';
import { parseFilterPattern } from './parseFilterPattern.ts';

// 250 positions that are all alive at once.
const hostile = `%${'a?'.repeat(249)}b%`;

/** How often others had their turn until the work was done. */
async function countTurns<T>(work: T | Promise<T>): Promise<{ readonly result: T; readonly turns: number }> {
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns += 1;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  const result = await work;
  done = true;
  return { result, turns };
}

test('parseFilterPattern gives others their turn all through one long message', async () => {
  const length = 100_000;
  const { result, turns } = await countTurns(parseFilterPattern(hostile).matches('a'.repeat(length)));
  assert.equal(result, false);
  assert.ok(turns >= (length * 250) / turnMatchStepsMax / 2, `${turns} turns`);
});

test('parseFilterPattern gives others their turn between many short values of one message', async () => {
  const values = Array.from({ length: 2_000 }, () => 'a'.repeat(50));
  const matches = parseFilterPattern(`{ $.a[*] = ${hostile} && $.b != %x% }`).matches;
  const { result, turns } = await countTurns(matches(JSON.stringify({ a: [...values, 'b'], b: 'y' })));
  assert.equal(result, true);
  assert.ok(turns >= (2_000 * 50 * 250) / turnMatchStepsMax / 2, `${turns} turns`);
});

test('parseFilterPattern finds what stands on the border of two slices', async () => {
  const { matches } = parseFilterPattern(`%${'a{40}'}$%`);
  for (const length of [1_500, 1_560, 1_561, 1_562, 1_600]) {
    assert.equal(await matches('b'.repeat(length) + 'a'.repeat(40)), true, String(length));
    assert.equal(await matches('b'.repeat(length) + 'a'.repeat(39)), false, String(length));
  }
});

test('parseFilterPattern combines terms whose verdict comes later', async () => {
  const message = `${'a'.repeat(100_000)} x`;
  assert.equal(await parseFilterPattern(`x ${hostile}`).matches(message), false);
  assert.equal(await parseFilterPattern(`x -${hostile}`).matches(message), true);
  assert.equal(await parseFilterPattern(`?${hostile} ?x`).matches(message), true);
  assert.equal(await parseFilterPattern(`[a = ${hostile}, b]`).matches(message), false);
  assert.equal(await parseFilterPattern(`[a != ${hostile}, b = x]`).matches(message), true);
});
