// Between requests an environment stands still, as on AWS: its timers and threads do nothing until the next request. Lazily,
// because under load the next request comes before freezing would pay, and with one timer for many requests. Waking costs as much
// as a small invocation (every thread of every process runs once), so what is woken soon stays awake longer the next time.
import type { Clock } from '../base/clock.ts';
import type { Freezer } from './limits/limiter.ts';
import { freezeAfterMs, freezeAfterMsMax, soonWokenMs } from './limits.ts';

export interface Rest {
  /** There is nothing to do from now on. */
  allow(): void;
  /** There is: the processes run when this returns. */
  interrupt(): void;
  /** The environment ends: it must be awake for that, and stays so. */
  end(): void;
}

export interface RestOptions {
  readonly freezer: Freezer | undefined;
  readonly wall: Clock;
  /** The process said that it ends: that has to come to pass, and be seen, before the next request. */
  readonly isEnding: () => boolean;
}

/** Freezes and thaws one environment. */
export function createRest({ freezer, wall, isEnding }: RestOptions): Rest {
  let idleSinceMs: number | undefined;
  let isTimed = false;
  let frozenAtMs: number | undefined;
  let awakeMs = freezeAfterMs;
  let isOver = false;

  function time(delayMs: number): void {
    isTimed = true;
    wall.at(wall.now() + delayMs, () => {
      isTimed = false;
      if (idleSinceMs === undefined || isOver || isEnding()) return;
      const restMs = idleSinceMs + awakeMs - wall.now();
      if (restMs > 0) return time(restMs);
      freeze();
    });
  }

  function freeze(): void {
    try {
      freezer?.freeze();
      frozenAtMs = wall.now();
    } catch {
      // It is ending, and its group is gone.
    }
  }

  function thaw(): void {
    if (frozenAtMs === undefined) return;
    awakeMs = wall.now() - frozenAtMs < soonWokenMs ? Math.min(freezeAfterMsMax, 2 * awakeMs) : freezeAfterMs;
    frozenAtMs = undefined;
    try {
      freezer?.thaw();
    } catch {
      // As above.
    }
  }

  return {
    allow() {
      if (!freezer || isOver) return;
      idleSinceMs = wall.now();
      if (!isTimed) time(awakeMs);
    },
    interrupt() {
      idleSinceMs = undefined;
      thaw();
    },
    end() {
      isOver = true;
      thaw();
    },
  };
}
