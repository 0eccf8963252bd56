import { eventOverheadBytes, messagePartBytesMax, rowBytesMax, rowSpanMsMax } from '../limits.ts';

/** What one stored row holds: events in the order of their time. */
export interface EventRow {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly events: readonly RowEvent[];
  readonly bytes: number;
}

export interface RowEvent {
  readonly timestampMs: number;
  readonly message: string;
}

/** How CloudWatch Logs measures an event, and we a row, a page and a queue. */
export function eventBytes(message: string): number {
  return Buffer.byteLength(message) + eventOverheadBytes;
}

/** Cuts events, given in the order of their time, into rows that are neither too large nor span too long. */
export function cutIntoRows(events: readonly RowEvent[]): EventRow[] {
  const rows: EventRow[] = [];
  let row: RowEvent[] = [];
  let bytes = 0;
  let roomTaken = 0;
  const close = (): void => {
    const [first, last] = [row[0], row.at(-1)];
    if (first && last) rows.push({ firstMs: first.timestampMs, lastMs: last.timestampMs, events: row, bytes });
    row = [];
    bytes = 0;
    roomTaken = 0;
  };
  for (const event of events) {
    const size = eventBytes(event.message);
    // A long message is kept outside the row and takes next to no room in it.
    const room = size > messagePartBytesMax ? eventOverheadBytes : size;
    const first = row[0];
    if (first && (roomTaken + room > rowBytesMax || event.timestampMs - first.timestampMs > rowSpanMsMax)) close();
    row.push(event);
    bytes += size;
    roomTaken += room;
  }
  close();
  return rows;
}

/** Half of a surrogate pair cannot be stored as UTF-8; it is replaced as UTF-8 encoders do. */
export function toStorable(message: string): string {
  return message.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** The parts in which a long message is stored, or undefined when it stays in its row. */
export function cutMessage(message: string): Buffer[] | undefined {
  if (eventBytes(message) <= messagePartBytesMax) return undefined;
  const bytes = Buffer.from(message);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += messagePartBytesMax) parts.push(bytes.subarray(at, at + messagePartBytesMax));
  return parts;
}
