import assert from 'node:assert/strict';
import type { Row, Stamp, Store } from '../store.ts';
import type { StoreCase } from '../suite.ts';

const key = (text: string): Uint8Array => Buffer.from(text);
const textOf = (value: Uint8Array): string => Buffer.from(value).toString();
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const turns = async (count: number): Promise<void> => {
  for (let index = 0; index < count; index += 1) await turn();
};
const stampOf = (row: Row): Stamp => row.key.subarray(row.key.length - 10);

export const coordinationCases: readonly StoreCase[] = [
  {
    name: 'tail returns every stamped row once, in commit order, while writers are busy',
    async run({ store }) {
      const prefix = key('log/');
      let last: Stamp | undefined;
      const seen: string[] = [];
      const pull = async (): Promise<number> => {
        const rows = await store.tail(prefix, last, 7);
        for (const row of rows) seen.push(textOf(row.value));
        last = rows.length === 0 ? last : stampOf(rows[rows.length - 1] as Row);
        return rows.length;
      };
      const acknowledged: string[] = [];
      const write = async (writer: number): Promise<void> => {
        for (let index = 0; index < 10; index += 1) {
          const name = `${writer}.${index}`;
          await store.transact(async (tx) => {
            tx.stamped(prefix, key(`${name}a`));
            tx.stamped(prefix, key(`${name}b`));
          });
          acknowledged.push(name);
        }
      };
      let writing = true;
      const writers = Promise.all([1, 2, 3, 4].map(write)).finally(() => (writing = false));
      while (writing) {
        await pull();
        await turn();
      }
      await writers;
      while ((await pull()) > 0);
      assert.equal(seen.length, 80);
      assert.equal(new Set(seen).size, 80);
      for (let index = 0; index < seen.length; index += 2) assert.equal(seen[index]?.replace('a', 'b'), seen[index + 1]);
      for (const writer of [1, 2, 3, 4]) {
        const own = seen.filter((name) => name.startsWith(`${writer}.`) && name.endsWith('a'));
        assert.deepEqual(own, acknowledged.filter((name) => name.startsWith(`${writer}.`)).map((name) => `${name}a`));
      }
    },
  },
  {
    name: 'claim gives no row to two transactions, and frees what it gave when they end',
    async run({ store }) {
      await store.transact(async (tx) => {
        for (let index = 0; index < 20; index += 1) tx.set(key(`q/${String(index).padStart(2, '0')}`), key('m'));
      });
      const range = { from: key('q/'), to: key('q0'), limit: 5 };
      const take = (): Promise<string[]> =>
        store.transact(async (tx) => {
          const rows = await tx.claim(range);
          await turns(2);
          for (const row of rows) tx.clear(row.key);
          return rows.map((row) => textOf(row.key));
        });
      await assert.rejects(
        store.transact(async (tx) => {
          assert.equal((await tx.claim(range)).length, 5);
          throw new RangeError('gave up');
        }),
        RangeError,
      );
      const taken = (await Promise.all([take(), take(), take(), take()])).flat();
      assert.equal(taken.length, 20);
      assert.equal(new Set(taken).size, 20);
      assert.deepEqual(await take(), []);
    },
  },
  {
    name: 'claim skips what another transaction holds, in both directions, up to its limit',
    async run({ store }) {
      await store.transact(async (tx) => {
        for (const text of ['q/1', 'q/2', 'q/3', 'q/4']) tx.set(key(text), key('m'));
      });
      const all = { from: key('q/'), to: key('q0') };
      await store.transact(async (tx) => {
        const mine = await tx.claim({ ...all, limit: 2 });
        assert.deepEqual(mine.map((row) => textOf(row.key)), ['q/1', 'q/2']);
        await store.transact(async (other) => {
          const theirs = await other.claim({ ...all, limit: 3, reverse: true });
          assert.deepEqual(theirs.map((row) => textOf(row.key)), ['q/4', 'q/3']);
        });
        assert.equal((await tx.claim({ ...all, limit: 4 })).length, 4);
      });
    },
  },
  {
    name: 'transact with locks runs holders of a common lock one after another, whatever order they name them in',
    async run({ store }) {
      let inside = 0;
      let most = 0;
      const hold = (locks: readonly string[]): Promise<void> =>
        store.transact(
          async () => {
            inside += 1;
            most = Math.max(most, inside);
            await turns(2);
            inside -= 1;
          },
          { locks },
        );
      await Promise.all([hold(['a', 'b']), hold(['b', 'a']), hold(['a', 'b', 'a']), hold(['b'])]);
      assert.equal(most, 1);
    },
  },
  {
    name: 'watch hints at changes below its prefix only, and ends when aborted',
    async run({ store, weak }) {
      const controller = new AbortController();
      let hints = 0;
      const watching = (async () => {
        for await (const _hint of store.watch(key('w/'), controller.signal)) hints += 1;
      })();
      await turn();
      await store.transact(async (tx) => tx.set(key('v/1'), key('x')));
      await turns(3);
      assert.equal(hints, 0);
      await store.transact(async (tx) => tx.set(key('w/1'), key('x')));
      await turns(3);
      if (!weak) assert.equal(hints, 1);
      await store.transact(async (tx) => tx.clearRange({ from: key('w/0'), to: key('w/9') }));
      await turns(3);
      if (!weak) assert.equal(hints, 2);
      controller.abort();
      await watching;
    },
  },
  {
    name: 'watch ends when the store is closed',
    async run({ store }) {
      const watching = (async () => {
        for await (const _hint of store.watch(key('w/'), new AbortController().signal));
      })();
      await turn();
      await store.close();
      await watching;
    },
  },
  {
    name: 'lease has one holder, and gives the next one a higher epoch',
    async run({ store }) {
      const first = await store.lease('timers', 9_000);
      assert.ok(first);
      assert.equal(await store.lease('timers', 9_000), undefined);
      assert.ok(await store.lease('others', 9_000));
      await first.release();
      assert.equal(first.signal.aborted, true);
      const second = await store.lease('timers', 9_000);
      assert.ok(second && second.epoch > first.epoch);
      await assert.rejects(store.transact((tx) => first.fence(tx)), /lease was lost/);
      await store.transact((tx) => second.fence(tx));
    },
  },
  {
    name: 'lease is kept while its holder beats',
    async run({ store, clock }) {
      const lease = await store.lease('timers', 9_000);
      assert.ok(lease);
      for (let step = 0; step < 12; step += 1) {
        assert.equal(await store.lease('timers', 9_000), undefined);
        clock.advance(3_000);
        await settle(store);
      }
      assert.equal(lease.signal.aborted, false);
    },
  },
  {
    name: 'lease passes on after a whole ttl without a beat, and its old holder knows and cannot commit',
    async run({ store, clock }) {
      const old = await store.lease('timers', 9_000);
      assert.ok(old);
      assert.equal(await store.lease('timers', 9_000), undefined);
      // The clock jumps: the holder slept through its beats.
      clock.advance(9_000);
      assert.equal(old.signal.aborted, true);
      const next = await store.lease('timers', 9_000);
      assert.ok(next && next.epoch > old.epoch);
      await assert.rejects(
        store.transact(async (tx) => {
          await old.fence(tx);
          tx.set(key('a'), key('stale'));
        }),
        /lease was lost/,
      );
      assert.deepEqual(await store.getMany([key('a')]), [undefined]);
    },
  },
];

async function settle(store: Store): Promise<void> {
  await turns(40);
  await store.transact(async (tx) => tx.set(key('settle'), key('x')));
  await turns(10);
}
