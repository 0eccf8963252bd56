import { comparePositions } from './domain/position.ts';
import type { Position } from './domain/position.ts';
import { eventBytes } from './domain/rows.ts';
import { createRowHeap, positionOf } from './domain/rowHeap.ts';
import type { OpenRow } from './domain/rowHeap.ts';
import { pageScanBytesMax, pageScanRowsMax } from './limits.ts';
import { openRowFeed } from './rowFeed.ts';
import { readMessage } from './store.ts';
import type { ReadTransaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';

export interface EventQuery {
  readonly scope: Scope;
  readonly groupId: string;
  /** One stream, or all of the group that `wants` accepts. */
  readonly source: { readonly streamId: number } | { readonly wants: (streamId: number) => Promise<boolean> };
  /** Included. */
  readonly fromMs: number;
  /** Not included. */
  readonly beforeMs: number;
  /** Only events behind this place, in the direction of reading. */
  readonly after: Position | undefined;
  readonly reverse: boolean;
}

export interface PageLimits {
  readonly events: number;
  readonly bytes: number;
}

export interface FoundEvent {
  readonly position: Position;
  readonly message: string;
  readonly ingestedAtMs: number;
}

export interface EventPage {
  /** In the direction of reading. */
  readonly events: readonly FoundEvent[];
  /** Where the next page goes on; undefined when everything has been looked at. */
  readonly resume: Position | undefined;
}

/**
 * One page of events in the order of their positions: a merge of rows that overlap in time. Rows are fetched in the order
 * of their first event and only as far as needed, so the cost is that of the answer, not of the group. `accept` is asked
 * for every event; 'stop' ends the page before it.
 */
export async function readPage(
  tx: ReadTransaction,
  query: EventQuery,
  limits: PageLimits,
  accept: (message: string) => boolean | 'stop' | Promise<boolean | 'stop'>,
): Promise<EventPage> {
  const feed = openRowFeed(tx, query);
  const heap = createRowHeap(query.reverse);
  const events: FoundEvent[] = [];
  let bytes = 0;
  let seen: Position | undefined;
  const start = query.after;

  for (;;) {
    // Load rows until no row that is still unread can hold an event before the first of the heap.
    for (;;) {
      const bound = await feed.nextBound();
      if (!bound) break;
      const top = heap.top();
      if (top && isAhead(top, bound, query.reverse)) break;
      const scanned = feed.rowsSeen() > pageScanRowsMax || feed.bytesRead() > pageScanBytesMax;
      if (scanned && (!start || isAhead(start, bound, query.reverse))) return { events, resume: bound };
      const row = await feed.take();
      if (row && enter(row, query)) heap.push(row);
    }
    const row = heap.pop();
    if (!row) return { events, resume: undefined };
    const position = positionOf(row);
    const message = await messageIn(tx, query, row);
    const accepted = await accept(message);
    if (accepted === 'stop') return { events, resume: seen ?? start };
    if (accepted) {
      const size = eventBytes(message);
      if (events.length > 0 && (events.length >= limits.events || bytes + size > limits.bytes)) return { events, resume: seen };
      events.push({ position, message, ingestedAtMs: row.ingestedAtMs });
      bytes += size;
    }
    seen = position;
    row.at += query.reverse ? -1 : 1;
    if (isInside(row, query)) heap.push(row);
  }
}

function isAhead(a: Position, b: Position, reverse: boolean): boolean {
  const order = comparePositions(a, b);
  return reverse ? order > 0 : order < 0;
}

async function messageIn(tx: ReadTransaction, { scope, groupId }: EventQuery, row: OpenRow): Promise<string> {
  const message = row.events[row.at]?.[1] ?? '';
  if (typeof message === 'string') return message;
  return readMessage(tx, scope, [groupId, row.streamId, row.firstMs, row.sequence, row.at], message);
}

/** Moves to the row's first event that the query wants; false when it has none. */
function enter(row: OpenRow, query: EventQuery): boolean {
  const step = query.reverse ? -1 : 1;
  row.at = query.reverse ? row.events.length - 1 : 0;
  while (row.at >= 0 && row.at < row.events.length) {
    const position = positionOf(row);
    const tooEarly = query.reverse ? position.timestampMs >= query.beforeMs : position.timestampMs < query.fromMs;
    const behind = query.after === undefined || isAhead(query.after, position, query.reverse);
    if (!tooEarly && behind) return isInside(row, query);
    row.at += step;
  }
  return false;
}

function isInside(row: OpenRow, query: EventQuery): boolean {
  if (row.at < 0 || row.at >= row.events.length) return false;
  const { timestampMs } = positionOf(row);
  return timestampMs >= query.fromMs && timestampMs < query.beforeMs;
}
