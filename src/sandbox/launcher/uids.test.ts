import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../../base/random.ts';
import { sandboxUidFirst, sandboxUidLast } from '../limits.ts';
import { UidPool } from './uids.ts';

test('UidPool gives each id to one owner at a time, within its range, until none is left', () => {
  const pool = new UidPool(createSeededRandom(3));
  const taken = new Set<number>();
  for (let count = sandboxUidLast - sandboxUidFirst + 1; count > 0; count -= 1) taken.add(pool.take());
  assert.equal(taken.size, sandboxUidLast - sandboxUidFirst + 1);
  assert.equal(Math.min(...taken), sandboxUidFirst);
  assert.equal(Math.max(...taken), sandboxUidLast);
  assert.throws(() => pool.take(), /in use/);
  pool.release(sandboxUidFirst + 5);
  assert.equal(pool.take(), sandboxUidFirst + 5);
});
