import assert from 'node:assert/strict';
import { join } from 'node:path';
import { clearRangeInPages } from '../clearRangeInPages.ts';
import type { Row, Store } from '../store.ts';
import type { StoreCase } from '../suite.ts';

const key = (text: string): Uint8Array => Buffer.from(text);
const textOf = (value: Uint8Array): string => Buffer.from(value).toString();
const numbered = (index: number): Uint8Array => key(`row/${String(index).padStart(5, '0')}`);

export const wholeStoreCases: readonly StoreCase[] = [
  {
    name: 'exportRows gives the state of its call, whatever is written while it is read',
    async run({ store }) {
      await fill(store, 300);
      const pages = store.exportRows();
      await store.transact(async (tx) => tx.set(numbered(299), key('later')));
      const rows: Row[] = [];
      for await (const page of pages) {
        rows.push(...page);
        await store.transact(async (tx) => {
          tx.set(key(`new/${rows.length}`), key('x'));
          tx.clear(numbered(rows.length + 10));
        });
      }
      assert.deepEqual(rows.map((row) => textOf(row.key)), Array.from({ length: 300 }, (_, index) => textOf(numbered(index))));
      assert.ok(rows.every((row) => textOf(row.value) === 'v'));
    },
  },
  {
    name: 'exportRows may be left half read, or unread',
    async run({ store }) {
      await fill(store, 300);
      store.exportRows();
      for await (const _page of store.exportRows()) break;
      await store.transact(async (tx) => tx.set(key('a'), key('1')));
    },
  },
  {
    name: 'replaceRows puts a whole export in the place of everything, stamps and counters included, but no lease',
    async run({ store, clock, folder, durable, reopen }) {
      const log = key('log/');
      for (const text of ['one', 'two']) await store.transact(async (tx) => tx.stamped(log, key(text)));
      await store.transact(async (tx) => tx.add(key('n'), 7n));
      const held = await store.lease('held', 9_000);
      const exported: (readonly Row[])[] = [];
      for await (const page of store.exportRows()) exported.push(page);
      await store.transact(async (tx) => tx.set(key('other'), key('x')));
      await store.transact(async (tx) => tx.stamped(log, key('forgotten')));
      await store.replaceRows(exported);
      await assert.rejects(store.transact(async (tx) => held?.fence(tx)), /lease was lost/);
      clock.advance(1);
      await store.transact(async (tx) => tx.stamped(log, key('three')));
      const check = async (at: Store): Promise<void> => {
        assert.deepEqual((await at.tail(log, undefined, 10)).map((row) => textOf(row.value)), ['one', 'two', 'three']);
        const [count, other] = await at.getMany([key('n'), key('other')]);
        assert.deepEqual([Buffer.from(count ?? []).readBigInt64LE(0), other], [7n, undefined]);
      };
      await check(store);
      if (!durable) return;
      // Into another store, whose own stamps are lower.
      const second = await reopen(join(folder, 'second'));
      await second.replaceRows(exported);
      await second.transact(async (tx) => tx.stamped(log, key('three')));
      await check(second);
      await second.close();
      await check(await reopen(join(folder, 'second')));
    },
  },
  {
    name: 'replaceRows with nothing wipes, and stamps go on growing, also over a restart',
    async run({ store, durable, reopen }) {
      await store.transact(async (tx) => tx.stamped(key('log/'), key('x')));
      const before = await store.tail(key('log/'), undefined, 1);
      await fill(store, 1_200);
      await store.replaceRows([]);
      let rows = 0;
      for await (const page of store.exportRows()) rows += page.filter((row) => textOf(row.key).startsWith('row/')).length;
      assert.equal(rows, 0);
      assert.deepEqual(await store.tail(key('log/'), undefined, 9), []);
      if (durable) await store.close();
      const again = durable ? await reopen() : store;
      await again.transact(async (tx) => tx.stamped(key('log/'), key('y')));
      const after = await again.tail(key('log/'), undefined, 1);
      assert.ok(Buffer.compare(before[0]?.key ?? Buffer.of(0), after[0]?.key ?? Buffer.of(0)) < 0);
    },
  },
  {
    name: 'replaceRows refuses rows that are out of order',
    async run({ store }) {
      const row = { key: key('b'), value: key('1') };
      await assert.rejects(store.replaceRows([[row], [row]]), /out of order/);
    },
  },
  {
    name: 'clearRangeInPages clears exactly its range, and others commit between its pages',
    async run({ store }) {
      await fill(store, 1_500);
      await store.transact(async (tx) => tx.set(key('a'), key('1')));
      let ended = false;
      const clearing = clearRangeInPages(store, { from: key('row/'), to: numbered(1_490) }).finally(() => (ended = true));
      let commitsMeanwhile = 0;
      while (!ended) {
        await store.transact(async (tx) => tx.set(key('b'), key('2')));
        if (!ended) commitsMeanwhile += 1;
      }
      assert.equal(await clearing, 1_490);
      assert.ok(commitsMeanwhile > 0);
      const rows = await store.read((tx) => tx.range({ from: key('a'), to: key('z'), limit: 100 }));
      assert.deepEqual(rows.length, 12);
    },
  },
];

async function fill(store: Store, count: number): Promise<void> {
  await store.transact(async (tx) => {
    for (let index = 0; index < count; index += 1) tx.set(numbered(index), key('v'));
  });
}
