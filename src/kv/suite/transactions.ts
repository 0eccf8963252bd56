import assert from 'node:assert/strict';
import type { ReadTransaction, Store, Transaction } from '../store.ts';
import type { StoreCase } from '../suite.ts';

const key = (text: string): Uint8Array => Buffer.from(text);
const readNumber = async (tx: ReadTransaction, name: string): Promise<number> =>
  Number(Buffer.from((await tx.get(key(name))) ?? []).toString());
const writeNumber = (tx: Transaction, name: string, count: number): void => tx.set(key(name), Buffer.from(String(count)));
const numberIn = (store: Store, name: string): Promise<number> => store.read((tx) => readNumber(tx, name));

export const transactionCases: readonly StoreCase[] = [
  {
    name: 'transact loses no update of a hot key',
    async run({ store }) {
      await Promise.all(Array.from({ length: 80 }, () => increment(store)));
      assert.equal(await numberIn(store, 'n'), 80);
    },
  },
  {
    name: 'transact loses no update of a hot key under a lock',
    async run({ store }) {
      await Promise.all(Array.from({ length: 40 }, () => increment(store, ['n'])));
      assert.equal(await numberIn(store, 'n'), 40);
    },
  },
  {
    name: 'transact runs again when a key that it read changed before its commit',
    async run({ store, weak }) {
      let runs = 0;
      await store.transact(async (tx) => {
        const seen = await readNumber(tx, 'a');
        runs += 1;
        if (runs === 1) await store.transact(async (other) => writeNumber(other, 'a', 5));
        writeNumber(tx, 'b', seen + 1);
      });
      assert.equal(await numberIn(store, 'b'), 6);
      if (!weak) assert.equal(runs, 2);
    },
  },
  {
    name: 'transact runs again when a key that it found missing was cleared by a range and set since',
    async run({ store }) {
      await store.transact(async (tx) => writeNumber(tx, 'a', 1));
      let runs = 0;
      await store.transact(async (tx) => {
        const seen = await readNumber(tx, 'a');
        runs += 1;
        if (runs === 1) await store.transact(async (other) => other.clearRange({ from: key('a'), to: key('b') }));
        writeNumber(tx, 'b', seen + 10);
      });
      assert.equal(await numberIn(store, 'b'), 10);
    },
  },
  {
    name: 'transact rolls back and passes on what its callback throws',
    async run({ store }) {
      await assert.rejects(
        store.transact(async (tx) => {
          writeNumber(tx, 'a', 1);
          throw new RangeError('refused');
        }),
        RangeError,
      );
      assert.equal(await numberIn(store, 'a'), 0);
    },
  },
  {
    name: 'transact does not pass on the error of an attempt that read stale data',
    async run({ store }) {
      let runs = 0;
      const result = await store.transact(async (tx) => {
        const seen = await readNumber(tx, 'a');
        runs += 1;
        if (runs === 1) await store.transact(async (other) => writeNumber(other, 'a', 1));
        if (seen === 0) throw new RangeError('not there yet');
        return seen;
      });
      assert.equal(result, 1);
    },
  },
  {
    name: 'transact lets a transaction build on one that is not durable, and acknowledges it no earlier',
    async run({ store }) {
      const order: string[] = [];
      const first = store.transact(async (tx) => writeNumber(tx, 'a', 7)).then(() => order.push('first'));
      const second = store.transact(async (tx) => readNumber(tx, 'a'), {}).then((seen) => {
        order.push('second');
        return seen;
      });
      const [, seen] = await Promise.all([first, second]);
      if (seen === 7) assert.equal(order[0], 'first');
      assert.equal(await numberIn(store, 'a'), 7);
    },
  },
  {
    name: 'guard keeps two transactions from deciding on the same range at once',
    async run({ store }) {
      await store.transact(async (tx) => {
        writeNumber(tx, 'doctor/a', 1);
        writeNumber(tx, 'doctor/b', 1);
      });
      const leave = (name: string): Promise<boolean> =>
        store.transact(async (tx) => {
          tx.guard(key('doctor'));
          const onDuty = await tx.range({ from: key('doctor/'), to: key('doctor0'), limit: 10 });
          if (onDuty.length < 2) return false;
          tx.clear(key(`doctor/${name}`));
          return true;
        });
      const left = await Promise.all([leave('a'), leave('b')]);
      assert.deepEqual(left.filter((each) => each), [true]);
    },
  },
  {
    name: 'read shows one state, whatever is committed meanwhile',
    async run({ store }) {
      await store.transact(async (tx) => {
        writeNumber(tx, 'a', 1);
        writeNumber(tx, 'b', 1);
      });
      const change = (): Promise<void> =>
        store.transact(async (tx) => {
          writeNumber(tx, 'b', 2);
          writeNumber(tx, 'c', 2);
          tx.clear(key('a'));
        });
      await store.read(async (tx) => {
        assert.equal(await readNumber(tx, 'b'), 1);
        await change();
        await change();
        assert.equal(await readNumber(tx, 'b'), 1);
        assert.equal(await readNumber(tx, 'a'), 1);
        const rows = await tx.range({ from: key('a'), to: key('z'), limit: 10, reverse: true });
        assert.deepEqual(rows.map((row) => Buffer.from(row.key).toString()), ['b', 'a']);
      });
      assert.equal(await numberIn(store, 'b'), 2);
      assert.equal(await numberIn(store, 'a'), 0);
    },
  },
  {
    name: 'add sums without conflicts, and is visible to its own transaction',
    async run({ store, weak }) {
      let runs = 0;
      await Promise.all(
        Array.from({ length: 50 }, () =>
          store.transact(async (tx) => {
            runs += 1;
            tx.add(key('c'), 3n);
            tx.add(key('c'), -1n);
          }),
        ),
      );
      if (!weak) assert.equal(runs, 50);
      const total = await store.transact(async (tx) => {
        tx.add(key('c'), -200n);
        const rows = await tx.range({ from: key('c'), to: key('d'), limit: 1 });
        assert.equal(Buffer.from(rows[0]?.value ?? []).readBigInt64LE(0), -100n);
        return Buffer.from((await tx.get(key('c'))) ?? []).readBigInt64LE(0);
      });
      assert.equal(total, -100n);
      const [stored] = await store.getMany([key('c')]);
      assert.equal(Buffer.from(stored ?? []).readBigInt64LE(0), -100n);
    },
  },
  {
    name: 'add refuses a value that is no counter and leaves no trace of its transaction',
    async run({ store }) {
      await store.transact(async (tx) => writeNumber(tx, 'text', 12345));
      const attempt = store.transact(async (tx) => {
        writeNumber(tx, 'other', 1);
        tx.add(key('text'), 1n);
      });
      await assert.rejects(attempt, /not a counter/);
      assert.equal(await numberIn(store, 'other'), 0);
    },
  },
  {
    name: 'afterCommit runs once, after the commit, and not for a rolled back attempt',
    async run({ store }) {
      const effects: string[] = [];
      await store.transact(async (tx) => {
        writeNumber(tx, 'a', 1);
        tx.afterCommit(() => effects.push('committed'));
      });
      assert.deepEqual(effects, ['committed']);
      await assert.rejects(
        store.transact(async (tx) => {
          tx.afterCommit(() => effects.push('rolled back'));
          throw new RangeError();
        }),
        RangeError,
      );
      assert.deepEqual(effects, ['committed']);
    },
  },
  {
    name: 'transact refuses a transaction that is used after its end',
    async run({ store }) {
      let kept: Transaction | undefined;
      await store.transact(async (tx) => void (kept = tx));
      assert.throws(() => kept?.set(key('a'), key('a')), /after its attempt had ended/);
    },
  },
];

function increment(store: Store, locks: readonly string[] = []): Promise<void> {
  return store.transact(async (tx) => writeNumber(tx, 'n', (await readNumber(tx, 'n')) + 1), { locks });
}
