// Streams without a service: tests put records into shards, split them and close them.
import type { Clock } from '../../../base/clock.ts';
import type { StreamPosition, StreamReader, StreamRecord, StreamShard } from '../../../ports/streamReader.ts';

export interface FakeStreams extends StreamReader {
  /** One that can be read; absent for a stream that does not exist. */
  readonly shards: Map<string, FakeShard>;
  exists: boolean;
  /** Adds a record; answers its sequence number. */
  put(data: string, options?: { readonly shardId?: string; readonly partitionKey?: string }): string;
  addShard(shardId: string, parentShardIds?: readonly string[]): void;
  closeShard(shardId: string): void;
}

interface FakeShard extends Omit<StreamShard, 'isClosed'> {
  isClosed: boolean;
  readonly records: StreamRecord[];
}

/** With one shard, `shardId-0`. */
export function createFakeStreams(clock: Pick<Clock, 'now'>): FakeStreams {
  const shards = new Map<string, FakeShard>();
  const wakers = new Set<() => void>();
  let last = 100;
  const wakeAll = (): void => {
    for (const wake of wakers) wake();
  };
  const addShard = (shardId: string, parentShardIds: readonly string[] = []): void => {
    shards.set(shardId, { shardId, parentShardIds, isClosed: false, records: [] });
  };
  addShard('shardId-0');

  const startOf = ({ records }: FakeShard, from: StreamPosition): number => {
    if (from.kind === 'trim-horizon') return 0;
    if (from.kind === 'latest') return records.length;
    const isBefore = (record: StreamRecord): boolean => (from.kind === 'after' ? Number(record.sequenceNumber) <= Number(from.sequenceNumber) : record.arrivedAtMs < from.timestampMs);
    return records.filter(isBefore).length;
  };

  const streams: FakeStreams = {
    shards,
    exists: true,
    addShard,
    put(data, { shardId = 'shardId-0', partitionKey = 'key' } = {}) {
      last += 1;
      const sequenceNumber = String(last);
      shards.get(shardId)?.records.push({ kind: 'kinesis', sequenceNumber, partitionKey, arrivedAtMs: clock.now(), data: Buffer.from(data) });
      wakeAll();
      return sequenceNumber;
    },
    closeShard(shardId) {
      const shard = shards.get(shardId);
      if (shard) shard.isClosed = true;
      wakeAll();
    },
    listShards: async () => (streams.exists ? [...shards.values()].map(({ records: _records, ...shard }) => ({ ...shard })) : undefined),
    async read(_arn, shardId, { from, recordsMax, signal }) {
      const shard = shards.get(shardId);
      if (!shard || !streams.exists) return undefined;
      const start = startOf(shard, from);
      if (from.kind !== 'latest' && shard.records.length === start && !shard.isClosed) {
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            wakers.delete(wake);
            resolve();
          };
          wakers.add(wake);
          signal.addEventListener('abort', wake, { once: true });
        });
      }
      const records = shard.records.slice(start, start + recordsMax);
      const lastRead = records.at(-1) ?? shard.records[start - 1];
      const next: StreamPosition = lastRead === undefined ? { kind: 'trim-horizon' } : { kind: 'after', sequenceNumber: lastRead.sequenceNumber };
      return { records, next, isEnd: shard.isClosed && start + records.length === shard.records.length };
    },
  };
  return streams;
}
