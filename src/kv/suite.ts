// The store contract as tests: every driver runs them, plainly and in weak mode. What passes here is all that a service may rely on.
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakeClock } from '../base/clock.ts';
import type { Clock, MovableClock } from '../base/clock.ts';
import { createSeededRandom } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import type { Store } from './store.ts';
import { coordinationCases } from './suite/coordination.ts';
import { durabilityCases } from './suite/durability.ts';
import { limitCases } from './suite/limits.ts';
import { orderCases } from './suite/order.ts';
import { transactionCases } from './suite/transactions.ts';
import { wholeStoreCases } from './suite/wholeStore.ts';
import { weakMode } from './weakMode.ts';

export interface StorePlace {
  /** Empty at first, the same for every store opened in one case. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
}

export interface StoreCaseContext {
  readonly store: Store;
  readonly clock: MovableClock;
  readonly random: Random;
  readonly folder: string;
  /** Whether hints get lost, attempts run again for no reason, and so on. */
  readonly weak: boolean;
  /** Whether what is written outlives `close`. */
  readonly durable: boolean;
  /** Opens what `folder` holds, after the store before was closed. */
  reopen(folder?: string): Promise<Store>;
}

export interface StoreCase {
  readonly name: string;
  readonly durableOnly?: boolean;
  run(context: StoreCaseContext): Promise<void>;
}

export interface StoreDriver {
  readonly durable: boolean;
  open(place: StorePlace): Promise<Store>;
}

/** Declares the contract's tests for one driver, as it is and in weak mode. */
export function describeStore(driverName: string, driver: StoreDriver): void {
  const cases = [orderCases, transactionCases, coordinationCases, limitCases, durabilityCases, wholeStoreCases].flat();
  for (const weak of [false, true]) {
    for (const storeCase of cases) {
      if (storeCase.durableOnly === true && !driver.durable) continue;
      test(`${storeCase.name} (${driverName}${weak ? ', weak mode' : ''})`, () => runCase(storeCase, driver, weak));
    }
  }
}

async function runCase(storeCase: StoreCase, driver: StoreDriver, weak: boolean): Promise<void> {
  const seed = randomInt(2 ** 31);
  const random = createSeededRandom(seed);
  const clock = createFakeClock();
  const folder = await mkdtemp(join(tmpdir(), 'haneul-kv-'));
  const opened: Store[] = [];
  const open = async (at: string): Promise<Store> => {
    const plain = await driver.open({ folder: at, clock, random });
    opened.push(plain);
    return weak ? weakMode(plain, random) : plain;
  };
  try {
    const store = await open(join(folder, 'data'));
    await storeCase.run({ store, clock, random, folder, weak, durable: driver.durable, reopen: (at = join(folder, 'data')) => open(at) });
  } catch (error) {
    throw new Error(`failed with seed ${seed}`, { cause: error });
  } finally {
    for (const store of opened) await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}
