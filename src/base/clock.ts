// Two clocks (design.md §8): product time can be moved by a test or an operator, wall time cannot. Both have this one
// interface, so code says which it needs only by the argument it takes.

export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** Calls `wake` once, as soon as this clock has reached `dueMs`. Returns a function that cancels. Never keeps the process alive. */
  at(dueMs: number, wake: () => void): () => void;
}

export interface MovableClock extends Clock {
  /** Adds `deltaMs` (never negative: product time does not run backwards) and wakes everything that became due. */
  advance(deltaMs: number): void;
  /** How far this clock is ahead of wall time, in milliseconds. */
  offsetMs(): number;
}

// setTimeout holds at most 2^31-1 ms; longer waits are re-armed.
const timeoutMsMax = 0x7fff_ffff;

/** Real time. */
export const wallClock: Clock = {
  now: () => Date.now(),
  at(dueMs, wake) {
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const remainingMs = dueMs - Date.now();
      timer = remainingMs > timeoutMsMax ? setTimeout(arm, timeoutMsMax) : setTimeout(wake, Math.max(0, remainingMs));
      timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  },
};

interface Waiter {
  readonly dueMs: number;
  readonly wake: () => void;
  cancelWall: () => void;
}

/** Product time: wall time plus an offset that only grows. */
export function createProductClock(wall: Clock, initialOffsetMs = 0): MovableClock {
  let offset = initialOffsetMs;
  const waiters = new Set<Waiter>();
  const now = (): number => wall.now() + offset;

  function fire(waiter: Waiter): void {
    if (!waiters.delete(waiter)) return;
    waiter.cancelWall();
    waiter.wake();
  }

  return {
    now,
    offsetMs: () => offset,
    at(dueMs, wake) {
      const waiter: Waiter = { dueMs, wake, cancelWall: () => undefined };
      waiters.add(waiter);
      waiter.cancelWall = wall.at(dueMs - offset, () => fire(waiter));
      return () => {
        if (waiters.delete(waiter)) waiter.cancelWall();
      };
    },
    advance(deltaMs) {
      if (!(deltaMs >= 0)) throw new RangeError('product time cannot run backwards');
      offset += deltaMs;
      const pending = [...waiters].sort((a, b) => a.dueMs - b.dueMs);
      for (const waiter of pending) {
        if (waiter.dueMs <= now()) fire(waiter);
        else if (waiters.has(waiter)) {
          waiter.cancelWall();
          waiter.cancelWall = wall.at(waiter.dueMs - offset, () => fire(waiter));
        }
      }
    },
  };
}

/** A clock that stands still until told otherwise: the clock of unit tests. */
export function createFakeClock(startMs = Date.UTC(2026, 0, 1)): MovableClock {
  let nowMs = startMs;
  const waiters = new Set<{ dueMs: number; wake: () => void }>();
  return {
    now: () => nowMs,
    offsetMs: () => nowMs - startMs,
    at(dueMs, wake) {
      const waiter = { dueMs, wake };
      if (dueMs <= nowMs) queueMicrotask(() => waiters.delete(waiter) && wake());
      waiters.add(waiter);
      return () => void waiters.delete(waiter);
    },
    advance(deltaMs) {
      if (!(deltaMs >= 0)) throw new RangeError('product time cannot run backwards');
      nowMs += deltaMs;
      for (const waiter of [...waiters].sort((a, b) => a.dueMs - b.dueMs)) {
        if (waiter.dueMs <= nowMs && waiters.delete(waiter)) waiter.wake();
      }
    },
  };
}

/** Resolves when `clock` has moved on by `delayMs`; rejects with the signal's reason when aborted first. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.at(clock.now() + delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
