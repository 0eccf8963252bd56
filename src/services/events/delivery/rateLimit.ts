import { BoundedMap } from '../../../base/boundedMap.ts';
import { type Clock, delay } from '../../../base/clock.ts';
import { apiDestinationsMax } from '../limits.ts';

export interface RateLimit {
  /** Resolves when it is this call's turn: no more than so many a second for one name, with a second's worth saved up at most. */
  takeTurn(name: string, perSecond: number, signal: AbortSignal): Promise<void>;
}

export function createRateLimit(clock: Clock): RateLimit {
  /** When the next turn is due. */
  const nextMs = new BoundedMap<string, number>(apiDestinationsMax);
  return {
    async takeTurn(name, perSecond, signal) {
      const nowMs = clock.now();
      const dueMs = Math.max(nextMs.get(name) ?? 0, nowMs - 1_000);
      nextMs.set(name, dueMs + 1_000 / perSecond);
      if (dueMs > nowMs) await delay(clock, dueMs - nowMs, signal);
    },
  };
}
