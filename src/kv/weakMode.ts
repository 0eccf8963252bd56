// A store that keeps no more than the seam promises: ranges are not checked, attempts run again for no reason, everything takes
// a random number of turns, and hints get lost. A service whose tests pass on it does not lean on the embedded engine's roominess.
import { InvariantError } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { UncheckedRanges } from './optimistic/transaction.ts';
import type { Key, ReadTransaction, Store, Transaction } from './store.ts';

/** Thrown out of an attempt that is to run again; never reaches the caller of `transact`. */
class Rerun extends Error {}

const rerunChance = 0.15;
const rerunsMax = 3;
const hintLossChance = 0.5;

/** Wraps `store`. With a seeded `random` a run repeats itself. */
export function weakMode(store: Store, random: Random): Store {
  return {
    ...store,
    async transact(attempt, options) {
      await pause(random);
      for (let reruns = 0; ; reruns += 1) {
        try {
          return await store.transact(async (tx) => {
            const result = await settle(attempt(weakTransaction(tx, random)));
            if (reruns < rerunsMax && random.fraction() < rerunChance) throw new Rerun();
            if ('error' in result) throw result.error;
            await pause(random);
            return result.value;
          }, options);
        } catch (error) {
          if (!(error instanceof Rerun)) throw error;
        }
      }
    },
    async read(work) {
      await pause(random);
      return store.read((tx) => work(slow(tx, random)));
    },
    async getMany(keys) {
      await pause(random);
      return store.getMany(keys);
    },
    async tail(prefix, after, limit) {
      await pause(random);
      return store.tail(prefix, after, limit);
    },
    watch: (prefix, signal) => dropHints(store, prefix, signal, random),
  };
}

function weakTransaction(tx: Transaction, random: Random): Transaction {
  if (!hasUncheckedRanges(tx)) throw new InvariantError('weak mode needs a store that can read ranges without checking them');
  return {
    async get(key) {
      await pause(random);
      return tx.get(key);
    },
    async range(options) {
      await pause(random);
      return tx.uncheckedRange(options);
    },
    async claim(options) {
      await pause(random);
      return tx.claim(options);
    },
    set: (key, value) => tx.set(key, value),
    clear: (key) => tx.clear(key),
    clearRange: (range) => tx.clearRange(range),
    guard: (key) => tx.guard(key),
    stamped: (prefix, value) => tx.stamped(prefix, value),
    add: (key, delta) => tx.add(key, delta),
    afterCommit: (effect) => tx.afterCommit(effect),
  };
}

function hasUncheckedRanges(tx: Transaction): tx is Transaction & UncheckedRanges {
  return 'uncheckedRange' in tx;
}

function slow(tx: ReadTransaction, random: Random): ReadTransaction {
  return {
    async get(key) {
      await pause(random);
      return tx.get(key);
    },
    async range(options) {
      await pause(random);
      return tx.range(options);
    },
  };
}

async function* dropHints(store: Store, prefix: Key, signal: AbortSignal, random: Random): AsyncGenerator<void> {
  for await (const _hint of store.watch(prefix, signal)) {
    if (random.fraction() >= hintLossChance) yield;
  }
}

async function settle<T>(work: Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
  try {
    return { value: await work };
  } catch (error) {
    return { error };
  }
}

async function pause(random: Random): Promise<void> {
  const kind = random.fraction();
  if (kind < 0.5) return;
  if (kind < 0.8) await Promise.resolve();
  else for (let turns = Math.ceil(random.fraction() * 3); turns > 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve));
}
