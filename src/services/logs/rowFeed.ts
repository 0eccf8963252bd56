import type { Position } from './domain/position.ts';
import type { OpenRow } from './domain/rowHeap.ts';
import { rowSpanMsMax } from './limits.ts';
import type { EventQuery } from './reading.ts';
import { rows, rowsByTime } from './store.ts';
import type { StoredRow } from './store.ts';
import type { ReadTransaction } from '../../kv/store.ts';
import type { KeyPart } from '../../kv/tuple.ts';

/** The rows of a query in the order of their first event (or the reverse), fetched a few at a time. */
export interface RowFeed {
  /** No event of a row that is still unread stands before this place, in the direction of reading; undefined at the end. */
  nextBound(): Promise<Position | undefined>;
  /** The next row; undefined when it has gone meanwhile. */
  take(): Promise<OpenRow | undefined>;
  rowsSeen(): number;
  bytesRead(): number;
}

interface Entry {
  readonly streamId: number;
  readonly firstMs: number;
  readonly sequence: number;
  readonly lastMs: number;
  readonly bytes: number;
  wanted: boolean;
  /** Already here when one stream is read: its rows are in its own key range. */
  row: StoredRow | undefined;
}

const listRowsMin = 16;
const listRowsMax = 256;
const listBytesAimed = 512 * 1024;
/** Rows that are fetched together. */
const fetchRowsMax = 16;

export function openRowFeed(tx: ReadTransaction, query: EventQuery): RowFeed {
  const single = 'streamId' in query.source ? query.source.streamId : undefined;
  const bounds = keyBounds(query, single);
  let waiting: Entry[] = [];
  let next = 0;
  let atEnd = false;
  let after: readonly KeyPart[] | undefined;
  let limit = listRowsMin;
  let rowsSeen = 0;
  let bytesRead = 0;

  async function list(): Promise<Entry[]> {
    const { scope, groupId, reverse } = query;
    const options = { ...bounds, limit, reverse, ...(after ? { after } : {}) };
    const found =
      single === undefined
        ? (await rowsByTime.list(tx, scope, [groupId], options)).map(({ parts, row }) => entryOf(parts, [1, 2, 3], row, undefined))
        : (await rows.list(tx, scope, [groupId, single], options)).map(({ parts, row }) => entryOf(parts, [2, 1, 3], row, row));
    const last = found.at(-1);
    if (found.length < limit || !last) atEnd = true;
    else after = single === undefined ? [groupId, last.firstMs, last.streamId, last.sequence] : [groupId, single, last.firstMs, last.sequence];
    const bytes = single === undefined ? found.length * 64 : found.reduce((sum, entry) => sum + entry.bytes, 0);
    limit = Math.min(listRowsMax, Math.max(listRowsMin, Math.floor((listBytesAimed * found.length) / Math.max(1, bytes))));
    const wanted = await Promise.all(found.map(isWanted));
    return found.map((entry, at) => ({ ...entry, wanted: wanted[at] === true }));
  }

  /** Fetches the row at hand, and those behind it that will be wanted soon. */
  async function fetch(entry: Entry): Promise<StoredRow | undefined> {
    if (entry.row) return entry.row;
    const soon = waiting.slice(next - 1, next - 1 + fetchRowsMax).filter(({ wanted, row }) => wanted && !row);
    const keys = soon.map(({ streamId, firstMs, sequence }) => [query.groupId, streamId, firstMs, sequence]);
    const fetched = await Promise.all(keys.map((key) => rows.get(tx, query.scope, key)));
    soon.forEach((other, at) => {
      other.row = fetched[at];
    });
    return entry.row;
  }

  /** Rows that cannot hold anything the query wants are not looked into. */
  async function isWanted(entry: Entry): Promise<boolean> {
    if (entry.lastMs < query.fromMs) return false;
    if (!query.reverse && query.after && entry.lastMs < query.after.timestampMs) return false;
    return !('wants' in query.source) || (await query.source.wants(entry.streamId));
  }

  async function peek(): Promise<Entry | undefined> {
    for (;;) {
      const entry = waiting[next];
      if (entry) return entry;
      if (atEnd) return undefined;
      waiting = await list();
      next = 0;
    }
  }

  return {
    async nextBound() {
      const entry = await peek();
      if (!entry) return undefined;
      const { streamId, firstMs, sequence } = entry;
      // Backwards, a row tells only where it begins; it may reach up to the longest span beyond that.
      if (query.reverse) return { timestampMs: firstMs + rowSpanMsMax + 1, streamId: 0, sequence: 0, index: 0 };
      return { timestampMs: firstMs, streamId, sequence, index: 0 };
    },
    async take() {
      const entry = await peek();
      if (!entry) return undefined;
      next += 1;
      rowsSeen += 1;
      const row = entry.wanted ? await fetch(entry) : undefined;
      if (!row) return undefined;
      // It is the caller's from here on.
      entry.row = undefined;
      const { streamId, firstMs, sequence } = entry;
      bytesRead += entry.bytes;
      return { streamId, firstMs, sequence, ingestedAtMs: row.ingestedAtMs, events: row.events, at: 0 };
    },
    rowsSeen: () => rowsSeen,
    bytesRead: () => bytesRead,
  };
}

function keyBounds(query: EventQuery, single: number | undefined): { from: readonly KeyPart[]; before?: readonly KeyPart[] } {
  const parent: readonly KeyPart[] = single === undefined ? [query.groupId] : [query.groupId, single];
  const { after, reverse } = query;
  const earliestMs = reverse || !after ? query.fromMs : Math.max(query.fromMs, after.timestampMs);
  const latestMs = reverse && after ? Math.min(query.beforeMs, after.timestampMs + 1) : query.beforeMs;
  const from = [...parent, Math.max(0, earliestMs - rowSpanMsMax)];
  return Number.isSafeInteger(latestMs) ? { from, before: [...parent, latestMs] } : { from };
}

function entryOf(
  parts: readonly KeyPart[],
  [firstAt, streamAt, sequenceAt]: readonly [number, number, number],
  { lastMs, bytes }: { readonly lastMs: number; readonly bytes: number },
  row: StoredRow | undefined,
): Entry {
  const place = { firstMs: Number(parts[firstAt]), streamId: Number(parts[streamAt]), sequence: Number(parts[sequenceAt]) };
  return { ...place, lastMs, bytes, wanted: true, row };
}
