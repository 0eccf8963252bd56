import type { Clock } from '../base/clock.ts';

export interface Deadline {
  /** From now on it is this time that counts. */
  set(dueMs: number): void;
  /** Nothing is waited for. */
  clear(): void;
  /** Lets go of the clock. */
  close(): void;
}

/**
 * One deadline after another with hardly a timer: the clock is asked for one when none runs that ends in time, and it is looked
 * at again when that one fires. Requests that are answered long before their deadline share it.
 */
export function createDeadline(wall: Clock, onDue: () => void): Deadline {
  let dueMs: number | undefined;
  let timer: { readonly atMs: number; readonly cancel: () => void } | undefined;

  function arm(atMs: number): void {
    timer?.cancel();
    timer = { atMs, cancel: wall.at(atMs, fire) };
  }

  function fire(): void {
    timer = undefined;
    if (dueMs === undefined) return;
    if (wall.now() < dueMs) return arm(dueMs);
    dueMs = undefined;
    onDue();
  }

  return {
    set(nextMs) {
      dueMs = nextMs;
      if (timer === undefined || timer.atMs > nextMs) arm(nextMs);
    },
    clear() {
      dueMs = undefined;
    },
    close() {
      dueMs = undefined;
      timer?.cancel();
      timer = undefined;
    },
  };
}
