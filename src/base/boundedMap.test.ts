import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedMap } from './boundedMap.ts';

test('BoundedMap lets go of what was used least recently', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  assert.equal(map.get('a'), 1);
  map.set('c', 3);
  assert.deepEqual([map.get('a'), map.get('b'), map.get('c'), map.size], [1, undefined, 3, 2]);
});

test('BoundedMap replaces what is there without losing anything else', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 4);
  assert.deepEqual([map.get('a'), map.get('b')], [4, 2]);
  map.delete('a');
  map.set('c', 5);
  assert.deepEqual([map.get('b'), map.get('c')], [2, 5]);
  map.clear();
  assert.equal(map.size, 0);
});
