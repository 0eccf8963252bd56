import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../base/clock.ts';
import { createSeededRandom } from '../../../base/random.ts';
import { defineTable } from '../../table.ts';
import { openMemoryStore } from './openMemoryStore.ts';

test('openMemoryStore keeps rows of a table in order', async () => {
  const store = openMemoryStore({ clock: createFakeClock(), random: createSeededRandom(1) });
  const table = defineTable<{ n: number }>('test', 'rows');
  const scope = { account: '1', region: 'r' };
  await store.transact(async (tx) => {
    for (let n = 0; n < 600; n += 1) table.set(tx, scope, ['a', (n * 7) % 600], { n: (n * 7) % 600 });
    assert.equal((await table.list(tx, scope, ['a'], { limit: 10 })).length, 10);
  });
  const rows = await store.read((tx) => table.list(tx, scope, ['a'], { limit: 5, after: ['a', 590], reverse: true }));
  assert.deepEqual(rows.map((row) => row.row.n), [589, 588, 587, 586, 585]);
  await Promise.all(
    Array.from({ length: 64 }, () =>
      store.transact(async (tx) => {
        const row = await table.get(tx, scope, ['count']);
        table.set(tx, scope, ['count'], { n: (row?.n ?? 0) + 1 });
      }),
    ),
  );
  assert.equal((await store.read((tx) => table.get(tx, scope, ['count'])))?.n, 64);
  await store.close();
});
