import type { MovableClock } from '../../base/clock.ts';
import type { Store } from '../../kv/store.ts';
import type { TimerHandler, Timers, TimerSetting } from '../../kv/timers.ts';

export interface FakeTimers extends Timers {
  /** Moves the clock to each timer that is due until then, one after the other. */
  advance(ms: number): Promise<void>;
}

/** For tests of one service: its timers in memory, fired by hand. */
export function createFakeTimers(store: Store, clock: MovableClock): FakeTimers {
  const set = new Map<string, TimerSetting>();
  let handler: TimerHandler | undefined;
  return {
    async set(tx, setting) {
      tx.afterCommit(() => set.set(setting.id, setting));
    },
    async clear(tx, { id }) {
      tx.afterCommit(() => set.delete(id));
    },
    find: async (_tx, { id }) => set.get(id),
    handle(_service, given) {
      handler = given;
    },
    start: () => undefined,
    stop: async () => undefined,
    async advance(ms) {
      const untilMs = clock.now() + ms;
      for (;;) {
        const due = [...set.values()].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];
        if (due === undefined) break;
        clock.advance(Math.max(0, due.dueMs - clock.now()));
        set.delete(due.id);
        await store.transact(async (tx) => handler?.(tx, { ...due, detail: due.detail, failures: 0 }));
      }
      clock.advance(untilMs - clock.now());
    },
  };
}
