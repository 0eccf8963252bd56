import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patternProblem } from './patternProblem.ts';

const reasonOf = (pattern: unknown): string | undefined => patternProblem(typeof pattern === 'string' ? pattern : JSON.stringify(pattern))?.split('\n')[0];

test('patternProblem finds nothing in patterns of every operator', () => {
  const leaves = [
    ['a', 1, true, null, { prefix: 'a' }, { prefix: { 'equals-ignore-case': 'a' } }, { suffix: 'z' }, { 'equals-ignore-case': 'q' }, { wildcard: 'a*b\\*c' }, { cidr: '10.0.0.0/8' }, { cidr: '2001:db8::/32' }],
    [{ 'anything-but': 'x' }, { 'anything-but': [1, 2] }, { 'anything-but': { prefix: ['a', 'b'] } }, { 'anything-but': { wildcard: '*x' } }, { exists: false }],
    [{ numeric: ['=', 5] }, { numeric: ['>', 0, '<=', 3.5] }, { numeric: ['<', 1e3] }],
  ];
  for (const leaf of leaves) assert.equal(reasonOf({ detail: { x: leaf } }), undefined);
  assert.equal(reasonOf({ source: ['a'], $or: [{ a: ['1'] }, { b: { c: ['2'] } }] }), undefined);
});

test('patternProblem says what is wrong, and where the parser stood', () => {
  assert.equal(patternProblem('{"a":{"b":"C"}}'), '"b" must be an object or an array\n at [Source: (String)"{"a":{"b":"C"}}"; line: 1, column: 12]');
  assert.equal(patternProblem('{\n "a":[]}'), 'Empty arrays are not allowed\n at [Source: (String)"{\n "a":[]}"; line: 2, column: 8]');
  const cases: readonly (readonly [unknown, string])[] = [
    ['{"a"', 'Invalid JSON'],
    [[], 'Filter is not an object'],
    [{}, 'Empty objects are not allowed'],
    [{ a: {} }, 'Empty objects are not allowed'],
    [{ a: [[]] }, 'Match value must be String, number, true, false, or null'],
    [{ a: [{}] }, 'Match expression name not found'],
    [{ a: [{ like: 'x' }] }, 'Unrecognized match type like'],
    [{ a: [{ prefix: 1 }] }, 'prefix match pattern must be a string'],
    [{ a: [{ prefix: 'a', suffix: 'b' }] }, 'Only one key allowed in match expression'],
    [{ a: [{ prefix: { wildcard: 'a' } }] }, 'Unsupported prefix pattern: wildcard'],
    [{ a: [{ exists: 'yes' }] }, 'exists match pattern must be either true or false.'],
    [{ a: [{ numeric: 5 }] }, 'Value of numeric must be an array.'],
    [{ a: [{ numeric: ['>', 'x'] }] }, 'Value of > must be numeric'],
    [{ a: [{ numeric: ['!', 1] }] }, 'Unrecognized numeric range operator: !'],
    [{ a: [{ numeric: ['>', 5, '<', 1] }] }, 'Bottom must be less than top'],
    [{ a: [{ numeric: ['=', 5, '<', 6] }] }, 'Too many elements in numeric expression'],
    [{ a: [{ numeric: ['=', 6e9] }] }, 'Value must be between -5.0E9 and 5.0E9, inclusive'],
    [{ a: [{ 'anything-but': ['x', 1] }] }, 'Inside anything but list, either all values are number or string, mixed type is not supported'],
    [{ a: [{ 'anything-but': { numeric: [1] } }] }, 'Unsupported anything-but pattern: numeric'],
    [{ a: [{ 'anything-but': { prefix: '' } }] }, 'Null prefix/suffix not allowed'],
    [{ a: [{ wildcard: 'a**b' }] }, 'Consecutive wildcard characters at pos 2'],
    [{ a: [{ wildcard: 'a\\b' }] }, 'Invalid escape character at pos 2'],
    [{ a: [{ cidr: '10.0.0.0' }] }, "Malformed CIDR, one '/' required"],
    [{ $or: [{ source: ['a'] }] }, 'Unrecognized match type source'],
  ];
  for (const [pattern, reason] of cases) assert.equal(reasonOf(pattern), reason, JSON.stringify(pattern));
});

test('patternProblem ends patterns that are deep or full of wildcards', () => {
  const deep = `${'{"a":'.repeat(200)}["x"]${'}'.repeat(200)}`;
  assert.equal(reasonOf(deep), 'The pattern is too deep');
  assert.match(reasonOf({ a: Array.from({ length: 101 }, () => ({ wildcard: '*a' })) }) ?? '', /^Rule is too complex/);
});
