import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../base/clock.ts';
import { createSeededRandom } from '../../base/random.ts';
import { createMemoryEngine } from '../drivers/memory/memoryEngine.ts';
import type { Engine, EngineWrite } from '../engine.ts';
import type { Store } from '../store.ts';
import { createOptimisticStore } from './optimisticStore.ts';

const key = (text: string): Uint8Array => Buffer.from(text);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface HeldEngine extends Engine {
  readonly batches: (readonly EngineWrite[])[];
  /** Waits for the commit number `count` to begin. */
  begun(count: number): Promise<void>;
  /** Lets the commit under way, or the next, succeed or fail. */
  finish(error?: Error): Promise<void>;
}

function createHeldEngine(): HeldEngine {
  const engine = createMemoryEngine();
  const batches: (readonly EngineWrite[])[] = [];
  let settle: ((error: Error | undefined) => void) | undefined;
  return {
    ...engine,
    batches,
    async commit(batch) {
      batches.push(batch);
      const error = await new Promise<Error | undefined>((resolve) => (settle = resolve));
      if (error !== undefined) throw error;
      await engine.commit(batch);
    },
    async begun(count) {
      while (batches.length < count) await turn();
    },
    async finish(error) {
      while (settle === undefined) await turn();
      settle(error);
      settle = undefined;
      await turn();
      await turn();
    },
  };
}

const open = (engine: Engine): Store => createOptimisticStore({ engine, clock: createFakeClock(), random: createSeededRandom(1) });
const set = (store: Store, name: string, value: string): Promise<void> => store.transact(async (tx) => tx.set(key(name), key(value)));
const get = async (store: Store, name: string): Promise<string | undefined> => {
  const [value] = await store.getMany([key(name)]);
  return value === undefined ? undefined : Buffer.from(value).toString();
};

test('transact shares one flush among everything that arrives during another, a hot key written once', async () => {
  const engine = createHeldEngine();
  const store = open(engine);
  const first = set(store, 'a', '1');
  await engine.begun(1);
  const rest = [set(store, 'b', '1'), set(store, 'b', '2'), set(store, 'c', '1')];
  await engine.finish();
  await first;
  await engine.finish();
  await Promise.all(rest);
  assert.deepEqual(engine.batches.map((batch) => batch.length), [1, 2]);
  assert.equal(await get(store, 'b'), '2');
});

test('transact acknowledges neither a write nor what was read of it before the flush', async () => {
  const engine = createHeldEngine();
  const store = open(engine);
  const done: string[] = [];
  const write = set(store, 'a', '1').then(() => done.push('write'));
  const read = store.transact((tx) => tx.get(key('a'))).then((value) => done.push(`read ${Buffer.from(value ?? []).toString()}`));
  const refusal = store
    .transact(async (tx) => {
      if ((await tx.get(key('a'))) !== undefined) throw new RangeError('exists');
    })
    .catch(() => done.push('refusal'));
  await engine.begun(1);
  assert.deepEqual(done, []);
  assert.equal(await get(store, 'a'), undefined);
  await engine.finish();
  await Promise.all([write, read, refusal]);
  assert.deepEqual(done.sort(), ['read 1', 'refusal', 'write']);
});

test('transact rejects everything that rests on a failed flush, and goes on from what is stored', async () => {
  const engine = createHeldEngine();
  const store = open(engine);
  const stored = set(store, 'a', 'old');
  await engine.finish();
  await stored;
  const failing = set(store, 'a', 'new');
  await engine.begun(2);
  const resting = store.transact(async (tx) => tx.set(key('b'), (await tx.get(key('a'))) ?? key('')));
  const reading = store.transact(async (tx) => Buffer.from((await tx.get(key('a'))) ?? []).toString());
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const underWay = store.transact(async (tx) => {
    const seen = Buffer.from((await tx.get(key('a'))) ?? []).toString();
    await gate;
    tx.set(key('c'), key(seen));
  });
  const rejected = [assert.rejects(failing, /disk full/), assert.rejects(resting, /disk full/)];
  await turn();
  await engine.finish(new Error('disk full'));
  await Promise.all(rejected);
  // What only read is repeated rather than refused.
  assert.equal(await reading, 'old');
  release();
  await turn();
  await engine.finish();
  await underWay;
  assert.deepEqual([await get(store, 'a'), await get(store, 'b'), await get(store, 'c')], ['old', undefined, 'old']);
});

test('range is checked at commit here, though the contract does not promise it', async () => {
  const store = open(createMemoryEngine());
  let runs = 0;
  await store.transact(async (tx) => {
    runs += 1;
    const rows = await tx.range({ from: key('r/'), to: key('r0'), limit: 10 });
    if (runs === 1) await set(store, 'r/1', 'x');
    tx.set(key('count'), key(String(rows.length)));
  });
  assert.equal(runs, 2);
  assert.equal(await get(store, 'count'), '1');
});

test('range does not conflict with rows behind the last one that it returned', async () => {
  const store = open(createMemoryEngine());
  for (const name of ['r/2', 'r/5']) await set(store, name, 'x');
  for (const reverse of [false, true]) {
    let runs = 0;
    await store.transact(async (tx) => {
      runs += 1;
      await tx.range({ from: key('r/'), to: key('r0'), limit: 1, reverse });
      if (runs === 1) await set(store, 'r/3', String(reverse));
      tx.set(key('seen'), key('x'));
    });
    assert.equal(runs, 1);
  }
});

test('transact gives up on an attempt that conflicts for ever', async () => {
  const store = open(createMemoryEngine());
  let runs = 0;
  const endless = store.transact(async (tx) => {
    runs += 1;
    await tx.get(key('a'));
    await set(store, 'a', String(runs));
    tx.set(key('b'), key('x'));
  });
  await assert.rejects(endless, /conflicted too often/);
  assert.equal(runs, 100);
});

test('transact serves the losers of a hot key in turn, with one extra attempt each', async () => {
  const store = open(createMemoryEngine());
  let runs = 0;
  await Promise.all(
    Array.from({ length: 64 }, () =>
      store.transact(async (tx) => {
        runs += 1;
        const value = await tx.get(key('hot'));
        tx.set(key('hot'), key(String(Number(Buffer.from(value ?? []).toString()) + 1)));
      }),
    ),
  );
  assert.equal(await get(store, 'hot'), '64');
  assert.ok(runs <= 2 * 64, `${runs} runs`);
});
