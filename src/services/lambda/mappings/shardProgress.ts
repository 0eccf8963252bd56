// How far the lanes of one shard have come: what has been read and not yet been done, and the position that is committed for it.
import type { ReadTransaction, Store, Transaction } from '../../../kv/store.ts';
import type { StreamPosition, StreamRecord } from '../../../ports/streamReader.ts';
import { shardBytesMax, shardRecordsMax } from '../limits.ts';
import type { StreamMapping } from './mappingStore.ts';
import { findWindowState, setShard, setWindowState } from './shardStore.ts';
import type { LaneProgress, ShardRow, WindowRow } from './shardStore.ts';
import { isAfter } from './streamEvent.ts';

export interface LaneChange {
  readonly lane: number;
  /** That are done now, in their order. */
  readonly records: readonly StreamRecord[];
  readonly window?: WindowRow | undefined;
}

export interface ShardProgress {
  /** Where reading goes on. */
  readonly from: StreamPosition;
  /** How many more may be read. */
  readonly room: number;
  /** Everything read up to the next record that somebody waits for is done. */
  readonly isHeadDone: boolean;
  /** Notes a record that was read; false when it has been done already, or nobody wants it. */
  add(record: StreamRecord, lane: number, isWanted: boolean): boolean;
  readTo(position: StreamPosition): void;
  windowOf(lane: number): WindowRow | undefined;
  /** Begins a window; it is kept with the lane's next change. */
  beginWindow(lane: number, window: WindowRow): void;
  /** Writes how far the shard has come; `effect` happens with it. One after another, so that no older position comes last. */
  commit(change?: LaneChange, effect?: (tx: Transaction) => void): Promise<void>;
  /** Everything is done, and its children's turn. */
  close(): Promise<void>;
}

interface Lane {
  readonly after?: string;
  readonly window?: WindowRow;
}

interface Entry {
  readonly record: StreamRecord;
  readonly bytes: number;
  isDone: boolean;
}

/** Goes on from a shard's row; `onChange` is called after every commit. */
export async function openShardProgress(mapping: StreamMapping, start: ShardRow, { store, onChange }: { readonly store: Store; readonly onChange: () => void }): Promise<ShardProgress> {
  const { shardId } = start;
  const lanes = mapping.stream.parallelizationFactor;
  // With another number of lanes keys are in others: what they did beyond the position is done again.
  const progress: (Lane | undefined)[] = start.lanes === lanes ? await openLanes(mapping, start, store) : [];
  const entries: Entry[] = [];
  const entryOf = new Map<StreamRecord, Entry>();
  let bytes = 0;
  let position = start.position;
  let from = start.position;
  let committing: Promise<void> = Promise.resolve();

  function advance(): void {
    let done = 0;
    for (let entry = entries[done]; entry?.isDone === true; entry = entries[done]) {
      bytes -= entry.bytes;
      position = { kind: 'after', sequenceNumber: entry.record.sequenceNumber };
      done += 1;
    }
    entries.splice(0, done);
    if (entries.length === 0) position = from;
  }

  function apply({ lane, records, window }: LaneChange): void {
    for (const record of records) {
      const entry = entryOf.get(record);
      if (entry) entry.isDone = true;
      entryOf.delete(record);
    }
    const after = records.at(-1)?.sequenceNumber ?? progress[lane]?.after;
    progress[lane] = { ...(after === undefined ? {} : { after }), ...(window === undefined ? {} : { window }) };
  }

  function commit(change: LaneChange | undefined, effect: ((tx: Transaction) => void) | undefined, isDone: boolean): Promise<void> {
    committing = committing.then(async () => {
      if (change !== undefined) apply(change);
      advance();
      const row: ShardRow = { shardId, position, isDone, lanes, progress: Array.from({ length: lanes }, (_none, lane) => spanOf(progress[lane])) };
      await store.transact(async (tx) => {
        setShard(tx, mapping, row);
        if (change !== undefined && mapping.stream.tumblingSeconds > 0) setWindowState(tx, mapping, shardId, change.lane, change.window?.state);
        effect?.(tx);
      });
      onChange();
    });
    return committing;
  }

  return {
    get from() {
      return from;
    },
    get room() {
      return bytes >= shardBytesMax ? 0 : shardRecordsMax - entries.length;
    },
    get isHeadDone() {
      return entries[0]?.isDone ?? true;
    },
    add(record, lane, isWanted) {
      const after = progress[lane]?.after;
      const isDone = !isWanted || (after !== undefined && !isAfter(record.sequenceNumber, after));
      const entry = { record, bytes: sizeOf(record), isDone };
      entries.push(entry);
      bytes += entry.bytes;
      if (!isDone) entryOf.set(record, entry);
      return !isDone;
    },
    readTo(next) {
      from = next;
    },
    windowOf: (lane) => progress[lane]?.window,
    beginWindow(lane, window) {
      progress[lane] = { ...progress[lane], window };
    },
    commit: (change, effect) => commit(change, effect, false),
    close: () => commit(undefined, undefined, true),
  };
}

const sizeOf = (record: StreamRecord): number => (record.kind === 'kinesis' ? record.data.length : JSON.stringify(record.change).length);

function openLanes(mapping: StreamMapping, { shardId, progress }: ShardRow, store: Store): Promise<(Lane | undefined)[]> {
  const open = async (tx: ReadTransaction, span: LaneProgress | undefined, lane: number): Promise<Lane | undefined> => {
    if (span?.window === undefined) return span && afterOf(span);
    return { ...afterOf(span), window: { ...span.window, state: await findWindowState(tx, mapping, shardId, lane) } };
  };
  return store.read((tx) => Promise.all(progress.map((span, lane) => open(tx, span, lane))));
}

function spanOf(lane: Lane | undefined): LaneProgress | undefined {
  if (lane?.window === undefined) return lane && afterOf(lane);
  const { startMs, endMs } = lane.window;
  return { ...afterOf(lane), window: { startMs, endMs } };
}

const afterOf = ({ after }: { readonly after?: string }): { readonly after?: string } => (after === undefined ? {} : { after });
