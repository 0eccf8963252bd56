import type { LiveTailSessionLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import { readArrivals } from './arrivals.ts';
import type { TailedGroup } from './arrivals.ts';
import type { Matcher } from './domain/filter-pattern/matcher.ts';
import { eventBytes } from './domain/rows.ts';
import type { TailUpdate } from './domain/updateQueue.ts';
import { tailArrivalsMax, tailArrivalsPageMax, tailEventsMax, tailScanBytesMax, tailUpdateBytesMax } from './limits.ts';
import { readMessage, rows } from './store.ts';
import type { ArrivalRow } from './store.ts';
import type { ReadTransaction, Stamp, Store } from '../../kv/store.ts';

export interface TailCursor extends TailedGroup {
  readonly name: string;
  /** Everything up to this place of the list of arrivals has been told, or left out of a sample. */
  after: Stamp | undefined;
}

interface TailFilter {
  readonly wantsStream: (streamName: string) => boolean;
  readonly matcher: Matcher;
}

/** What one update has collected so far. */
interface Sample {
  readonly events: LiveTailSessionLogEvent[];
  bytes: number;
  scannedBytes: number;
  /** Something that matches, or might, has been left out: nothing more is looked at. */
  isFull: boolean;
}

/** Returns a function that reads what has arrived since it was called last. A failed call must not be repeated. */
export function createUpdateReader(store: Store, cursors: readonly TailCursor[], filter: TailFilter): () => Promise<TailUpdate> {
  let turn = 0;
  return async () => {
    filter.matcher.renew();
    const sample: Sample = { events: [], bytes: 0, scannedBytes: 0, isFull: false };
    // Each group is first in its turn: one that floods must not hide the others.
    turn = (turn + 1) % cursors.length;
    for (const cursor of [...cursors.slice(turn), ...cursors.slice(0, turn)]) await readGroup(store, cursor, filter, sample);
    return {
      update: { sessionMetadata: { sampled: sample.isFull }, sessionResults: sample.events },
      events: sample.events.length,
      bytes: sample.bytes,
    };
  };
}

async function readGroup(store: Store, cursor: TailCursor, filter: TailFilter, sample: Sample): Promise<void> {
  for (let seen = 0; seen < tailArrivalsMax; ) {
    const found = await readArrivals(store, cursor, cursor.after, tailArrivalsPageMax);
    const wanted = found.filter(({ arrival }) => filter.wantsStream(arrival.streamName));
    if (!sample.isFull && wanted.length > 0) {
      await store.read(async (tx) => {
        for (const { arrival } of wanted) await readArrival(tx, cursor, arrival, filter.matcher, sample);
      });
    } else if (wanted.length > 0) sample.isFull = true;
    cursor.after = found.at(-1)?.stamp ?? cursor.after;
    seen += found.length;
    if (found.length < tailArrivalsPageMax) return;
  }
}

async function readArrival(tx: ReadTransaction, cursor: TailCursor, arrival: ArrivalRow, matcher: Matcher, sample: Sample): Promise<void> {
  const { scope, groupId, name } = cursor;
  const { streamId, streamName } = arrival;
  for (const [firstMs, sequence] of arrival.rows) {
    if (sample.isFull) return;
    // Undefined once its stream or group has been deleted.
    const row = await rows.get(tx, scope, [groupId, streamId, firstMs, sequence]);
    for (const [at, [offsetMs, stored]] of (row?.events ?? []).entries()) {
      const message = typeof stored === 'string' ? stored : await readMessage(tx, scope, [groupId, streamId, firstMs, sequence, at], stored);
      const size = eventBytes(message);
      sample.scannedBytes += size;
      const accepted = sample.scannedBytes > tailScanBytesMax ? 'stop' : await matcher.accepts(message);
      if (accepted === false) continue;
      const hasRoom = sample.events.length < tailEventsMax && (sample.events.length === 0 || sample.bytes + size <= tailUpdateBytesMax);
      if (accepted === 'stop' || !hasRoom) {
        sample.isFull = true;
        return;
      }
      sample.events.push({
        logGroupIdentifier: `${scope.account}:${name}`,
        logStreamName: streamName,
        message,
        timestamp: firstMs + offsetMs,
        ...(row ? { ingestionTime: row.ingestedAtMs } : {}),
      });
      sample.bytes += size;
    }
  }
}
