// Reads all shards of one stream for one mapping: parents before their children, each from where it was left.
import { delay } from '../../../base/clock.ts';
import { ServiceError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/log.ts';
import type { StreamPosition, StreamShard } from '../../../ports/streamReader.ts';
import { findInvocable } from '../invocations/invocable.ts';
import { mappingTroubleMs, shardScanMs } from '../limits.ts';
import { createBell } from './bell.ts';
import type { StreamMapping } from './mappingStore.ts';
import type { Poller } from './queuePoller.ts';
import { serveShard } from './shardWorker.ts';
import type { ShardDeps } from './shardWorker.ts';
import { clearShard, hasStarted, listShardRows, setShard, setStarted } from './shardStore.ts';
import type { ShardRow } from './shardStore.ts';
import { findRefusedStreamCall } from './streamSource.ts';
import type { StreamSourceDeps } from './streamSource.ts';

export type StreamPollerDeps = ShardDeps & StreamSourceDeps & { readonly log: Logger; readonly report: (result: string) => void };

/** Starts reading. */
export function startStreamPoller(mapping: StreamMapping, deps: StreamPollerDeps): Poller {
  const { store, clock, log, reader, report } = deps;
  const { sourceArn, account, region } = mapping;
  const reference = { account, region, name: mapping.functionName, qualifier: mapping.qualifier };
  const stopping = new AbortController();
  const { signal } = stopping;
  const bell = createBell(clock, signal);
  const serving = new Map<string, Promise<void>>();

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        const problem = await tend();
        if (problem !== undefined) {
          report(`PROBLEM: ${problem}`);
          log.warn('an event source mapping waits', { mapping: mapping.uuid, sourceArn, problem });
          await pause(mappingTroubleMs);
        } else await bell.wait(clock.now() + shardScanMs);
      } catch (error) {
        if (signal.aborted) break;
        log.warn('an event source mapping could not go on; it tries again', { mapping: mapping.uuid, error: error instanceof Error ? error.stack : String(error) });
        await pause(mappingTroubleMs);
      }
    }
    await Promise.all(serving.values());
  }

  /** Serves what can be served now; answers what is in the way, if something is. */
  async function tend(): Promise<string | undefined> {
    const found = await findInvocable(reference, deps).catch(undefinedIfRefused);
    if (found === undefined) return 'Function not found.';
    const { roleArn } = found.row;
    if ((await findRefusedStreamCall(roleArn, sourceArn, region, deps)) !== undefined) return 'The role of the function may not read the stream.';
    const shards = await reader.listShards(sourceArn);
    if (shards === undefined) return 'Stream not found.';
    const rows = await noteShards(shards);
    for (const shard of shards) {
      const row = rows.get(shard.shardId);
      const isReady = shard.parentShardIds.every((parent) => rows.get(parent)?.isDone ?? true);
      if (row !== undefined && !row.isDone && isReady && !serving.has(shard.shardId)) serve(row, roleArn);
    }
    return undefined;
  }

  function serve(start: ShardRow, roleArn: string): void {
    const served = serveShard({ mapping, start, roleArn, signal, report }, deps)
      .then(() => undefined, async (error: unknown) => {
        log.warn('a shard could not be read on; it is tried again', { mapping: mapping.uuid, shardId: start.shardId, error: error instanceof Error ? error.stack : String(error) });
        await pause(mappingTroubleMs);
      })
      .finally(() => {
        serving.delete(start.shardId);
        bell.ring();
      });
    serving.set(start.shardId, served);
  }

  /** A row for each shard: the first time from the starting position, later ones (after a split or merge) from their beginning. */
  function noteShards(shards: readonly StreamShard[]): Promise<ReadonlyMap<string, ShardRow>> {
    return store.transact(async (tx) => {
      const rows = new Map((await listShardRows(tx, mapping)).map((row) => [row.shardId, row]));
      const isFirst = !(await hasStarted(tx, mapping));
      for (const { shardId, isClosed } of shards) {
        if (rows.has(shardId)) continue;
        const position: StreamPosition = isFirst ? startingPosition(mapping) : { kind: 'trim-horizon' };
        const row: ShardRow = { shardId, position, isDone: position.kind === 'latest' && isClosed, lanes: mapping.stream.parallelizationFactor, progress: [] };
        rows.set(shardId, row);
        setShard(tx, mapping, row);
      }
      // Shards that are gone from the stream, and done, are of no use to anybody.
      const present = new Set(shards.map(({ shardId }) => shardId));
      for (const row of rows.values()) if (row.isDone && !present.has(row.shardId)) clearShard(tx, mapping, row.shardId);
      if (isFirst) setStarted(tx, mapping);
      return rows;
    });
  }

  const pause = (waitMs: number): Promise<void> => delay(clock, waitMs, signal).catch(() => undefined);
  const running = run();
  return {
    stop() {
      stopping.abort();
      return running;
    },
  };
}

function startingPosition({ stream: { startingPosition: position, startingTimestampMs } }: StreamMapping): StreamPosition {
  if (position === 'AT_TIMESTAMP') return { kind: 'at-timestamp', timestampMs: startingTimestampMs ?? 0 };
  return { kind: position === 'LATEST' ? 'latest' : 'trim-horizon' };
}

function undefinedIfRefused(error: unknown): undefined {
  if (error instanceof ServiceError) return undefined;
  throw error;
}
