// Optimistic transactions over any Engine: attempts read whatever is newest, and are checked when they end. One that passes joins
// the overlay at once, so that the next attempt builds on it, and is acknowledged when its batch is durable. Everything between
// two awaits runs alone, which is all the locking there is.
import { InvariantError } from '../../base/errors.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Engine, EngineSnapshot } from '../engine.ts';
import { keyText } from '../keyText.ts';
import { createLeases } from '../leases.ts';
import { transactionMsMax } from '../limits.ts';
import type {
  Key,
  Lease,
  ReadTransaction,
  Row,
  Stamp,
  Store,
  TransactOptions,
  Transaction,
  Value,
} from '../store.ts';
import { nextKey } from '../tuple.ts';
import { Batch } from './batch.ts';
import { decodeCounter, encodeCounter } from '../counter.ts';
import { LockTable } from './lockTable.ts';
import { exportPages, replaceAllRows, stampCeilingKey } from './wholeStore.ts';
import { Overlay } from './overlay.ts';
import type { CommitRecord } from './overlay.ts';
import { ReadView } from './readView.ts';
import { Attempt, requireKey, requireRange } from './transaction.ts';
import { Watchers } from './watchers.ts';

export interface OptimisticStoreOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
}

const attemptsMax = 100;
/** Attempts that follow each other at once; later ones wait some turns of the event loop. */
const eagerAttempts = 3;
const backOffTurnsMax = 32;
/** New transactions wait while this much is on its way to the disk. */
const pendingBytesMax = 64 * 1024 * 1024;
/** Stamps are promised to the disk in blocks of this many commits, so that they grow over restarts too. */
const stampBlock = 1_000_000;
const conflictLockPrefix = '\u0100';

/** A store over an embedded engine that this process alone owns. */
export function createOptimisticStore(options: OptimisticStoreOptions): Store {
  const store = new OptimisticStore(options);
  const leases = createLeases({ store, clock: options.clock, random: options.random, soleOwner: true });
  return {
    transact: (attempt, transactOptions) => store.transact(attempt, transactOptions),
    read: (work) => store.read(work),
    getMany: (keys) => store.getMany(keys),
    tail: (prefix, after, limit) => store.tail(prefix, after, limit),
    watch: (prefix, signal) => store.watch(prefix, signal),
    lease: (name, ttlMs): Promise<Lease | undefined> => leases.acquire(name, ttlMs),
    exportRows: () => store.exportRows(),
    replaceRows: (pages) => store.replaceRows(pages),
    backup: (folder) => store.backup(folder),
    async close() {
      leases.close();
      await store.close();
    },
  };
}

class OptimisticStore {
  private readonly engine: Engine;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly overlay: Overlay;
  private readonly locks = new LockTable();
  private readonly watchers = new Watchers();
  private readonly claims = new Map<string, Attempt>();
  private readonly snapshots = new Set<ReadView>();
  private readonly exported = new Set<EngineSnapshot>();
  private oldest: Attempt | undefined;
  private newest: Attempt | undefined;
  private pending = new Batch(1);
  private flushing: Batch | undefined;
  private flushQueued = false;
  private stampCeiling: number;
  private closing: Promise<void> | undefined;

  constructor({ engine, clock, random }: OptimisticStoreOptions) {
    this.engine = engine;
    this.clock = clock;
    this.random = random;
    this.stampCeiling = Number(decodeCounter(engine.get(stampCeilingKey), stampCeilingKey));
    this.overlay = new Overlay(engine, this.stampCeiling);
  }

  transact<T>(work: (tx: Transaction) => Promise<T>, options?: TransactOptions): Promise<T> {
    const names = options?.locks;
    return names === undefined || names.length === 0 ? this.run(work) : this.runLocked(work, names);
  }

  async read<T>(work: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    this.requireOpen();
    const view = new ReadView(this.engine.snapshot(), this.clock);
    this.snapshots.add(view);
    try {
      return await work(view);
    } finally {
      view.release();
      this.snapshots.delete(view);
    }
  }

  async getMany(keys: readonly Key[]): Promise<(Value | undefined)[]> {
    this.requireOpen();
    return keys.map((key) => {
      requireKey(key);
      return this.engine.get(key);
    });
  }

  // The engine holds whole batches only, and stamps are given in batch order: whatever precedes a visible row is visible.
  async tail(prefix: Key, after: Stamp | undefined, limit: number): Promise<Row[]> {
    this.requireOpen();
    const from = after === undefined ? prefix : nextKey(Buffer.concat([prefix, after]));
    const to = Buffer.concat([prefix, Buffer.from([0xff])]);
    requireRange({ from, to, limit });
    return this.engine.range({ from, to, limit });
  }

  watch(prefix: Key, signal: AbortSignal): AsyncIterable<void> {
    return this.watchers.watch(prefix, signal);
  }

  exportRows(): AsyncIterable<readonly Row[]> {
    this.requireOpen();
    return exportPages(this.engine, this.exported);
  }

  async replaceRows(pages: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>): Promise<void> {
    await replaceAllRows(this, pages, async (ceiling) => {
      // On the disk before any row that carries such a stamp.
      this.stampCeiling = Math.max(this.stampCeiling, ceiling);
      const value = encodeCounter(BigInt(this.stampCeiling));
      await this.transact(async (tx) => tx.set(stampCeilingKey, value));
      this.overlay.version = Math.max(this.overlay.version, ceiling);
    });
  }

  async backup(folder: string): Promise<void> {
    this.requireOpen();
    await this.engine.backup(folder);
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async runLocked<T>(work: (tx: Transaction) => Promise<T>, names: readonly string[]): Promise<T> {
    const held: string[] = [];
    const releaseAll = (): void => {
      for (const name of held.splice(0)) this.locks.release(name);
    };
    try {
      for (const name of [...new Set(names)].sort()) {
        await this.locks.acquire(name);
        held.push(name);
      }
      return await this.run(work, releaseAll);
    } finally {
      releaseAll();
    }
  }

  private async run<T>(work: (tx: Transaction) => Promise<T>, onDecided?: () => void): Promise<T> {
    this.requireOpen();
    while (this.pending.bytes > pendingBytesMax) await this.pending.done;
    let conflictLock: string | undefined;
    try {
      for (let tries = 1; tries <= attemptsMax; tries += 1) {
        if (tries > eagerAttempts) await this.backOff(tries);
        const attempt = this.begin();
        let result: T | undefined;
        let failure: { readonly error: unknown } | undefined;
        try {
          result = await work(attempt);
        } catch (error) {
          failure = { error };
        }
        const conflict = this.end(attempt, failure === undefined, conflictLock !== undefined);
        if (conflict === undefined) {
          onDecided?.();
          if (conflictLock !== undefined) conflictLock = this.releaseLock(conflictLock);
          if (attempt.sawBatch !== undefined && !(await becameDurable(attempt))) continue;
          if (failure !== undefined) throw failure.error;
          runEffects(attempt.effects);
          return result as T;
        }
        if (conflictLock !== undefined) conflictLock = this.releaseLock(conflictLock);
        if (conflict !== '') {
          const name = conflictLockPrefix + conflict;
          await this.locks.acquire(name);
          conflictLock = name;
        }
      }
      throw new InvariantError('a transaction conflicted too often', { attempts: attemptsMax });
    } finally {
      if (conflictLock !== undefined) this.releaseLock(conflictLock);
    }
  }

  private releaseLock(name: string): undefined {
    this.locks.release(name);
    return undefined;
  }

  // Some attempt always wins, so this only spreads those that keep losing.
  private async backOff(tries: number): Promise<void> {
    const turns = Math.min(backOffTurnsMax, 2 ** Math.min(tries - eagerAttempts, 10));
    for (let turn = 1 + Math.floor(this.random.fraction() * turns); turn > 0; turn -= 1) await nextTurn();
    this.requireOpen();
  }

  private begin(): Attempt {
    const attempt = new Attempt(this.overlay, this.engine, this.claims, this.clock.now());
    attempt.older = this.newest;
    if (this.newest === undefined) this.oldest = attempt;
    else this.newest.newer = attempt;
    this.newest = attempt;
    return attempt;
  }

  /** Decides: undefined when the attempt stands, else the key text that it conflicted on. */
  private end(attempt: Attempt, succeeded: boolean, exempt: boolean): string | undefined {
    attempt.open = false;
    this.unlink(attempt);
    try {
      this.requireOpen();
      const tookMs = this.clock.now() - attempt.startedMs;
      if (succeeded && tookMs > transactionMsMax) {
        throw new InvariantError('a transaction took longer than transactionMsMax', { tookMs, transactionMsMax });
      }
      const conflict = this.overlay.findConflict(attempt) ?? (exempt || this.locks.idle ? undefined : this.findQueue(attempt));
      if (conflict !== undefined) return conflict;
      if (succeeded && attempt.hasWrites()) this.join(attempt);
      return undefined;
    } finally {
      for (const text of attempt.claimed ?? []) this.claims.delete(text);
    }
  }

  // Attempts that lost on a key queue for it. A newcomer that would overtake them joins the queue instead, or they would starve.
  private findQueue(attempt: Attempt): string | undefined {
    return attempt.reads.find((text) => attempt.writes?.has(text) === true && this.locks.isHeld(conflictLockPrefix + text));
  }

  private join(attempt: Attempt): void {
    // Counters are read before anything is applied, so that a value which is no counter leaves no trace.
    const sums = this.addUp(attempt);
    const batch = this.pending;
    const record = this.overlay.begin(batch, attempt.guards, attempt.clears !== undefined);
    for (const clear of attempt.clears ?? []) this.overlay.clearRange(record, clear);
    if (attempt.writes !== undefined) {
      for (const [text, { key, value, delta }] of attempt.writes) {
        this.overlay.set(record, text, key, delta === undefined ? value : sums?.get(text));
      }
    }
    if (attempt.stamps !== undefined) this.applyStamps(attempt, record);
    attempt.sawBatch = batch;
    attempt.joined = true;
    this.queueFlush();
  }

  private addUp(attempt: Attempt): Map<string, Value> | undefined {
    let sums: Map<string, Value> | undefined;
    for (const [text, { key, delta }] of attempt.writes ?? []) {
      if (delta === undefined) continue;
      const current = this.overlay.read(text, key, undefined);
      (sums ??= new Map()).set(text, encodeCounter(decodeCounter(current, key) + delta));
    }
    return sums;
  }

  private applyStamps(attempt: Attempt, record: CommitRecord): void {
    if (record.version >= this.stampCeiling) {
      this.stampCeiling = record.version + stampBlock;
      this.overlay.set(record, keyText(stampCeilingKey), stampCeilingKey, encodeCounter(BigInt(this.stampCeiling)));
    }
    let order = 0;
    for (const { prefix, value } of attempt.stamps ?? []) {
      const key = Buffer.allocUnsafe(prefix.length + 10);
      key.set(prefix);
      key.writeBigUInt64BE(BigInt(record.version), prefix.length);
      key.writeUInt16BE(order, prefix.length + 8);
      order += 1;
      this.overlay.set(record, keyText(key), key, value);
    }
  }

  private queueFlush(): void {
    if (this.flushQueued || this.flushing !== undefined) return;
    this.flushQueued = true;
    // At the end of this turn of the event loop, so that everything which arrived in it shares one flush.
    setImmediate(() => {
      this.flushQueued = false;
      this.flush();
    });
  }

  private flush(): void {
    const batch = this.pending;
    if (batch.records.length === 0) return;
    this.pending = new Batch(batch.sequence + 1);
    this.flushing = batch;
    const onFailed = (error: unknown): void => this.onFlushFailed(batch, error);
    try {
      this.engine.commit(batch.writes).then(() => this.onFlushed(batch), onFailed);
    } catch (error) {
      onFailed(error);
    }
  }

  private onFlushed(batch: Batch): void {
    this.flushing = undefined;
    batch.durable = true;
    this.overlay.settle(batch);
    this.dropExpired();
    this.overlay.prune(this.oldest === undefined ? this.overlay.version : this.oldest.startVersion);
    this.watchers.notify(batch.records);
    batch.succeed();
    if (this.pending.records.length > 0) this.queueFlush();
  }

  // What joined after the failed batch may rest on it, so it fails as well, and attempts under way run again.
  private onFlushFailed(batch: Batch, error: unknown): void {
    const follower = this.pending;
    this.flushing = undefined;
    this.pending = new Batch(follower.sequence + 1);
    this.stampCeiling = Number(decodeCounter(this.engine.get(stampCeilingKey), stampCeilingKey));
    this.overlay.reset();
    batch.fail(error);
    follower.fail(error);
  }

  // An attempt that will be refused for its age need not be remembered for, and a snapshot that nobody ends pins the file.
  private dropExpired(): void {
    const nowMs = this.clock.now();
    while (this.oldest !== undefined && nowMs - this.oldest.startedMs > transactionMsMax) this.unlink(this.oldest);
    for (const view of this.snapshots) {
      if (nowMs - view.startedMs <= transactionMsMax) break;
      view.release();
      this.snapshots.delete(view);
    }
  }

  private unlink(attempt: Attempt): void {
    const { older, newer } = attempt;
    if (older !== undefined) older.newer = newer;
    else if (this.oldest === attempt) this.oldest = newer;
    if (newer !== undefined) newer.older = older;
    else if (this.newest === attempt) this.newest = older;
    attempt.older = undefined;
    attempt.newer = undefined;
  }

  private async shutDown(): Promise<void> {
    this.watchers.close();
    while (this.flushing !== undefined || this.pending.records.length > 0) {
      const last = this.pending.records.length > 0 ? this.pending : this.flushing;
      await last?.done.catch(() => undefined);
    }
    for (const view of [...this.snapshots, ...this.exported]) view.release();
    this.exported.clear();
    await this.engine.close();
  }

  private requireOpen(): void {
    if (this.closing !== undefined) throw new InvariantError('the store is closed');
  }
}

/** Waits for what the attempt wrote or read. False when it only read, and what it read was lost: then it can read again. */
async function becameDurable(attempt: Attempt): Promise<boolean> {
  if (attempt.joined) await attempt.sawBatch?.done;
  else {
    try {
      await attempt.sawBatch?.done;
    } catch {
      return false;
    }
  }
  return true;
}

// The commit stands whatever an effect does, so each of them runs; the first error then tells the caller about the bug.
function runEffects(effects: readonly (() => void)[] | undefined): void {
  if (effects === undefined) return;
  const errors: unknown[] = [];
  for (const effect of effects) {
    try {
      effect();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
