import type { Metrics } from '../base/metrics.ts';
import type { Engine } from './engine.ts';

const flushBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** An engine that counts its flushes, what they wrote, and how long each took until it was durable. */
export function measureEngine(engine: Engine, metrics: Metrics): Engine {
  const seconds = metrics.histogram({ name: 'haneul_store_flush_seconds', help: 'Time of one flush: a batch of commits written and synced.', bounds: flushBounds });
  const writes = metrics.counter('haneul_store_writes_total', 'Rows set or cleared by flushes.');
  const failures = metrics.counter('haneul_store_flush_failures_total', 'Flushes that could not be written, for example to a full disk.');
  return {
    ...engine,
    async commit(batch) {
      const startedMs = performance.now();
      try {
        await engine.commit(batch);
        writes.add(batch.length);
      } catch (error) {
        failures.add();
        throw error;
      } finally {
        seconds.record((performance.now() - startedMs) / 1_000);
      }
    },
  };
}
