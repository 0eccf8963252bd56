import type { Key, RangeOptions, Row, Value } from './store.ts';

/** One step of a batch: a set when `value` is given, a clear of `[key, to)` when `to` is, else a clear of `key`. */
export interface EngineWrite {
  readonly key: Key;
  readonly to: Key | undefined;
  readonly value: Value | undefined;
}

export interface EngineReader {
  get(key: Key): Value | undefined;
  range(options: RangeOptions): Row[];
}

export interface EngineSnapshot extends EngineReader {
  /** May be called more than once. */
  release(): void;
}

/**
 * All that the optimistic layer needs of an embedded engine: one writer, atomic durable batches, and reads of what is durable.
 * Reads are synchronous because every embedded engine worth having answers them from mapped memory.
 */
export interface Engine extends EngineReader {
  snapshot(): EngineSnapshot;
  /**
   * Applies the writes in order, all or none, and resolves when they are durable and visible to `get`. Never called again before
   * the last call has settled. A range clear removes what the engine held before this batch and what the batch set above it.
   */
  commit(batch: readonly EngineWrite[]): Promise<void>;
  backup(folder: string): Promise<void>;
  close(): Promise<void>;
}
