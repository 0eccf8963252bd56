// What has been committed but is not yet durable, and what was committed since the oldest unfinished attempt began. The first
// is what reads see on top of the engine, the second is what conflicts are found in. An entry usually is both for some
// milliseconds; it is forgotten when it is neither.
import type { Engine, EngineWrite } from '../engine.ts';
import { patchesIn } from '../mergeRange.ts';
import { OrderedMap } from '../orderedMap.ts';
import type { Key, Value } from '../store.ts';
import type { Batch } from './batch.ts';

export interface Entry {
  readonly text: string;
  readonly key: Key;
  /** Undefined when the key was cleared, and after the entry has become durable. */
  value: Value | undefined;
  readonly version: number;
  readonly batch: Batch;
  readonly write: MutableWrite;
}

interface MutableWrite extends EngineWrite {
  value: Value | undefined;
}

export interface ClearedRange {
  readonly from: string;
  readonly to: string;
  readonly version: number;
  readonly batch: Batch;
}

/** One commit, as later conflict checks and watchers need it. */
export interface CommitRecord {
  readonly version: number;
  readonly batch: Batch;
  readonly entries: Entry[];
  readonly clears: ClearedRange[] | undefined;
  readonly guards: readonly string[] | undefined;
}

/** What an attempt has read: checked by {@link Overlay.findConflict}. */
export interface ReadSet {
  readonly startVersion: number;
  readonly reads: readonly string[];
  /** For each of `reads`, the version at which it was read. */
  readonly readVersions: readonly number[];
  readonly ranges: readonly RangeRead[] | undefined;
  readonly guards: readonly string[] | undefined;
}

export interface RangeRead {
  readonly from: string;
  readonly to: string;
  readonly version: number;
}

const noClears: readonly ClearedRange[] = [];

export class Overlay {
  version: number;
  private readonly engine: Engine;
  private readonly entries = new Map<string, Entry>();
  private readonly pending = new OrderedMap<Entry>();
  private clears: ClearedRange[] = [];
  private readonly guards = new Map<string, number>();
  private history: CommitRecord[] = [];
  private resetVersion = 0;

  constructor(engine: Engine, version: number) {
    this.engine = engine;
    this.version = version;
  }

  /** The newest value of a key, durable or not. `reader` is told of a batch that the answer rests on and that is not durable. */
  read(text: string, key: Key, reader: { saw(batch: Batch): void } | undefined): Value | undefined {
    const entry = this.entries.get(text);
    if (entry !== undefined && !entry.batch.durable) {
      reader?.saw(entry.batch);
      return entry.value;
    }
    const clear = this.clears.length === 0 ? undefined : this.pendingClear(text);
    if (clear === undefined) return this.engine.get(key);
    reader?.saw(clear.batch);
    return undefined;
  }

  /** Entries to lay over the engine's rows in `[from, to)`, ascending. */
  pendingIn(from: string, to: string): Entry[] {
    return this.pending.size === 0 ? [] : patchesIn(this.pending, from, to);
  }

  /** Range clears that are not durable yet and touch `[from, to)`. */
  pendingClearsIn(from: string, to: string): readonly ClearedRange[] {
    return this.clears.length === 0 ? noClears : this.clears.filter((clear) => !clear.batch.durable && clear.from < to && from < clear.to);
  }

  /** The key text because of which `attempt` cannot commit ('' when it is no single key), or undefined when it can. */
  findConflict(attempt: ReadSet): string | undefined {
    if (attempt.startVersion < this.resetVersion) return '';
    if (attempt.startVersion === this.version) return undefined;
    const { reads, readVersions, ranges, guards } = attempt;
    for (let index = 0; index < reads.length; index += 1) {
      const text = reads[index] as string;
      const readVersion = readVersions[index] as number;
      if ((this.entries.get(text)?.version ?? -1) > readVersion) return text;
      if (this.clears.some((clear) => clear.version > readVersion && clear.from <= text && text < clear.to)) return text;
    }
    for (const guard of guards ?? []) {
      if ((this.guards.get(guard) ?? -1) > attempt.startVersion) return guard;
    }
    return ranges?.some((range) => this.rangeChanged(range)) ? '' : undefined;
  }

  /** Starts the record of one commit; the caller then adds its clears before its sets. */
  begin(batch: Batch, guards: readonly string[] | undefined, hasClears: boolean): CommitRecord {
    this.version += 1;
    const record: CommitRecord = { version: this.version, batch, entries: [], clears: hasClears ? [] : undefined, guards };
    for (const guard of guards ?? []) this.guards.set(guard, record.version);
    this.history.push(record);
    batch.records.push(record);
    return record;
  }

  set(record: CommitRecord, text: string, key: Key, value: Value | undefined): void {
    const { batch, version } = record;
    const previous = this.entries.get(text);
    let write: MutableWrite;
    // A hot key is written once a batch, not once a commit; after a range clear the order of writes matters.
    if (previous !== undefined && previous.batch === batch && !batch.hasClears) {
      write = previous.write;
      write.value = value;
    } else {
      write = { key, to: undefined, value };
      batch.writes.push(write);
    }
    batch.bytes += key.length + (value === undefined ? 0 : value.length);
    const entry: Entry = { text, key, value, version, batch, write };
    this.entries.set(text, entry);
    this.pending.set(text, entry);
    record.entries.push(entry);
  }

  clearRange(record: CommitRecord, range: { from: Key; to: Key; fromText: string; toText: string }): void {
    const { batch, version } = record;
    const { fromText, toText } = range;
    batch.hasClears = true;
    batch.writes.push({ key: range.from, to: range.to, value: undefined });
    // Rows that only the overlay knows are cleared one by one: the engine sees them after this batch's range clear was resolved.
    for (const entry of this.pendingIn(fromText, toText)) {
      if (entry.value !== undefined) this.set(record, entry.text, entry.key, undefined);
    }
    const clear: ClearedRange = { from: fromText, to: toText, version, batch };
    this.clears.push(clear);
    record.clears?.push(clear);
  }

  /** `batch` has become durable: its values are the engine's now. */
  settle(batch: Batch): void {
    for (const record of batch.records) {
      for (const entry of record.entries) {
        entry.value = undefined;
        if (this.pending.get(entry.text) === entry) this.pending.delete(entry.text);
      }
    }
  }

  /** Forgets everything that is not durable: its flush failed. Every attempt under way will have to run again. */
  reset(): void {
    this.version += 1;
    this.resetVersion = this.version;
    this.entries.clear();
    this.pending.clear();
    this.clears = [];
    this.guards.clear();
    this.history = [];
  }

  /** Forgets durable commits that no attempt begun at or after `oldestVersion` can conflict with. */
  prune(oldestVersion: number): void {
    let count = 0;
    for (const record of this.history) {
      if (!record.batch.durable || record.version > oldestVersion) break;
      for (const entry of record.entries) if (this.entries.get(entry.text) === entry) this.entries.delete(entry.text);
      for (const guard of record.guards ?? []) if (this.guards.get(guard) === record.version) this.guards.delete(guard);
      if (record.clears !== undefined) this.clears = this.clears.filter((clear) => clear.version !== record.version);
      count += 1;
    }
    if (count === this.history.length) this.history = [];
    else if (count > 0) this.history.splice(0, count);
  }

  private pendingClear(text: string): ClearedRange | undefined {
    return this.clears.find((clear) => !clear.batch.durable && clear.from <= text && text < clear.to);
  }

  private rangeChanged(range: RangeRead): boolean {
    for (let index = this.history.length - 1; index >= 0; index -= 1) {
      const record = this.history[index] as CommitRecord;
      if (record.version <= range.version) return false;
      if (record.entries.some((entry) => range.from <= entry.text && entry.text < range.to)) return true;
      if (record.clears?.some((clear) => clear.from < range.to && range.from < clear.to)) return true;
    }
    return false;
  }
}
