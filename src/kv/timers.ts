// Timers are rows, set in the same transaction as the state they serve. `due` rows, in the order of time, say what fires next; the
// `timer` row of (service, id) is the truth: a due row that it does not point to is nothing. A process keeps the next few due rows
// of each bucket in memory and one wake-up of the clock for the earliest of all, however many timers there are. Buckets are there so
// that an engine with several processes can deal them out; an embedded store's one process holds them all.
import type { Clock } from '../base/clock.ts';
import { InvariantError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { crc32c } from './crc32c.ts';
import { decodeRecord, encodeRecord } from './record.ts';
import type { Key, ReadTransaction, Store, Transaction } from './store.ts';
import { DueList } from './timers/dueList.ts';
import type { DueTimer } from './timers/dueList.ts';
import { keyRange, packKey, unpackKey } from './tuple.ts';

export interface TimerId {
  /** Whose handler it is for. */
  readonly service: string;
  /** Unique within the service; setting it again moves the timer. */
  readonly id: string;
}

export interface TimerSetting extends TimerId {
  /** Product time; rounded up to whole milliseconds. */
  readonly dueMs: number;
  /** Small things only: a row that the timer belongs to says the rest. */
  readonly detail?: object;
}

export interface FiredTimer extends TimerId {
  /** When it should have fired; after a jump of the clock, or a time without a server, long ago. */
  readonly dueMs: number;
  readonly detail: object | undefined;
  /** How often the handler has failed on it. */
  readonly failures: number;
}

/**
 * What is due, in the transaction that clears the timer. It may set the same timer again. Like every transaction it may run twice, and
 * only reads, writes and emits. When it throws, the timer comes again, later each time.
 */
export type TimerHandler = (tx: Transaction, timer: FiredTimer) => Promise<void>;

export interface Timers {
  /** Sets a timer, or moves it, as part of `tx`. */
  set(tx: Transaction, setting: TimerSetting): Promise<void>;
  /** Forgets a timer, as part of `tx`; one that is not there is no error. */
  clear(tx: Transaction, timer: TimerId): Promise<void>;
  find(tx: ReadTransaction, timer: TimerId): Promise<{ readonly dueMs: number } | undefined>;
  /** Every service with timers registers one handler before `start`. */
  handle(service: string, handler: TimerHandler): void;
  /** Begins firing; what became due meanwhile comes first, in order. */
  start(): void;
  /** Fires no more, and waits for what is under way. */
  stop(): Promise<void>;
}

export interface TimersOptions {
  readonly store: Store;
  /** Product time. */
  readonly clock: Clock;
  /** For the safety scan. */
  readonly wall: Clock;
  readonly log: Logger;
}

interface TimerRow {
  readonly dueMs: number;
  /** The time in the key of its due row: later than `dueMs` once the handler has failed. */
  readonly atMs: number;
  readonly failures: number;
  readonly detail: object | undefined;
}

const buckets = 16;
/** Timers of the same millisecond that fire at once. */
const concurrency = 64;
const safetyScanMs = 1_000;
const retryMsFirst = 1_000;
const retryMsMax = 300_000;

/** Timers over any store. */
export function createTimers({ store, clock, wall, log }: TimersOptions): Timers {
  const handlers = new Map<string, TimerHandler>();
  const lists = Array.from({ length: buckets }, (_, bucket) => new DueList(store, bucketRange(bucket)));
  let started = false;
  let stopping = false;
  let running: Promise<void> | undefined;
  let again = false;
  let cancelWake = (): void => undefined;
  let cancelScan = (): void => undefined;

  async function set(tx: Transaction, { service, id, dueMs, detail }: TimerSetting): Promise<void> {
    const atMs = Math.ceil(dueMs);
    if (!Number.isSafeInteger(atMs)) throw new InvariantError('a timer needs a time', { service, id, dueMs });
    await put(tx, { service, id }, { dueMs: atMs, atMs, failures: 0, detail });
  }

  async function put(tx: Transaction, { service, id }: TimerId, row: TimerRow): Promise<void> {
    const timer = { service, id };
    const old = await readTimer(tx, timer);
    if (old !== undefined && old.atMs !== row.atMs) tx.clear(dueKey(timer, old.atMs));
    tx.set(timerKey(timer), encodeRecord(row));
    const key = dueKey(timer, row.atMs);
    tx.set(key, encodeRecord({}));
    tx.afterCommit(() => note({ key, service, id, atMs: row.atMs }));
  }

  async function clear(tx: Transaction, timer: TimerId): Promise<void> {
    const old = await readTimer(tx, timer);
    if (old === undefined) return;
    tx.clear(dueKey(timer, old.atMs));
    tx.clear(timerKey(timer));
  }

  function note(due: DueTimer): void {
    if (!started || stopping) return;
    lists[bucketOf(due)]?.add(due);
    wake();
  }

  /** Fires what is due, and plans the next wake-up. One run at a time. */
  function wake(): void {
    if (stopping) return;
    again = true;
    running ??= run().finally(() => {
      running = undefined;
      if (again) wake();
    });
  }

  async function run(): Promise<void> {
    while (again && !stopping) {
      again = false;
      try {
        await fireDue();
      } catch (error) {
        // The store could not be read; the safety scan tries again.
        log.warn('timers could not be read', { error: String(error) });
        return;
      }
    }
  }

  async function fireDue(): Promise<void> {
    cancelWake();
    for (;;) {
      for (const list of lists) await list.fill();
      if (stopping) return;
      const nextMs = Math.min(...lists.map((list) => list.earliestMs));
      if (nextMs > clock.now()) {
        if (nextMs < Infinity) cancelWake = clock.at(nextMs, wake);
        return;
      }
      // All of one moment at once, the next moment after them: what they set themselves comes in its order, too.
      const moment: DueTimer[] = [];
      for (const list of lists) moment.push(...list.take(nextMs, concurrency - moment.length));
      await Promise.all(moment.map(fire));
    }
  }

  async function fire(due: DueTimer): Promise<void> {
    const handler = handlers.get(due.service);
    try {
      if (handler === undefined) throw new InvariantError('nobody handles the timers of this service', { service: due.service });
      await store.transact(async (tx) => {
        const row = await readCurrent(tx, due);
        if (row === undefined) return;
        tx.clear(due.key);
        tx.clear(timerKey(due));
        await handler(tx, { service: due.service, id: due.id, dueMs: row.dueMs, detail: row.detail, failures: row.failures });
      });
    } catch (error) {
      log.warn('a timer failed and comes again', { service: due.service, timer: due.id, error: error instanceof Error ? error.stack : String(error) });
      await postpone(due).catch((failure: unknown) => log.warn('a timer could not be put off', { timer: due.id, error: String(failure) }));
    }
  }

  // By a row as well: however many fail, and whoever dies, nothing is forgotten and the others are not held up.
  async function postpone(due: DueTimer): Promise<void> {
    await store.transact(async (tx) => {
      const row = await readCurrent(tx, due);
      if (row === undefined) return;
      const delayMs = Math.min(retryMsMax, retryMsFirst * 2 ** Math.min(row.failures, 20));
      await put(tx, due, { ...row, atMs: Math.ceil(clock.now()) + delayMs, failures: row.failures + 1 });
    });
  }

  // Whatever a hint should have told and did not is found here: one row of each bucket is looked at.
  function planScan(): void {
    cancelScan = wall.at(wall.now() + safetyScanMs, () => {
      void Promise.all(lists.map((list) => list.check())).then(
        (changed) => {
          // Also when the clock has moved on without a wake-up, as a suspended machine's does.
          if (changed.includes(true) || Math.min(...lists.map((list) => list.earliestMs)) <= clock.now()) wake();
          if (!stopping) planScan();
        },
        () => {
          if (!stopping) planScan();
        },
      );
    });
  }

  return {
    set,
    clear,
    async find(tx, timer) {
      const row = await readTimer(tx, timer);
      return row === undefined ? undefined : { dueMs: row.dueMs };
    },
    handle(service, handler) {
      if (handlers.has(service)) throw new InvariantError('the timers of this service are handled already', { service });
      handlers.set(service, handler);
    },
    start() {
      if (started) return;
      started = true;
      wake();
      planScan();
    },
    async stop() {
      stopping = true;
      cancelWake();
      cancelScan();
      await running;
    },
  };
}

async function readTimer(tx: ReadTransaction, timer: TimerId): Promise<TimerRow | undefined> {
  const key = timerKey(timer);
  const value = await tx.get(key);
  return value === undefined ? undefined : decodeRecord<TimerRow>(value, key);
}

/** The timer that `due` announces; undefined when it was moved or cleared, or has fired. */
async function readCurrent(tx: ReadTransaction, due: DueTimer): Promise<TimerRow | undefined> {
  const row = await readTimer(tx, due);
  return row?.atMs === due.atMs ? row : undefined;
}

function timerKey({ service, id }: TimerId): Key {
  return packKey([null, 'timer', service, id]);
}

function dueKey(timer: TimerId, atMs: number): Key {
  return packKey([null, 'due', bucketOf(timer), atMs, timer.service, timer.id]);
}

function bucketRange(bucket: number): { readonly from: Key; readonly to: Key; parse(key: Key): DueTimer } {
  return {
    ...keyRange([null, 'due', bucket]),
    parse(key) {
      const [, , , atMs, service, id] = unpackKey(key);
      return { key, atMs: Number(atMs), service: String(service), id: String(id) };
    },
  };
}

function bucketOf({ service, id }: TimerId): number {
  return crc32c(Buffer.from(`${service}\0${id}`)) % buckets;
}
