// Taking everything out of a store and putting everything back, beside the transactions of everybody else.
import { InvariantError } from '../../base/errors.ts';
import { clearRangeInPages } from '../clearRangeInPages.ts';
import { decodeCounter } from '../counter.ts';
import type { Engine, EngineSnapshot } from '../engine.ts';
import type { Key, Row, Store } from '../store.ts';
import { keyRange, nextKey, packKey } from '../tuple.ts';

/** No stamp at or above its number has been given, unless it has been raised since. */
export const stampCeilingKey = packKey([null, 'stampCeiling']);

const leases = keyRange([null, 'lease']);
const lowest = Uint8Array.of();
const highest = Uint8Array.of(0xff);
/** Of the largest values, eight megabytes. */
const pageRows = 80;
/** Several pages share a sync of the disk. */
const pagesUnderWay = 4;

/** The state of now, page by page. `open` holds the snapshots that nobody has read to the end. */
export function exportPages(engine: Engine, open: Set<EngineSnapshot>): AsyncIterable<readonly Row[]> {
  const snapshot = engine.snapshot();
  open.add(snapshot);
  let from: Key = lowest;
  const end = (): { done: true; value: undefined } => {
    if (open.delete(snapshot)) snapshot.release();
    return { done: true, value: undefined };
  };
  const iterator: AsyncIterator<readonly Row[]> = {
    async next() {
      await new Promise((resolve) => setImmediate(resolve));
      if (!open.has(snapshot)) return end();
      const rows = snapshot.range({ from, to: highest, limit: pageRows });
      const last = rows.at(-1);
      if (last === undefined) return end();
      from = nextKey(last.key);
      return { done: false, value: rows.filter(({ key }) => !isLease(key)) };
    },
    return: async () => end(),
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/** See `Store.replaceRows`. `raiseStamps` makes later stamps larger than those below its ceiling. */
export async function replaceAllRows(
  store: Pick<Store, 'read' | 'transact'>,
  pages: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>,
  raiseStamps: (ceiling: number) => Promise<void>,
): Promise<void> {
  // The ceiling stays whatever happens: rows with stamps below it may be with those who read them.
  await clearRangeInPages(store, { from: lowest, to: stampCeilingKey });
  await clearRangeInPages(store, { from: nextKey(stampCeilingKey), to: highest });
  let previous: Key = lowest;
  const underWay: Promise<void>[] = [];
  for await (const rows of pages) {
    for (const { key, value } of rows) {
      if (Buffer.compare(previous, key) >= 0) throw new InvariantError('rows are out of order', { key: Buffer.from(key).toString('hex') });
      previous = key;
      if (isStampCeiling(key)) await raiseStamps(Number(decodeCounter(value, key)));
    }
    const writing = store.transact(async (tx) => {
      for (const { key, value } of rows) if (!isStampCeiling(key) && !isLease(key)) tx.set(key, value);
    });
    // Whoever fails first is reported by the await below; the others must not count as unhandled meanwhile.
    writing.catch(() => undefined);
    underWay.push(writing);
    if (underWay.length === pagesUnderWay) await underWay.shift();
  }
  await Promise.all(underWay);
}

function isStampCeiling(key: Key): boolean {
  return Buffer.compare(key, stampCeilingKey) === 0;
}

function isLease(key: Key): boolean {
  return Buffer.compare(leases.from, key) <= 0 && Buffer.compare(key, leases.to) < 0;
}
