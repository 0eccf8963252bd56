import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../../src/base/packageRoot.ts';
import { compilePattern, PatternError } from '../../../src/pattern/pattern.ts';

interface MatchingCase {
  readonly name: string;
  readonly pattern: object;
  readonly yes: readonly unknown[];
  readonly no: readonly unknown[];
}

const load = <Case>(name: string): readonly Case[] => JSON.parse(readFileSync(join(packageRoot, 'test/cases/pattern', `${name}.json`), 'utf8')) as readonly Case[];

for (const { name, pattern, yes, no } of load<MatchingCase>('matching')) {
  test(`compilePattern: ${name}`, () => {
    const matches = compilePattern(JSON.stringify(pattern));
    for (const event of yes) assert.equal(matches(event), true, JSON.stringify(event));
    for (const event of no) assert.equal(matches(event), false, JSON.stringify(event));
  });
}

for (const { name, text } of load<{ readonly name: string; readonly text: string }>('refused')) {
  test(`compilePattern refuses ${name}`, () => {
    assert.throws(() => compilePattern(text), PatternError);
  });
}

test('compilePattern refuses operators that its user does not have, and what is too deep', () => {
  assert.throws(() => compilePattern('{"a":[{"wildcard":"x*"}]}', { operators: new Set(['prefix'] as const) }), PatternError);
  assert.throws(() => compilePattern(`${'{"a":'.repeat(100)}[1]${'}'.repeat(100)}`), PatternError);
});

test('compilePattern takes time in proportion to the event, whatever the stars are', () => {
  const matches = compilePattern(JSON.stringify({ a: [{ wildcard: `${'*a'.repeat(1_000)}*b` }] }));
  assert.equal(matches({ a: 'a'.repeat(1_000_000) }), false);
});
