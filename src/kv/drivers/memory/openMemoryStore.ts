import type { Clock } from '../../../base/clock.ts';
import type { Random } from '../../../base/random.ts';
import { createOptimisticStore } from '../../optimistic/optimisticStore.ts';
import type { Store } from '../../store.ts';
import { createMemoryEngine } from './memoryEngine.ts';

export interface MemoryStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
}

/** A store that forgets everything when it is closed: for tests and trying out. */
export function openMemoryStore({ clock, random }: MemoryStoreOptions): Store {
  return createOptimisticStore({ engine: createMemoryEngine(), clock, random });
}
