import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../base/clock.ts';
import type { MovableClock } from '../base/clock.ts';
import { createLogger, silentLogger } from '../base/log.ts';
import { createSeededRandom } from '../base/random.ts';
import { openMemoryStore } from './drivers/memory/openMemoryStore.ts';
import { encodeRecord } from './record.ts';
import type { Store } from './store.ts';
import { createTimers } from './timers.ts';
import type { Timers } from './timers.ts';
import { keyRange, packKey, unpackKey } from './tuple.ts';
import { weakMode } from './weakMode.ts';

interface Place {
  readonly store: Store;
  readonly clock: MovableClock;
  /** The clock of the safety scan. */
  readonly wall: MovableClock;
  readonly fired: string[];
  open(): Timers;
  set(timers: Timers, id: string, inMs: number): Promise<void>;
}

const turns = async (count = 60): Promise<void> => {
  for (let index = 0; index < count; index += 1) await new Promise((resolve) => setImmediate(resolve));
};

async function withTimers(work: (place: Place) => Promise<void>, weakSeed?: number): Promise<void> {
  const clock = createFakeClock();
  const wall = createFakeClock();
  const plain = openMemoryStore({ clock: createFakeClock(), random: createSeededRandom(1) });
  const store = weakSeed === undefined ? plain : weakMode(plain, createSeededRandom(weakSeed));
  const startMs = clock.now();
  const fired: string[] = [];
  const opened: Timers[] = [];
  try {
    await work({
      store,
      clock,
      wall,
      fired,
      open() {
        const timers = createTimers({ store, clock, wall, log: silentLogger });
        opened.push(timers);
        timers.handle('test', async (tx, { id, dueMs }) => tx.afterCommit(() => fired.push(`${id}@${dueMs - startMs}`)));
        return timers;
      },
      set: (timers, id, inMs) => store.transact((tx) => timers.set(tx, { service: 'test', id, dueMs: startMs + inMs })),
    });
  } finally {
    for (const timers of opened) await timers.stop();
    await plain.close();
  }
}

for (const weakSeed of [undefined, 7]) {
  const mode = weakSeed === undefined ? '' : ' (weak mode)';

  test(`timers fire once when product time reaches them, in order, however it moves${mode}`, () =>
    withTimers(async ({ clock, fired, open, set }) => {
      const timers = open();
      await set(timers, 'late', 60_000);
      timers.start();
      for (let index = 9; index > 0; index -= 1) await set(timers, `t${index}`, index * 1_000);
      clock.advance(999);
      await turns();
      assert.deepEqual(fired, []);
      clock.advance(1);
      await turns();
      assert.deepEqual(fired, ['t1@1000']);
      clock.advance(3_600_000);
      await turns(400);
      assert.deepEqual(fired, ['t1@1000', ...[2, 3, 4, 5, 6, 7, 8, 9].map((index) => `t${index}@${index}000`), 'late@60000']);
      clock.advance(3_600_000);
      await turns();
      assert.equal(fired.length, 10);
    }, weakSeed));

  test(`timers set by a timer come in their place, even when time jumps over both${mode}`, () =>
    withTimers(async ({ store, clock, open }) => {
      const timers = open();
      const order: string[] = [];
      // A schedule: every minute; beside it others at half past.
      timers.handle('schedule', async (tx, { id, dueMs }) => {
        if (id === 'every' && order.length < 9) await timers.set(tx, { service: 'schedule', id, dueMs: dueMs + 60_000 });
        tx.afterCommit(() => order.push(`${id} ${(dueMs - clock.now()) / 1_000}`));
      });
      timers.start();
      const nowMs = clock.now();
      await store.transact(async (tx) => {
        await timers.set(tx, { service: 'schedule', id: 'every', dueMs: nowMs + 60_000 });
        for (const minute of [1, 2, 3]) await timers.set(tx, { service: 'schedule', id: `half ${minute}`, dueMs: nowMs + minute * 60_000 + 30_000 });
      });
      clock.advance(240_000);
      await turns(600);
      assert.deepEqual(order, ['every -180', 'half 1 -150', 'every -120', 'half 2 -90', 'every -60', 'half 3 -30', 'every 0']);
    }, weakSeed));
}

test('timers.set moves a timer, clear forgets it, and what is rolled back was never set', () =>
  withTimers(async ({ store, clock, fired, open, set }) => {
    const timers = open();
    timers.start();
    await set(timers, 'moved later', 1_000);
    await set(timers, 'moved later', 9_000);
    await set(timers, 'moved earlier', 9_000);
    await set(timers, 'moved earlier', 1_000);
    await set(timers, 'cleared', 1_000);
    const startMs = clock.now();
    assert.deepEqual(await store.read((tx) => timers.find(tx, { service: 'test', id: 'moved later' })), { dueMs: startMs + 9_000 });
    await store.transact((tx) => timers.clear(tx, { service: 'test', id: 'cleared' }));
    await store.transact((tx) => timers.clear(tx, { service: 'test', id: 'never set' }));
    await assert.rejects(
      store.transact(async (tx) => {
        await timers.set(tx, { service: 'test', id: 'rolled back', dueMs: clock.now() + 1_000 });
        throw new RangeError();
      }),
      RangeError,
    );
    clock.advance(1_000);
    await turns();
    assert.deepEqual(fired, ['moved earlier@1000']);
    clock.advance(100_000);
    await turns();
    assert.deepEqual(fired, ['moved earlier@1000', 'moved later@9000']);
    assert.equal(await store.read((tx) => timers.find(tx, { service: 'test', id: 'moved later' })), undefined);
    let rows = 0;
    for await (const page of store.exportRows()) rows += page.length;
    assert.equal(rows, 0);
  }));

test('timers.set takes part in its transaction: state and timer change together, and once', () =>
  withTimers(async ({ store, clock, open }) => {
    const timers = open();
    timers.handle('count', async (tx) => tx.add(packKey(['fired']), 1n));
    timers.start();
    await store.transact((tx) => timers.set(tx, { service: 'count', id: 'x', dueMs: clock.now() }));
    // Two holders by mistake: only one transaction can take the timer.
    const other = createTimers({ store, clock, wall: clock, log: silentLogger });
    other.handle('count', async (tx) => tx.add(packKey(['fired']), 1n));
    other.start();
    await turns();
    await other.stop();
    const [count] = await store.getMany([packKey(['fired'])]);
    assert.equal(Buffer.from(count ?? []).readBigInt64LE(0), 1n);
  }, 3));

test('timers of earlier processes fire after a restart, overdue ones first', () =>
  withTimers(async ({ clock, fired, open, set }) => {
    const before = open();
    await set(before, 'b', 2_000);
    await set(before, 'a', 1_000);
    await set(before, 'c', 9_000);
    clock.advance(5_000);
    open().start();
    await turns();
    assert.deepEqual(fired, ['a@1000', 'b@2000']);
    clock.advance(5_000);
    await turns();
    assert.deepEqual(fired, ['a@1000', 'b@2000', 'c@9000']);
  }));

test('timers set without a hint are found by the safety scan', () =>
  withTimers(async ({ clock, wall, fired, open, set }) => {
    const timers = open();
    timers.start();
    await set(timers, 'later', 60_000);
    // Another process: its commits tell this one nothing.
    await set(open(), 'unseen', 1_000);
    clock.advance(1_000);
    await turns();
    assert.deepEqual(fired, []);
    wall.advance(1_000);
    await turns();
    assert.deepEqual(fired, ['unseen@1000']);
  }));

test('timers whose handler fails come again, later each time, and hold up nobody', () =>
  withTimers(async ({ store, clock, wall, fired, open, set }) => {
    const timers = open();
    const failures: number[] = [];
    timers.handle('bad', async (tx, { failures: before }) => {
      tx.set(packKey(['trace']), encodeRecord({}));
      failures.push(before);
      if (before < 3) throw new RangeError('not now');
    });
    timers.start();
    const startMs = clock.now();
    await store.transact(async (tx) => {
      await timers.set(tx, { service: 'bad', id: 'x', dueMs: startMs });
      await timers.set(tx, { service: 'nobody', id: 'x', dueMs: startMs });
    });
    await set(timers, 'good', 10);
    clock.advance(10);
    await turns();
    assert.deepEqual(fired, ['good@10']);
    assert.deepEqual(failures, [0]);
    assert.equal((await store.getMany([packKey(['trace'])]))[0], undefined);
    for (const waitMs of [1_000, 2_000, 4_000]) {
      clock.advance(waitMs - 1);
      await turns();
      clock.advance(20);
      wall.advance(1_000);
      await turns();
    }
    assert.deepEqual(failures, [0, 1, 2, 3]);
    clock.advance(3_600_000);
    await turns();
    assert.equal(failures.length, 4);
    const due = await store.read((tx) => tx.range({ ...keyRange([null, 'due']), limit: 10 }));
    assert.deepEqual(due.map(({ key }) => unpackKey(key)[4]), ['nobody'], 'only the one that nobody handles is left');
  }));

test('timers by the hundred thousand cost an idle server one small read a bucket and second', () =>
  withTimers(async ({ store, clock, wall, fired, open }) => {
    const counted = { reads: 0, rows: 0 };
    const counting: Store = {
      ...store,
      read: (readWork) =>
        store.read((tx) =>
          readWork({
            ...tx,
            get: (key) => tx.get(key),
            async range(options) {
              const rows = await tx.range(options);
              counted.reads += 1;
              counted.rows += rows.length;
              return rows;
            },
          }),
        ),
    };
    const setter = open();
    const startMs = clock.now();
    for (let page = 0; page < 100; page += 1) {
      await store.transact(async (tx) => {
        for (let index = 0; index < 1_000; index += 1) {
          await setter.set(tx, { service: 'test', id: `${page}/${index}`, dueMs: startMs + 3_600_000 + page * 1_000 + index });
        }
      });
    }
    const timers = createTimers({ store: counting, clock, wall, log: createLogger(() => undefined) });
    timers.handle('test', async (tx, { id }) => tx.afterCommit(() => fired.push(id)));
    timers.start();
    await turns();
    assert.ok(counted.rows <= 16 * 128, `${counted.rows} rows were read to begin with`);
    Object.assign(counted, { reads: 0, rows: 0 });
    for (let second = 0; second < 10; second += 1) {
      clock.advance(1_000);
      wall.advance(1_000);
      await turns(10);
    }
    assert.ok(counted.reads <= 160 && counted.rows <= 160, JSON.stringify(counted));
    clock.advance(3_600_000 - 10_000 + 499);
    await turns(4_000);
    assert.deepEqual(fired.map((id) => Number(id.split('/')[1])), Array.from({ length: 500 }, (_, index) => index));
    await timers.stop();
  }));
