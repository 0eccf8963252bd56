import assert from 'node:assert/strict';
import { keyBytesMax, rangeLimitMax, transactionBytesMax, transactionMsMax, valueBytesMax } from '../limits.ts';
import type { StoreCase } from '../suite.ts';
import { nextKey } from '../tuple.ts';

const key = (text: string): Uint8Array => Buffer.from(text);

export const limitCases: readonly StoreCase[] = [
  {
    name: 'set takes the longest key and refuses the next, and an empty one',
    async run({ store }) {
      const longest = Buffer.alloc(keyBytesMax, 'k');
      await store.transact(async (tx) => tx.set(longest, key('v')));
      assert.equal((await store.getMany([longest]))[0]?.length, 1);
      const rows = await store.read((tx) => tx.range({ from: longest, to: nextKey(longest), limit: 1, reverse: true }));
      assert.equal(rows[0]?.key.length, keyBytesMax);
      const longer = Buffer.alloc(keyBytesMax + 1, 'k');
      await assert.rejects(store.transact(async (tx) => tx.set(longer, key('v'))), /keyBytesMax/);
      await assert.rejects(store.transact(async (tx) => tx.get(longer)), /keyBytesMax/);
      await assert.rejects(store.transact(async (tx) => tx.set(key(''), key('v'))), /keyBytesMax/);
      await assert.rejects(store.getMany([longer]), /keyBytesMax/);
    },
  },
  {
    name: 'set takes the longest value and refuses the next',
    async run({ store }) {
      const longest = Buffer.alloc(valueBytesMax, 7);
      await store.transact(async (tx) => tx.set(key('a'), longest));
      const [value] = await store.getMany([key('a')]);
      assert.ok(value !== undefined && Buffer.compare(value, longest) === 0);
      const [row] = await store.read((tx) => tx.range({ from: key('a'), to: key('b'), limit: 1 }));
      assert.ok(row !== undefined && Buffer.compare(row.value, longest) === 0);
      await assert.rejects(store.transact(async (tx) => tx.set(key('a'), Buffer.alloc(valueBytesMax + 1))), /valueBytesMax/);
      await assert.rejects(store.transact(async (tx) => tx.stamped(key('a'), Buffer.alloc(valueBytesMax + 1))), /valueBytesMax/);
    },
  },
  {
    name: 'transact takes the largest transaction and refuses one more byte',
    async run({ store }) {
      const fill = (extra: number) =>
        store.transact(async (tx) => {
          let rest = transactionBytesMax + extra;
          for (let index = 0; rest > 0; index += 1) {
            const name = key(`row/${String(index).padStart(6, '0')}`);
            const length = Math.min(valueBytesMax, rest - name.length);
            // The same value again: replacing a row must not count twice.
            tx.set(name, Buffer.alloc(length));
            tx.set(name, Buffer.alloc(length));
            rest -= name.length + length;
            if (rest > 0 && rest <= name.length) rest = name.length + 1;
          }
        });
      await fill(0);
      await assert.rejects(fill(1), /transactionBytesMax/);
    },
  },
  {
    name: 'transact takes the slowest transaction and refuses one millisecond more',
    async run({ store, clock }) {
      const wait = (ms: number): Promise<void> =>
        store.transact(async (tx) => {
          const done = await tx.get(key(`done${ms}`));
          if (done === undefined) clock.advance(ms);
          tx.set(key(`slow${ms}`), key('x'));
        });
      // Weak mode may run an attempt again; each is timed for itself.
      await wait(transactionMsMax);
      await assert.rejects(wait(transactionMsMax + 1), /transactionMsMax/);
      assert.deepEqual((await store.getMany([key(`slow${transactionMsMax + 1}`)]))[0], undefined);
    },
  },
  {
    name: 'read refuses to go on for longer than a transaction may',
    async run({ store, clock }) {
      const work = store.read(async (tx) => {
        clock.advance(transactionMsMax);
        await tx.get(key('a'));
        clock.advance(1);
        await tx.get(key('a'));
      });
      await assert.rejects(work, /transactionMsMax/);
    },
  },
  {
    name: 'range takes the largest limit and refuses the next',
    async run({ store }) {
      const read = (limit: number): Promise<unknown> => store.read((tx) => tx.range({ from: key('a'), to: key('b'), limit }));
      assert.deepEqual(await read(rangeLimitMax), []);
      await assert.rejects(read(rangeLimitMax + 1), /rangeLimitMax/);
      await assert.rejects(read(-1), /rangeLimitMax/);
      await assert.rejects(read(1.5), /rangeLimitMax/);
      await assert.rejects(store.tail(key('a'), undefined, rangeLimitMax + 1), /rangeLimitMax/);
      await assert.rejects(store.transact((tx) => tx.claim({ from: key('a'), to: key('b'), limit: rangeLimitMax + 1 })), /rangeLimitMax/);
    },
  },
];
