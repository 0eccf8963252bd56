import { InvariantError } from '../../base/errors.ts';
import type { EngineReader } from '../engine.ts';
import { keyText } from '../keyText.ts';
import { keyBytesMax, rangeLimitMax, transactionBytesMax, valueBytesMax } from '../limits.ts';
import { mergeRange } from '../mergeRange.ts';
import type { Patch } from '../mergeRange.ts';
import type { Key, KeyRange, RangeOptions, Row, Transaction, Value } from '../store.ts';
import { nextKey } from '../tuple.ts';
import type { Batch } from './batch.ts';
import { decodeCounter, encodeCounter } from '../counter.ts';
import type { Overlay, RangeRead, ReadSet } from './overlay.ts';

export interface OwnWrite {
  readonly key: Key;
  value: Value | undefined;
  /** Set when this is an addition to whatever the counter holds at commit. */
  delta: bigint | undefined;
}

export interface OwnClear extends KeyRange {
  readonly fromText: string;
  readonly toText: string;
}

interface StampedWrite {
  readonly prefix: Key;
  readonly value: Value;
}

/** What the layer's transactions offer beyond the seam: for weak mode, which must not lean on checked ranges. */
export interface UncheckedRanges {
  uncheckedRange(options: RangeOptions): Promise<Row[]>;
}

const stampBytes = 10;
/** Two bytes of a stamp number the rows of one transaction. */
const stampsMax = 0x1_0000;

/** One attempt. It only collects; the store reads its fields when it decides. */
export class Attempt implements Transaction, UncheckedRanges, ReadSet {
  readonly startVersion: number;
  readonly startedMs: number;
  readonly reads: string[] = [];
  readonly readVersions: number[] = [];
  ranges: RangeRead[] | undefined;
  guards: string[] | undefined;
  writes: Map<string, OwnWrite> | undefined;
  clears: OwnClear[] | undefined;
  stamps: StampedWrite[] | undefined;
  effects: (() => void)[] | undefined;
  claimed: string[] | undefined;
  /** The newest batch that this attempt's reads rest on and that was not durable then. */
  sawBatch: Batch | undefined;
  open = true;
  /** Whether the writes have become part of a batch. */
  joined = false;
  /** Neighbours in the list of unfinished attempts, oldest first. */
  older: Attempt | undefined;
  newer: Attempt | undefined;
  private readonly overlay: Overlay;
  private readonly engine: EngineReader;
  private readonly claims: Map<string, Attempt>;
  private bytes = 0;

  constructor(overlay: Overlay, engine: EngineReader, claims: Map<string, Attempt>, startedMs: number) {
    this.overlay = overlay;
    this.engine = engine;
    this.claims = claims;
    this.startVersion = overlay.version;
    this.startedMs = startedMs;
  }

  get(key: Key): Promise<Value | undefined> {
    this.requireOpen();
    requireKey(key);
    const text = keyText(key);
    const own = this.writes?.get(text);
    if (own !== undefined && own.delta === undefined) return Promise.resolve(own.value);
    if (own === undefined && this.clears?.some((clear) => covers(clear, text))) return Promise.resolve(undefined);
    const value = this.readShared(text, key);
    if (own?.delta === undefined) return Promise.resolve(value);
    return Promise.resolve(encodeCounter(decodeCounter(value, key) + own.delta));
  }

  range(options: RangeOptions): Promise<Row[]> {
    return Promise.resolve(this.readRange(options, true));
  }

  uncheckedRange(options: RangeOptions): Promise<Row[]> {
    return Promise.resolve(this.readRange(options, false));
  }

  set(key: Key, value: Value): void {
    this.requireOpen();
    requireKey(key);
    requireValue(value);
    this.put(keyText(key), key, value, undefined);
  }

  clear(key: Key): void {
    this.requireOpen();
    requireKey(key);
    this.put(keyText(key), key, undefined, undefined);
  }

  clearRange(range: KeyRange): void {
    this.requireOpen();
    const fromText = keyText(range.from);
    const toText = keyText(range.to);
    if (fromText >= toText) return;
    for (const text of this.writes?.keys() ?? []) {
      if (fromText <= text && text < toText) this.writes?.delete(text);
    }
    this.account(range.from.length + range.to.length);
    (this.clears ??= []).push({ from: range.from, to: range.to, fromText, toText });
  }

  guard(key: Key): void {
    this.requireOpen();
    requireKey(key);
    (this.guards ??= []).push(keyText(key));
  }

  claim(options: RangeOptions): Promise<Row[]> {
    this.requireOpen();
    requireRange(options);
    const reverse = options.reverse === true;
    const rows: Row[] = [];
    let { from, to } = options;
    while (rows.length < options.limit) {
      const limit = Math.min(rangeLimitMax, options.limit - rows.length + this.claims.size);
      // The range itself is not checked: a claimer wants any free rows, and those it takes are checked one by one.
      const candidates = this.readRange({ from, to, limit, reverse }, false);
      for (const row of candidates) if (rows.length < options.limit && this.take(row.key)) rows.push(row);
      const last = candidates[candidates.length - 1];
      if (last === undefined || candidates.length < limit) break;
      if (reverse) to = last.key;
      else from = nextKey(last.key);
    }
    return Promise.resolve(rows);
  }

  stamped(prefix: Key, value: Value): void {
    this.requireOpen();
    if (prefix.length + stampBytes > keyBytesMax) throw keyRefused(prefix.length + stampBytes);
    requireValue(value);
    this.account(prefix.length + stampBytes + value.length);
    const stamps = (this.stamps ??= []);
    if (stamps.length === stampsMax) throw new InvariantError('a transaction writes too many stamped rows', { stampsMax });
    stamps.push({ prefix, value });
  }

  add(key: Key, delta: bigint): void {
    this.requireOpen();
    requireKey(key);
    const text = keyText(key);
    const own = this.writes?.get(text);
    if (own?.delta !== undefined) own.delta += delta;
    else if (own !== undefined) own.value = encodeCounter(decodeCounter(own.value, key) + delta);
    else if (this.clears?.some((clear) => covers(clear, text))) this.put(text, key, encodeCounter(delta), undefined);
    else this.put(text, key, undefined, delta);
  }

  afterCommit(effect: () => void): void {
    this.requireOpen();
    (this.effects ??= []).push(effect);
  }

  /** Notes that what was read rests on `batch`. */
  saw(batch: Batch): void {
    if (this.sawBatch === undefined || this.sawBatch.sequence < batch.sequence) this.sawBatch = batch;
  }

  hasWrites(): boolean {
    return (
      (this.writes !== undefined && this.writes.size > 0) ||
      this.clears !== undefined ||
      this.stamps !== undefined ||
      this.guards !== undefined
    );
  }

  private readShared(text: string, key: Key): Value | undefined {
    this.reads.push(text);
    this.readVersions.push(this.overlay.version);
    return this.overlay.read(text, key, this);
  }

  private readRange(options: RangeOptions, checked: boolean): Row[] {
    this.requireOpen();
    requireRange(options);
    const fromText = keyText(options.from);
    const toText = keyText(options.to);
    if (fromText >= toText || options.limit === 0) return [];
    const shared = this.overlay.pendingIn(fromText, toText);
    for (const entry of shared) this.saw(entry.batch);
    const clears = this.overlay.pendingClearsIn(fromText, toText);
    for (const clear of clears) this.saw(clear.batch);
    const ownClears = this.clears;
    const patches = this.writes === undefined && ownClears === undefined ? shared : this.withOwnWrites(shared, fromText, toText);
    const hides =
      clears.length === 0 && ownClears === undefined
        ? undefined
        : (text: string): boolean =>
            clears.some((clear) => clear.from <= text && text < clear.to) || ownClears?.some((clear) => covers(clear, text)) === true;
    const rows = mergeRange((base) => this.engine.range(base), patches, options, hides);
    if (checked) this.recordRange(rows, options, fromText, toText);
    return rows;
  }

  // Only the part that was really read counts: what lies behind the last row of a full page may change.
  private recordRange(rows: readonly Row[], options: RangeOptions, fromText: string, toText: string): void {
    const last = rows.length === options.limit ? rows[rows.length - 1] : undefined;
    const lastText = last === undefined ? undefined : keyText(last.key);
    (this.ranges ??= []).push({
      from: lastText !== undefined && options.reverse === true ? lastText : fromText,
      to: lastText !== undefined && options.reverse !== true ? `${lastText}\0` : toText,
      version: this.overlay.version,
    });
  }

  private withOwnWrites(shared: readonly Patch[], fromText: string, toText: string): Patch[] {
    const merged = new Map<string, Patch>();
    for (const patch of shared) {
      const text = keyText(patch.key);
      if (!this.clears?.some((clear) => covers(clear, text))) merged.set(text, patch);
    }
    for (const [text, own] of this.writes ?? []) {
      if (text < fromText || text >= toText) continue;
      if (own.delta === undefined) merged.set(text, own);
      else merged.set(text, { key: own.key, value: encodeCounter(decodeCounter(this.readShared(text, own.key), own.key) + own.delta) });
    }
    return [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, patch]) => patch);
  }

  private take(key: Key): boolean {
    const text = keyText(key);
    const holder = this.claims.get(text);
    if (holder !== undefined && holder !== this) return false;
    if (holder === undefined) {
      this.claims.set(text, this);
      (this.claimed ??= []).push(text);
    }
    this.reads.push(text);
    this.readVersions.push(this.overlay.version);
    return true;
  }

  private put(text: string, key: Key, value: Value | undefined, delta: bigint | undefined): void {
    const writes = (this.writes ??= new Map());
    const previous = writes.get(text);
    if (previous === undefined) this.account(key.length + (value?.length ?? 8));
    else this.account((value?.length ?? 8) - (previous.value?.length ?? 8));
    writes.set(text, { key, value, delta });
  }

  private account(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > transactionBytesMax) {
      throw new InvariantError('a transaction writes more than transactionBytesMax', { bytes: this.bytes, transactionBytesMax });
    }
  }

  private requireOpen(): void {
    if (!this.open) throw new InvariantError('a transaction was used after its attempt had ended');
  }
}

/** Throws unless `options` keep the limits that every engine has. */
export function requireRange(options: RangeOptions): void {
  const { limit, from, to } = options;
  if (!Number.isInteger(limit) || limit < 0 || limit > rangeLimitMax) {
    throw new InvariantError('a range limit must be a whole number up to rangeLimitMax', { limit, rangeLimitMax });
  }
  // A bound is at most one byte longer than a key: nextKey, keyRange.
  if (from.length > keyBytesMax + 1) throw keyRefused(from.length);
  if (to.length > keyBytesMax + 1) throw keyRefused(to.length);
}

/** Throws unless `key` keeps the limits that every engine has. */
export function requireKey(key: Key): void {
  if (key.length === 0 || key.length > keyBytesMax) throw keyRefused(key.length);
}

function requireValue(value: Value): void {
  if (value.length > valueBytesMax) {
    throw new InvariantError('a value is longer than valueBytesMax', { bytes: value.length, valueBytesMax });
  }
}

function keyRefused(bytes: number): InvariantError {
  return new InvariantError('a key must have 1 to keyBytesMax bytes', { bytes, keyBytesMax });
}

function covers(clear: OwnClear, text: string): boolean {
  return clear.fromText <= text && text < clear.toText;
}
