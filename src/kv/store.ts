// The seam between services and storage engines (design.md §4). It has the shape of an ordered key-value store with
// optimistic transactions, and promises only what every planned engine can keep.

/** A packed tuple, at most `keyBytesMax` long. Made by `packKey`; compared as unsigned bytes. */
export type Key = Uint8Array;
/** At most `valueBytesMax`; larger things are chunked or live in the blob store. */
export type Value = Uint8Array;
/** Ten bytes that grow in commit order. */
export type Stamp = Uint8Array;

export interface Row {
  readonly key: Key;
  readonly value: Value;
}

/** Keys k with `from <= k < to`. */
export interface KeyRange {
  readonly from: Key;
  readonly to: Key;
}

export interface RangeOptions extends KeyRange {
  readonly limit: number;
  readonly reverse?: boolean;
}

export interface ReadTransaction {
  get(key: Key): Promise<Value | undefined>;
  range(options: RangeOptions): Promise<Row[]>;
}

export interface Transaction extends ReadTransaction {
  // `get` is checked at commit: if the key changed meanwhile, the callback runs again. `range` is a SNAPSHOT and is not
  // checked; decisions made from a range need `guard`.
  set(key: Key, value: Value): void;
  clear(key: Key): void;
  clearRange(range: KeyRange): void;
  /** Makes two transactions that guard the same key conflict. */
  guard(key: Key): void;
  /** A range that skips rows which another unfinished transaction has claimed. */
  claim(options: RangeOptions): Promise<Row[]>;
  /** Writes `value` under `prefix` followed by a {@link Stamp} that is assigned at commit. */
  stamped(prefix: Key, value: Value): void;
  /** Adds to a counter (8 bytes, little-endian, signed) without conflicting with other additions. */
  add(key: Key, delta: bigint): void;
  /** Runs once after this attempt has become durable. The only place for side effects. */
  afterCommit(effect: () => void): void;
}

export interface TransactOptions {
  /** Named locks, taken in sorted order before the first attempt: for keys known to be hot. */
  readonly locks?: readonly string[];
}

export interface Lease {
  /** Grows with every new holder of the same name. */
  readonly epoch: bigint;
  /** Aborts when the lease was lost or could not be renewed in time. */
  readonly signal: AbortSignal;
  /** Reads the lease row inside `tx`, so that a stale holder cannot commit. */
  fence(tx: Transaction): Promise<void>;
  release(): Promise<void>;
}

export interface Store {
  /**
   * Runs `attempt` until it commits without conflict; resolves when the result is durable. The callback may run several
   * times: it must only read, write and emit. A `ServiceError` (any error) thrown by it rolls back and is passed on.
   */
  transact<T>(attempt: (tx: Transaction) => Promise<T>, options?: TransactOptions): Promise<T>;
  /** One consistent snapshot; never retries. */
  read<T>(work: (tx: ReadTransaction) => Promise<T>): Promise<T>;
  /** Strong point reads in one batch. */
  getMany(keys: readonly Key[]): Promise<(Value | undefined)[]>;
  /** Stamped rows below `prefix` after `after`, only those that no older commit can still precede. */
  tail(prefix: Key, after: Stamp | undefined, limit: number): Promise<Row[]>;
  /** A HINT that something below `prefix` changed: may be lost, early or doubled. Always re-read, and poll as well. */
  watch(prefix: Key, signal: AbortSignal): AsyncIterable<void>;
  /** Undefined when another holder has it. */
  lease(name: string, ttlMs: number): Promise<Lease | undefined>;
  /**
   * Every row as it is at the moment of the call, in pages and in the order of keys, while others go on. Takes as long as its reader
   * does, so read it quickly. Leaves out what belongs to running processes (leases).
   */
  exportRows(): AsyncIterable<readonly Row[]>;
  /**
   * Replaces everything by `pages`, as `exportRows` gave them (none at all: wipes). Stamps go on growing. In many transactions, so a crash
   * leaves a part of it, and nobody else may use the store meanwhile.
   */
  replaceRows(pages: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>): Promise<void>;
  /** Copies a consistent state into an empty folder, while running. */
  backup(folder: string): Promise<void>;
  close(): Promise<void>;
}
