import type { KeyRange, Store } from './store.ts';
import { nextKey } from './tuple.ts';

/** Rows that one transaction clears: some milliseconds of an embedded engine's time. */
const pageRows = 250;

/**
 * Clears a range of any length in many short transactions, so that everybody else goes on meanwhile. Not atomic: what a crash leaves
 * is the upper part. Resolves to the number of rows cleared.
 */
export async function clearRangeInPages(store: Pick<Store, 'read' | 'transact'>, { from, to }: KeyRange): Promise<number> {
  for (let cleared = 0; ; ) {
    const rows = await store.read((tx) => tx.range({ from, to, limit: pageRows }));
    const last = rows.at(-1);
    if (last === undefined) return cleared;
    await store.transact(async (tx) => tx.clearRange({ from, to: nextKey(last.key) }));
    cleared += rows.length;
    if (rows.length < pageRows) return cleared;
  }
}
