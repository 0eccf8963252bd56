import { delay, type Clock } from '../base/clock.ts';

/** Waits while nothing else keeps the process alive: the clock's own timers do not. Ends early, without error, on `signal`. */
export async function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  const alive = setInterval(() => undefined, 60_000);
  try {
    await delay(clock, delayMs, signal);
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    clearInterval(alive);
  }
}
