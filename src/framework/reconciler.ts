// Brings what runs in line with what rows want. What is wanted is only in the rows, so a server that was killed finds everything there when it
// starts again: rows are looked through at the start, after each change below their prefix, and now and then in any case.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Key, ReadTransaction, Store } from '../kv/store.ts';

export interface ReconcilerDeps {
  readonly store: Store;
  readonly wall: Clock;
  readonly log: Logger;
}

export interface ReconcilerOptions<Row> {
  /** Of the warning when a look fails; the next one comes in any case. */
  readonly failure: string;
  /** Changes below it are looked at. */
  readonly prefix: Key;
  readonly everyMs: number;
  readonly pageMax: number;
  /** The rows behind `after`, in the order of their keys. */
  list(tx: ReadTransaction, page: { readonly limit: number; readonly after: Row | undefined }): Promise<readonly Row[]>;
  /** Answers the name of what this row keeps; undefined when it keeps nothing. */
  tend(row: Row): Promise<string | undefined>;
  /** After all rows: whatever is not among these names has no row any more. */
  keepOnly(kept: ReadonlySet<string>): void;
}

export interface Reconciler {
  /** Of the end. */
  readonly signal: AbortSignal;
  start(): void;
  /** Looks through all rows soon; one look serves all who ask meanwhile. */
  look(): void;
  /** Begins no look any more. */
  end(): void;
  /** Resolves after the look that is under way. */
  settled(): Promise<void>;
}

/** One look at a time; a look that fails is logged, and the next one comes in any case. */
export function createReconciler<Row>({ store, wall, log }: ReconcilerDeps, options: ReconcilerOptions<Row>): Reconciler {
  const { prefix, everyMs, pageMax } = options;
  const ending = new AbortController();
  let looking: Promise<void> | undefined;
  let again = false;
  let cancelNext = (): void => undefined;

  function look(): void {
    if (ending.signal.aborted) return;
    again = true;
    looking ??= run().finally(() => {
      looking = undefined;
      if (again) look();
    });
  }

  async function run(): Promise<void> {
    while (again && !ending.signal.aborted) {
      again = false;
      try {
        await tendAll();
      } catch (error) {
        log.warn(options.failure, { error: error instanceof Error ? error.stack : String(error) });
        return;
      }
    }
  }

  async function tendAll(): Promise<void> {
    const kept = new Set<string>();
    for (let after: Row | undefined; ; ) {
      const rows = await store.read((tx) => options.list(tx, { limit: pageMax, after }));
      for (const row of rows) {
        if (ending.signal.aborted) return;
        const name = await options.tend(row);
        if (name !== undefined) kept.add(name);
      }
      after = rows.at(-1);
      if (rows.length < pageMax) break;
    }
    options.keepOnly(kept);
  }

  async function followHints(): Promise<void> {
    for await (const _hint of store.watch(prefix, ending.signal)) look();
  }

  function planNext(): void {
    cancelNext = wall.at(wall.now() + everyMs, () => {
      look();
      planNext();
    });
  }

  return {
    signal: ending.signal,
    start() {
      void followHints();
      planNext();
      look();
    },
    look,
    end() {
      ending.abort();
      cancelNext();
    },
    async settled() {
      await looking;
    },
  };
}
