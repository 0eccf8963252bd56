import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../base/random.ts';
import { compilePattern, matchesPattern } from './pattern.ts';

const options = { variables: true, wildcards: true };
const none = new Map<string, readonly string[]>();

test('matchesPattern agrees with a plain regular expression on random short inputs', () => {
  const seed = 20_260_101;
  const random = createSeededRandom(seed);
  const pick = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet.charAt(Math.floor(random.fraction() * alphabet.length))).join('');
  for (let round = 0; round < 20_000; round += 1) {
    const source = pick('ab*?', Math.floor(random.fraction() * 7));
    const text = pick('ab', Math.floor(random.fraction() * 8));
    const expected = new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(text);
    assert.equal(matchesPattern(compilePattern(source, options), text, none), expected, `seed ${seed}: ${source} on ${text}`);
  }
});

test('matchesPattern decides a pattern built to explode at once', () => {
  const pattern = compilePattern(`${'a*'.repeat(2_000)}b`, options);
  const startedAt = performance.now();
  assert.equal(matchesPattern(pattern, 'a'.repeat(20_000), none), false);
  assert.ok(performance.now() - startedAt < 1_000);
});

test('compilePattern takes a variable that is not closed as plain text', () => {
  assert.equal(matchesPattern(compilePattern('a${b', options), 'a${b', none), true);
});
