// The same attacks from functions that took over an environment which was booted ahead.
import assert from 'node:assert/strict';
import { test } from 'node:test';

process.env['HANEUL_TEST_POOLED'] = '1';
const { sandbox } = await import('./hostile.test.ts');

test('the attacks came from slots', { skip: process.getuid?.() === 0 ? false : 'slots are there for root only' }, () => {
  const pools = sandbox.pools();
  assert.ok(pools.reduce((sum, { hits }) => sum + hits, 0) >= 15, JSON.stringify(pools));
});
