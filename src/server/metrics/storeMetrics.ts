import type { Metrics } from '../../base/metrics.ts';
import type { Store, Transaction, TransactOptions } from '../../kv/store.ts';

const transactionBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** A store that counts its transactions, how often they had to run again, and how long they took until they were durable. */
export function measureStore(store: Store, metrics: Metrics): Store {
  const outcome = (name: string) => metrics.counter('haneul_store_transactions_total', 'Transactions by how they ended.', { outcome: name });
  const committed = outcome('committed');
  const rolledBack = outcome('rolled-back');
  const repeats = metrics.counter('haneul_store_retries_total', 'Attempts that ran again because another transaction came first.');
  const seconds = metrics.histogram({
    name: 'haneul_store_transaction_seconds',
    help: 'Time until a transaction was durable, repeated attempts included.',
    bounds: transactionBounds,
  });
  return {
    ...store,
    async transact<T>(attempt: (tx: Transaction) => Promise<T>, options?: TransactOptions): Promise<T> {
      const startedMs = performance.now();
      let attempts = 0;
      try {
        const result = await store.transact((tx) => {
          attempts += 1;
          return attempt(tx);
        }, options);
        committed.add();
        return result;
      } catch (error) {
        rolledBack.add();
        throw error;
      } finally {
        if (attempts > 1) repeats.add(attempts - 1);
        seconds.record((performance.now() - startedMs) / 1_000);
      }
    },
  };
}
