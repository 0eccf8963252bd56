import { BoundedMap } from '../../../base/boundedMap.ts';
import { type Clock, delay } from '../../../base/clock.ts';

/** Waits for a subscription's turn, where it has asked for so many messages a second. */
export interface Throttle {
  wait(subscriptionArn: string, perSecond: number, signal: AbortSignal): Promise<void>;
}

const knownMax = 10_000;

export function createThrottle(wall: Clock): Throttle {
  const nextAtMs = new BoundedMap<string, number>(knownMax);
  return {
    async wait(arn, perSecond, signal) {
      const nowMs = wall.now();
      const turnMs = Math.max(nowMs, nextAtMs.get(arn) ?? 0);
      nextAtMs.set(arn, turnMs + 1_000 / perSecond);
      if (turnMs > nowMs) await delay(wall, turnMs - nowMs, signal);
    },
  };
}
