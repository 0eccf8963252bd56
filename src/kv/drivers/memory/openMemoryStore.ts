import type { Clock } from '../../../base/clock.ts';
import { type Metrics, silentMetrics } from '../../../base/metrics.ts';
import type { Random } from '../../../base/random.ts';
import { measureEngine } from '../../measureEngine.ts';
import { createOptimisticStore } from '../../optimistic/optimisticStore.ts';
import type { Store } from '../../store.ts';
import { createMemoryEngine } from './memoryEngine.ts';

export interface MemoryStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics?: Metrics;
}

/** A store that forgets everything when it is closed: for tests and trying out. */
export function openMemoryStore({ clock, random, metrics = silentMetrics }: MemoryStoreOptions): Store {
  return createOptimisticStore({ engine: measureEngine(createMemoryEngine(), metrics), clock, random });
}
