import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../base/clock.ts';
import { createSeededRandom } from '../base/random.ts';
import { openMemoryStore } from './drivers/memory/openMemoryStore.ts';
import type { Store } from './store.ts';
import { defineTable } from './table.ts';
import type { ListOptions } from './table.ts';
import type { KeyPart } from './tuple.ts';
import { unpackKey } from './tuple.ts';

const scope = { account: '111', region: 'eu-west-1' };
const rows = defineTable<{ n: number }>('test', 'rows');

async function fill(): Promise<Store> {
  const store = openMemoryStore({ clock: createFakeClock(), random: createSeededRandom(1) });
  await store.transact(async (tx) => {
    for (const group of ['a', 'b', 'c']) for (let n = 0; n < 5; n += 1) rows.set(tx, scope, [group, n], { n });
    rows.set(tx, { account: '222', region: 'eu-west-1' }, ['b', 1], { n: 222 });
    rows.set(tx, { account: '111', region: '' }, ['b', 1], { n: 111 });
    defineTable<{ n: number }>('test', 'rowz').set(tx, scope, ['b', 1], { n: 999 });
  });
  return store;
}

const list = (store: Store, prefix: readonly KeyPart[], options: ListOptions): Promise<string[]> =>
  store.read(async (tx) => (await rows.list(tx, scope, prefix, options)).map(({ parts, row }) => `${parts.join('.')}=${row.n}`));

test('Table.key is (service, account, region, table, ...parts)', () => {
  assert.deepEqual(unpackKey(rows.key(scope, ['a', 1])), ['test', '111', 'eu-west-1', 'rows', 'a', 1]);
  assert.deepEqual(unpackKey(rows.key({ account: '9', region: '' }, [])), ['test', '9', '', 'rows']);
});

test('Table.list stays within its scope and prefix', async () => {
  const store = await fill();
  assert.deepEqual(await list(store, ['b'], { limit: 10 }), ['b.0=0', 'b.1=1', 'b.2=2', 'b.3=3', 'b.4=4']);
  assert.equal((await list(store, [], { limit: 100 })).length, 15);
  assert.deepEqual(await list(store, ['z'], { limit: 10 }), []);
});

test('Table.list pages forwards and backwards with after, and keeps its bounds', async () => {
  const store = await fill();
  assert.deepEqual(await list(store, ['b'], { limit: 2, after: ['b', 1] }), ['b.2=2', 'b.3=3']);
  assert.deepEqual(await list(store, ['b'], { limit: 2, after: ['b', 2], reverse: true }), ['b.1=1', 'b.0=0']);
  assert.deepEqual(await list(store, ['b'], { limit: 9, from: ['b', 1], before: ['b', 3] }), ['b.1=1', 'b.2=2']);
  assert.deepEqual(await list(store, ['b'], { limit: 9, from: ['b', 1], before: ['b', 3], reverse: true }), ['b.2=2', 'b.1=1']);
  assert.deepEqual(await list(store, ['b'], { limit: 9, after: ['b', 4] }), []);
  // Bounds outside the prefix do not widen it.
  assert.deepEqual(await list(store, ['b'], { limit: 9, from: ['a', 0], before: ['c', 9] }), await list(store, ['b'], { limit: 9 }));
});

test('Table.get, clear and clearAll see the rows of their scope only', async () => {
  const store = await fill();
  await store.transact(async (tx) => {
    assert.deepEqual(await rows.get(tx, scope, ['b', 1]), { n: 1 });
    rows.clear(tx, scope, ['b', 1]);
    assert.equal(await rows.get(tx, scope, ['b', 1]), undefined);
    rows.clearAll(tx, scope, ['a']);
  });
  assert.deepEqual(await list(store, ['a'], { limit: 10 }), []);
  assert.deepEqual(await store.read((tx) => rows.get(tx, { account: '222', region: 'eu-west-1' }, ['b', 1])), { n: 222 });
});

test('Table.get of a table that remembers rows answers the same row until its bytes change', async () => {
  const store = await fill();
  const keeper = defineTable<{ n: number }>('test', 'rows', { remember: 2 });
  const get = (...parts: KeyPart[]) => store.read((tx) => keeper.get(tx, scope, parts));
  const first = await get('a', 1);
  assert.equal(await get('a', 1), first, 'not decoded a second time');
  await store.transact(async (tx) => keeper.set(tx, scope, ['a', 1], { n: 7 }));
  assert.deepEqual(await get('a', 1), { n: 7 });
  await store.transact(async (tx) => keeper.clear(tx, scope, ['a', 1]));
  assert.equal(await get('a', 1), undefined);
  assert.deepEqual(await store.read((tx) => keeper.get(tx, { account: '222', region: 'eu-west-1' }, ['b', 1])), { n: 222 });
});

test('Table.get remembers no more rows than it was told to', async () => {
  const store = await fill();
  const keeper = defineTable<{ n: number }>('test', 'rows', { remember: 2 });
  const get = (...parts: KeyPart[]) => store.read((tx) => keeper.get(tx, scope, parts));
  const first = await get('a', 1);
  for (const n of [2, 3]) await get('a', n);
  const again = await get('a', 1);
  assert.deepEqual(again, first);
  assert.notEqual(again, first);
});
