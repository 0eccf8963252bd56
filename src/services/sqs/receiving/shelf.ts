// What may be received from a queue next, read ahead from the store, so that receivers at the same time get different messages without a
// search of their own. It is only a hint: each place is read again in the transaction that takes it. Receivers that find nothing wait
// here, for a hint of the store, for the time at which the next message becomes visible, or for the end of their patience.

import type { Clock } from '../../../base/clock.ts';
import type { Store } from '../../../kv/store.ts';
import { pollMs, readAheadRows } from '../limits.ts';

export interface Candidate<Place> {
  /** The same for a message wherever it lies. */
  readonly id: string;
  readonly place: Place;
}

/** How the rows of one kind of queue are read. */
export interface Reading<Place> {
  /** Everything below it tells that there may be something new. */
  readonly prefix: Uint8Array;
  /** In the order in which they are to be received; at most `limit`. */
  visible(nowMs: number, limit: number): Promise<Candidate<Place>[]>;
  /** When the next one becomes visible, after `nowMs`. */
  nextVisibleMs(nowMs: number): Promise<number | undefined>;
}

interface Waiter {
  wake(): void;
}

export class Shelf<Place> {
  private readonly store: Store;
  private readonly clock: Clock;
  private readonly reading: Reading<Place>;
  private candidates: Candidate<Place>[] = [];
  private readonly taken = new Set<string>();
  private readonly waiters = new Set<Waiter>();
  private filling: Promise<void> | undefined;
  private watching: AbortController | undefined;
  private looking = false;
  private lookAgain = false;
  private cancelTimer = (): void => undefined;

  constructor(store: Store, clock: Clock, reading: Reading<Place>) {
    this.store = store;
    this.clock = clock;
    this.reading = reading;
  }

  /** True when nothing would be lost by forgetting it. */
  get idle(): boolean {
    return this.waiters.size === 0 && this.taken.size === 0;
  }

  /** Up to `count` candidates that nobody else has; to be given back by `release` when their transaction has ended. */
  async next(count: number): Promise<Candidate<Place>[]> {
    if (this.candidates.length === 0) await this.fill();
    const given = this.candidates.splice(0, count);
    for (const { id } of given) this.taken.add(id);
    return given;
  }

  /** `unused` are the next ones again. */
  release(given: readonly Candidate<Place>[], unused: readonly Candidate<Place>[] = []): void {
    for (const { id } of given) this.taken.delete(id);
    this.candidates.unshift(...unused);
    if (unused.length > 0 && this.waiters.size > 0) void this.look();
  }

  /** Resolves when it is worth to try again, at `untilMs` at the latest. */
  wait(untilMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        if (!this.waiters.delete(waiter)) return;
        cancel();
        signal.removeEventListener('abort', wake);
        if (this.waiters.size === 0) this.rest();
        resolve();
      };
      const waiter: Waiter = { wake };
      this.waiters.add(waiter);
      const cancel = this.clock.at(untilMs, wake);
      if (signal.aborted) return wake();
      signal.addEventListener('abort', wake);
      this.watch();
      void this.look();
    });
  }

  /** Wakes everybody: the queue is not what it was. */
  close(): void {
    for (const waiter of [...this.waiters]) waiter.wake();
  }

  private fill(): Promise<void> {
    this.filling ??= this.read().finally(() => (this.filling = undefined));
    return this.filling;
  }

  private async read(): Promise<void> {
    // Those that are being taken are still there, so they are read and left out.
    const found = await this.reading.visible(Math.floor(this.clock.now()), readAheadRows + this.taken.size);
    const fresh = found.filter(({ id }) => !this.taken.has(id));
    this.candidates = fresh.length > readAheadRows ? fresh.slice(0, readAheadRows) : fresh;
  }

  /** Wakes as many as there is something for, and plans the next look. */
  private async look(): Promise<void> {
    this.lookAgain = true;
    if (this.looking) return;
    this.looking = true;
    try {
      while (this.lookAgain && this.waiters.size > 0) {
        this.lookAgain = false;
        if (this.candidates.length === 0) await this.fill();
        let worth = this.candidates.length;
        for (const waiter of this.waiters) {
          if (worth === 0) break;
          worth -= 1;
          waiter.wake();
        }
        if (this.waiters.size > 0) await this.planLook();
      }
    } catch {
      // The store could not be read; those who wait find out by themselves.
      this.close();
    } finally {
      this.looking = false;
    }
  }

  private async planLook(): Promise<void> {
    const nowMs = Math.floor(this.clock.now());
    const nextMs = await this.reading.nextVisibleMs(nowMs);
    this.cancelTimer();
    if (this.waiters.size === 0) return;
    this.cancelTimer = this.clock.at(Math.min(nextMs ?? Infinity, nowMs + pollMs), () => void this.look());
  }

  private watch(): void {
    if (this.watching) return;
    const watching = new AbortController();
    this.watching = watching;
    const hints = this.store.watch(this.reading.prefix, watching.signal);
    const follow = async (): Promise<void> => {
      for await (const _ of hints) void this.look();
    };
    follow().catch(() => undefined);
  }

  private rest(): void {
    this.cancelTimer();
    this.watching?.abort();
    this.watching = undefined;
  }
}
