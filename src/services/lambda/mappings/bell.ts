import type { Clock } from '../../../base/clock.ts';

/** Lets loops wait for each other: for a change, a time, or the end. */
export interface Bell {
  ring(): void;
  wait(untilMs?: number): Promise<void>;
}

export function createBell(clock: Clock, signal: AbortSignal): Bell {
  let waiting = new Set<() => void>();
  const ring = (): void => {
    const woken = waiting;
    waiting = new Set();
    for (const wake of woken) wake();
  };
  signal.addEventListener('abort', ring, { once: true });
  return {
    ring,
    wait: (untilMs) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        let cancel = (): void => undefined;
        const wake = (): void => {
          cancel();
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
        if (untilMs !== undefined) cancel = clock.at(untilMs, wake);
      }),
  };
}
