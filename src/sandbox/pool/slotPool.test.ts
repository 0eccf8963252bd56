import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../base/clock.ts';
import { createLogger } from '../../base/log.ts';
import type { LogRecord } from '../../base/log.ts';
import { createDeferred } from '../deferred.ts';
import { slotCheckMs, slotForgetMs, slotFreeMemoryMin, slotKindsMax, slotRefillDelayMs, slotRetryMs, slotShrinkMs } from '../limits.ts';
import { createSlotPool } from './slotPool.ts';

class FakeSlot {
  isAlive = true;
  isDiscarded = false;
  readonly #end = createDeferred<void>();
  readonly ended = this.#end.promise;

  die(): void {
    this.isAlive = false;
    this.#end.resolve();
  }

  async discard(): Promise<void> {
    this.isDiscarded = true;
    this.die();
  }
}

const node = { key: 'node', name: 'node 20' };

function bench(options: { readonly maximum?: number; readonly boot?: () => Promise<FakeSlot> } = {}) {
  const wall = createFakeClock();
  const booted: FakeSlot[] = [];
  const logs: LogRecord[] = [];
  const memory = { free: slotFreeMemoryMin };
  const boot = options.boot ?? (async () => {
    const slot = new FakeSlot();
    booted.push(slot);
    return slot;
  });
  const pool = createSlotPool({ boot: (_kind: typeof node) => boot(), wall, log: createLogger((record) => logs.push(record), 'debug'), freeMemory: () => memory.free, minimum: 2, maximum: options.maximum ?? 16 });
  const pass = async (milliseconds: number): Promise<void> => {
    wall.advance(milliseconds);
    // Boots and discards that were set off take a few turns.
    for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
  };
  const state = () => pool.states()[0];
  return { pool, booted, logs, memory, pass, state };
}

test('createSlotPool has nothing for the first function of a kind, and two slots for the next', async () => {
  const { pool, pass, state, booted } = bench();
  assert.equal(pool.take(node), undefined);
  await pass(slotRefillDelayMs - 1);
  assert.equal(booted.length, 0, 'the function that starts has the machine for itself');
  await pass(1);
  assert.deepEqual(state(), { kind: 'node 20', idle: 2, booting: 0, target: 2, hits: 0, misses: 1 });
  assert.ok(pool.take(node));
  await pass(slotRefillDelayMs);
  assert.equal(state()?.idle, 2);
});

test('createSlotPool hands out no slot twice, and none that has ended', async () => {
  const { pool, pass, booted } = bench();
  pool.expect(node);
  await pass(0);
  booted[1]?.die();
  const first = pool.take(node);
  assert.equal(first, booted[0]);
  assert.equal(pool.take(node), undefined);
  await pool.close();
  assert.equal(booted[0]?.isDiscarded, false, 'a slot that was taken belongs to its function');
  assert.equal(booted[1]?.isDiscarded, true);
});

test('createSlotPool follows demand up to its maximum and down again to its minimum, then forgets the kind', async () => {
  const { pool, pass, state, booted } = bench({ maximum: 5 });
  for (let count = 0; count < 9; count += 1) pool.take(node);
  assert.equal(state()?.target, 5);
  await pass(slotRefillDelayMs);
  assert.equal(state()?.idle, 5);
  for (let passedMs = 0; passedMs <= slotShrinkMs + slotCheckMs; passedMs += slotCheckMs) await pass(slotCheckMs);
  assert.deepEqual([state()?.target, state()?.idle], [2, 2]);
  for (let passedMs = 0; passedMs <= slotForgetMs; passedMs += slotCheckMs) await pass(slotCheckMs);
  assert.equal(state(), undefined);
  assert.ok(booted.every(({ isDiscarded }) => isDiscarded));
});

test('createSlotPool boots nothing while memory is short, and gives up what waits', async () => {
  const { pool, pass, state, memory, booted, logs } = bench();
  pool.expect(node);
  await pass(0);
  memory.free = slotFreeMemoryMin - 1;
  await pass(slotCheckMs);
  assert.equal(state()?.idle, 0);
  assert.ok(booted.every(({ isDiscarded }) => isDiscarded));
  assert.match(logs.at(-1)?.text ?? '', /memory is short/);
  pool.take(node);
  await pass(slotRefillDelayMs);
  assert.equal(booted.length, 2);
  memory.free = slotFreeMemoryMin;
  await pass(slotCheckMs);
  assert.equal(state()?.idle, state()?.target);
});

test('createSlotPool leaves a kind alone whose slots do not start', async () => {
  let tries = 0;
  const { pool, pass, logs } = bench({ boot: async () => {
    tries += 1;
    throw new Error('no such interpreter');
  } });
  pool.take(node);
  await pass(slotRefillDelayMs);
  assert.equal(tries, 2);
  pool.take(node);
  await pass(slotRefillDelayMs);
  assert.equal(tries, 2);
  assert.match(logs.at(-1)?.text ?? '', /slot could not be started/);
  await pass(slotRetryMs);
  await pass(slotCheckMs);
  assert.ok(tries > 2);
});

test('createSlotPool replaces a slot that was killed while it waited, keeps few kinds, and closes after the last boot', async () => {
  const { pool, pass, state, booted } = bench();
  pool.expect(node);
  await pass(0);
  booted[0]?.die();
  await pass(0);
  assert.equal(state()?.idle, 1);
  await pass(slotCheckMs);
  assert.deepEqual([state()?.idle, booted[0]?.isDiscarded], [2, true]);
  for (let index = 0; index < slotKindsMax; index += 1) pool.expect({ key: `kind ${index}`, name: 'x' });
  assert.equal(pool.states().length, slotKindsMax);
  assert.ok(pool.states().every(({ kind }) => kind === 'x'));
  const closing = pool.close();
  await closing;
  assert.ok(booted.every(({ isDiscarded }) => isDiscarded));
  assert.equal(pool.take(node), undefined);
});
