// How many slots wait, and of which kind. A kind exists from the first function that needs it; its number follows demand: two,
// doubled by misses up to sixteen, halved while nothing is asked for. Booting is background work and stops when memory is short.
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import {
  slotBootsMax, slotCheckMs, slotDemandWindowMs, slotForgetMs, slotFreeMemoryMin, slotKindsMax, slotRefillDelayMs, slotRetryMs, slotShrinkMs,
} from '../limits.ts';
import type { PoolState } from '../types.ts';

/** What the pool has to know of a slot. */
export interface PooledSlot {
  readonly isAlive: boolean;
  readonly ended: Promise<void>;
  discard(): Promise<void>;
}

export interface PoolOptions<Kind extends { readonly key: string; readonly name: string }, S extends PooledSlot> {
  readonly boot: (kind: Kind) => Promise<S>;
  readonly wall: Clock;
  readonly log: Logger;
  /** Bytes of memory that programs could still get. */
  readonly freeMemory: () => number;
  readonly minimum: number;
  readonly maximum: number;
}

export interface SlotPool<Kind, S> {
  /** A slot that is ready, or undefined: then the caller starts from nothing. Either way the pool learns what is asked for. */
  take(kind: Kind): S | undefined;
  /** Makes slots of this kind wait, because a function of it may be invoked soon. */
  expect(kind: Kind): void;
  states(): PoolState[];
  close(): Promise<void>;
}

interface Shelf<Kind, S> {
  readonly kind: Kind;
  readonly idle: S[];
  booting: number;
  target: number;
  hits: number;
  misses: number;
  /** When slots were asked for, within the demand window. */
  takenAtMs: number[];
  lastTakenAtMs: number;
  shrunkAtMs: number;
  retryAtMs: number;
}

/** Keeps slots ready. */
export function createSlotPool<Kind extends { readonly key: string; readonly name: string }, S extends PooledSlot>(
  { boot, wall, log, freeMemory, minimum, maximum }: PoolOptions<Kind, S>,
): SlotPool<Kind, S> {
  const shelves = new Map<string, Shelf<Kind, S>>();
  /** Boots and discards that go on. */
  const pending = new Set<Promise<unknown>>();
  let booting = 0;
  let isClosed = false;
  let cancelRefill: (() => void) | undefined;
  let cancelCheck: (() => void) | undefined;

  function follow(work: Promise<unknown>): void {
    pending.add(work);
    const forget = (): void => void pending.delete(work);
    work.then(forget, forget);
  }

  function discard(slot: S): void {
    follow(slot.discard().catch((error: unknown) => log.warn('slot could not be removed, the next start will', { error: String(error) })));
  }

  function shelfOf(kind: Kind): Shelf<Kind, S> {
    const known = shelves.get(kind.key);
    if (known) {
      // The least recently used kind is the first of the map.
      shelves.delete(kind.key);
      shelves.set(kind.key, known);
      return known;
    }
    const nowMs = wall.now();
    const shelf: Shelf<Kind, S> = {
      kind, idle: [], booting: 0, target: minimum, hits: 0, misses: 0, takenAtMs: [], lastTakenAtMs: nowMs, shrunkAtMs: nowMs, retryAtMs: 0,
    };
    shelves.set(kind.key, shelf);
    for (const oldest of shelves.values()) {
      if (shelves.size <= slotKindsMax) break;
      drop(oldest);
    }
    return shelf;
  }

  function drop(shelf: Shelf<Kind, S>): void {
    shelves.delete(shelf.kind.key);
    for (const slot of shelf.idle.splice(0)) discard(slot);
  }

  function learn(shelf: Shelf<Kind, S>, isHit: boolean): void {
    const nowMs = wall.now();
    shelf[isHit ? 'hits' : 'misses'] += 1;
    shelf.lastTakenAtMs = shelf.shrunkAtMs = nowMs;
    shelf.takenAtMs = shelf.takenAtMs.filter((atMs) => atMs > nowMs - slotDemandWindowMs).slice(-maximum);
    shelf.takenAtMs.push(nowMs);
    // A miss says that demand came faster than slots are made, which the count of one stretch may not show yet.
    const wanted = Math.max(shelf.takenAtMs.length, isHit || shelf.misses === 1 ? 0 : shelf.target * 2);
    shelf.target = Math.min(maximum, Math.max(shelf.target, wanted));
  }

  function refill(): void {
    cancelRefill = undefined;
    for (const shelf of shelves.values()) {
      while (mayBoot(shelf)) bootOne(shelf);
    }
  }

  function mayBoot(shelf: Shelf<Kind, S>): boolean {
    return !isClosed && booting < slotBootsMax && shelf.idle.length + shelf.booting < shelf.target && wall.now() >= shelf.retryAtMs && freeMemory() >= slotFreeMemoryMin;
  }

  function refillSoon(delayMs: number): void {
    if (isClosed) return;
    cancelRefill?.();
    cancelRefill = wall.at(wall.now() + delayMs, refill);
    cancelCheck ??= wall.at(wall.now() + slotCheckMs, check);
  }

  function bootOne(shelf: Shelf<Kind, S>): void {
    booting += 1;
    shelf.booting += 1;
    follow(
      boot(shelf.kind).then(
        (slot) => {
          done(shelf);
          if (isClosed || shelves.get(shelf.kind.key) !== shelf || !slot.isAlive) return discard(slot);
          shelf.idle.push(slot);
          void slot.ended.then(() => lose(shelf, slot));
          refill();
        },
        (error: unknown) => {
          done(shelf);
          shelf.retryAtMs = wall.now() + slotRetryMs;
          if (!isClosed) log.warn('slot could not be started, functions start without', { kind: shelf.kind.name, error: String(error) });
        },
      ),
    );
  }

  function done(shelf: Shelf<Kind, S>): void {
    booting -= 1;
    shelf.booting -= 1;
  }

  /** A slot ended while it waited: killed by somebody, most likely for memory. The next check replaces it. */
  function lose(shelf: Shelf<Kind, S>, slot: S): void {
    const index = shelf.idle.indexOf(slot);
    if (index < 0) return;
    shelf.idle.splice(index, 1);
    discard(slot);
  }

  /** Looks after what nobody asks for, and after memory. */
  function check(): void {
    cancelCheck = undefined;
    const nowMs = wall.now();
    for (const shelf of [...shelves.values()]) {
      if (nowMs - shelf.lastTakenAtMs >= slotForgetMs) {
        drop(shelf);
        continue;
      }
      if (shelf.target > minimum && nowMs - shelf.shrunkAtMs >= slotShrinkMs) {
        shelf.target = Math.max(minimum, Math.floor(shelf.target / 2));
        shelf.shrunkAtMs = nowMs;
      }
      for (const slot of shelf.idle.splice(shelf.target)) discard(slot);
    }
    if (freeMemory() < slotFreeMemoryMin) relieve();
    else refill();
    if (shelves.size > 0 && !isClosed) cancelCheck = wall.at(wall.now() + slotCheckMs, check);
  }

  function relieve(): void {
    const given = [...shelves.values()].flatMap((shelf) => shelf.idle.splice(0));
    if (given.length > 0) log.warn('memory is short: slots that waited are given up', { slots: given.length });
    for (const slot of given) discard(slot);
  }

  return {
    take(kind) {
      if (isClosed || maximum === 0) return undefined;
      const shelf = shelfOf(kind);
      let slot = shelf.idle.pop();
      while (slot && !slot.isAlive) {
        discard(slot);
        slot = shelf.idle.pop();
      }
      learn(shelf, slot !== undefined);
      refillSoon(slotRefillDelayMs);
      return slot;
    },
    expect(kind) {
      if (isClosed || maximum === 0) return;
      shelfOf(kind);
      refillSoon(0);
    },
    states: () =>
      [...shelves.values()].map(({ kind, idle, booting: boots, target, hits, misses }) => ({ kind: kind.name, idle: idle.length, booting: boots, target, hits, misses })),
    async close() {
      isClosed = true;
      cancelRefill?.();
      cancelCheck?.();
      for (const shelf of [...shelves.values()]) drop(shelf);
      while (pending.size > 0) await Promise.allSettled(pending);
    },
  };
}
