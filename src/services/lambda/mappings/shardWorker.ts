// Reads one shard for one mapping. Records go, by their key, to as many lanes as the mapping has (ParallelizationFactor); a lane does one
// batch after another. What every lane has done without a gap is the shard's position, committed with each batch and with what is told of it.
import { delay } from '../../../base/clock.ts';
import type { Clock } from '../../../base/clock.ts';
import { ServiceError } from '../../../base/errors.ts';
import { uuid } from '../../../base/ids.ts';
import type { Emitter } from '../../../ports/outbox.ts';
import type { StreamReader, StreamRecord } from '../../../ports/streamReader.ts';
import { functionArn } from '../domain/functionName.ts';
import { markOf, newTraceId } from '../domain/trace.ts';
import { findInvocable, runInvocable } from '../invocations/invocable.ts';
import type { Invocable } from '../invocations/invocable.ts';
import { requestPayloadBytesMax, shardReadBytesMax, streamBatchMax, streamRetryMsFirst, streamRetryMsMax, streamWaitMs, windowStateBytesMax } from '../limits.ts';
import type { LambdaContext } from '../operation.ts';
import { createBell } from './bell.ts';
import { createStreamFilter } from './filters.ts';
import type { CountEvents } from './mappingMetrics.ts';
import type { StreamMapping } from './mappingStore.ts';
import { openShardProgress } from './shardProgress.ts';
import type { ShardRow, WindowRow } from './shardStore.ts';
import { runBatch } from './streamBatch.ts';
import type { Attempt, BatchTools, Run } from './streamBatch.ts';
import { describeStreamRecord, describeWindow, finishedBy, stateOf } from './streamEvent.ts';
import { encodeFailure } from './streamFailure.ts';

export type ShardDeps = Pick<LambdaContext, 'store' | 'fleet' | 'durable' | 'random'> & { readonly clock: Clock; readonly emitter: Emitter; readonly reader: StreamReader; readonly count: CountEvents };

export interface ShardOptions {
  readonly mapping: StreamMapping;
  readonly start: ShardRow;
  /** Of the function, when the reading began: for the records' own member. */
  readonly roleArn: string;
  readonly signal: AbortSignal;
  /** What GetEventSourceMapping shows as LastProcessingResult. */
  readonly report: (result: string) => void;
}

/** Serves a shard until it is done, or gone, or reading is to stop; after what is under way. Throws when it cannot commit. */
export async function serveShard({ mapping, start, roleArn, signal: stopped, report }: ShardOptions, deps: ShardDeps): Promise<'done' | 'gone' | 'stopped'> {
  // What one part of it cannot go on with ends all of it.
  const failing = new AbortController();
  const signal = AbortSignal.any([stopped, failing.signal]);
  const { store, clock, random, emitter, reader, count } = deps;
  const { account, region, sourceArn, stream, batchSize } = mapping;
  const { shardId } = start;
  const reference = { account, region, name: mapping.functionName, qualifier: mapping.qualifier };
  const source = { arn: sourceArn, region, shardId, roleArn };
  const isWanted = createStreamFilter(mapping.filters, source);
  const lanes = stream.parallelizationFactor;
  const tumblingMs = stream.tumblingSeconds * 1_000;
  const rules = {
    retriesMax: stream.retriesMax,
    ageMsMax: stream.recordAgeSecondsMax === undefined ? undefined : stream.recordAgeSecondsMax * 1_000,
    bisects: stream.bisects,
  };
  const bell = createBell(clock, signal);
  const progress = await openShardProgress(mapping, start, { store, onChange: bell.ring });
  const queues: StreamRecord[][] = Array.from({ length: lanes }, () => []);
  let hasEnded = false;
  let isGone = false;

  async function takeIn(): Promise<void> {
    while (!signal.aborted && !hasEnded && !isGone) {
      const { from, room } = progress;
      if (room <= 0) {
        await bell.wait();
        continue;
      }
      const read = await reader.read(sourceArn, shardId, { from, recordsMax: Math.min(streamBatchMax, room), bytesMax: shardReadBytesMax, waitMs: streamWaitMs, signal });
      if (read === undefined) isGone = true;
      else {
        for (const record of read.records) {
          const lane = lanes === 1 ? 0 : Number.parseInt(markOf(record.partitionKey), 16) % lanes;
          const wanted = isWanted(record);
          if (!wanted) count('FilteredOutEventCount', 1);
          if (progress.add(record, lane, wanted)) queues[lane]?.push(record);
        }
        count('PolledEventCount', read.records.length);
        progress.readTo(read.next);
        hasEnded = read.isEnd;
        // What nobody wants is done as well; and a starting position means the same place from its first use on.
        if ((from.kind !== read.next.kind || read.records.length > 0) && progress.isHeadDone) await progress.commit();
      }
      bell.ring();
    }
  }

  async function runLane(lane: number): Promise<void> {
    const queue = queues[lane] ?? [];
    while (!signal.aborted) {
      const window = progress.windowOf(lane);
      const next = await waitForRecord(queue, window);
      if (next === 'stopped') return;
      if (window !== undefined && next !== 'record') {
        if (!(await endWindow(lane, window, false))) return;
      } else if (next === 'end') return;
      if (next !== 'record') continue;
      await waitForBatch(queue);
      if (signal.aborted) return;
      const current = window ?? windowFor(queue[0], tumblingMs);
      if (current !== undefined) progress.beginWindow(lane, current);
      const batch = queue.splice(0, countFitting(queue, current));
      if (!(await runBatch(batch, rules, toolsFor(lane)))) return;
    }
  }

  async function waitForRecord(queue: readonly StreamRecord[], window: WindowRow | undefined): Promise<'record' | 'window-over' | 'end' | 'stopped'> {
    for (;;) {
      if (signal.aborted) return 'stopped';
      const [first] = queue;
      if (first !== undefined) return window !== undefined && first.arrivedAtMs >= window.endMs ? 'window-over' : 'record';
      if (hasEnded || isGone) return 'end';
      if (window !== undefined && clock.now() >= window.endMs) return 'window-over';
      await bell.wait(window?.endMs);
    }
  }

  async function waitForBatch(queue: readonly StreamRecord[]): Promise<void> {
    const endMs = clock.now() + mapping.windowSeconds * 1_000;
    while (queue.length < batchSize && !hasEnded && !isGone && !signal.aborted && clock.now() < endMs) await bell.wait(endMs);
  }

  function countFitting(queue: readonly StreamRecord[], window: WindowRow | undefined): number {
    let count = 0;
    let total = 0;
    for (const record of queue.slice(0, batchSize)) {
      if (window !== undefined && record.arrivedAtMs >= window.endMs) break;
      total += JSON.stringify(describeStreamRecord(record, source)).length + 16;
      if (count > 0 && total > requestPayloadBytesMax) break;
      count += 1;
    }
    return count;
  }

  /** The last event of a window, without records; false when reading is to stop before it succeeded. */
  async function endWindow(lane: number, window: WindowRow, isEarly: boolean, records: readonly StreamRecord[] = []): Promise<boolean> {
    const event = JSON.stringify({ Records: [], ...describeWindow(window, source, { isFinal: !isEarly, isEarly }) });
    for (let [failures, waitMs] = [0, streamRetryMsFirst]; ; waitMs = Math.min(streamRetryMsMax, waitMs * 2)) {
      const ran = await invoke(event);
      if (ran === 'stopped') return false;
      if (ran !== undefined && !ran.result.failed) break;
      failures += ran === undefined ? 0 : 1;
      if (rules.retriesMax !== undefined && failures > rules.retriesMax) break;
      if (!(await pause(waitMs))) return false;
    }
    await progress.commit({ lane, records, window: isEarly ? { ...window, state: '{}' } : undefined });
    return true;
  }

  const eventOf = (records: readonly StreamRecord[], window: WindowRow | undefined): string =>
    JSON.stringify({
      Records: records.map((record) => describeStreamRecord(record, source)),
      ...(window === undefined ? {} : describeWindow(window, source, { isFinal: false, isEarly: false })),
    });

  function toolsFor(lane: number): BatchTools {
    const windowOf = (): WindowRow | undefined => progress.windowOf(lane);
    return {
      now: () => clock.now(),
      pause,
      async attempt(records): Promise<Attempt> {
        const window = windowOf();
        const ran = await invoke(eventOf(records, window));
        if (ran === 'stopped') return { kind: 'stopped' };
        if (ran === undefined) return { kind: 'refused' };
        const { failed, payload } = ran.result;
        const isUsable = !failed && (window === undefined || stateOf(payload) !== undefined);
        const finished = !isUsable ? 0 : mapping.reportsItemFailures ? finishedBy(payload, records.map(({ sequenceNumber }) => sequenceNumber)) : records.length;
        count('InvokedEventCount', records.length);
        count('FailedInvokeEventCount', records.length - finished);
        report(finished === records.length ? 'OK' : 'PROBLEM: Function call failed');
        return { kind: 'ran', finished, run: ran };
      },
      async finish(records, run) {
        const window = windowOf();
        const next = window && { ...window, state: stateOf(run.result.payload) ?? window.state };
        // One that is too long is told at once, and never kept.
        if (next !== undefined && Buffer.byteLength(next.state) > windowStateBytesMax) await endWindow(lane, next, true, records);
        else await progress.commit({ lane, records, window: next });
      },
      async discard(records, why, invokes, last) {
        const { onFailure } = stream;
        const found = await findFunction();
        const ownArn = functionArn(reference, reference.name, reference.qualifier);
        const failure = { mapping: mapping.uuid, functionArn: ownArn, streamArn: sourceArn, shardId, records, why, invokes, last, event: eventOf(records, windowOf()), nowMs: clock.now() };
        await progress.commit({ lane, records, window: windowOf() }, (tx) => {
          if (onFailure === undefined || found === undefined) return tx.afterCommit(() => count('DroppedEventCount', records.length));
          tx.afterCommit(() => count('OnFailureDestinationDeliveredEventCount', records.length));
          const envelope = { source: 'lambda', sourceArn: ownArn, target: onFailure, account, region, callingPrincipal: found.row.roleArn };
          emitter.emit(tx, { ...envelope, payload: encodeFailure(onFailure, failure, random) });
        });
      },
    };
  }

  /** Undefined when it did not run. */
  async function invoke(event: string): Promise<Run | 'stopped' | undefined> {
    if (signal.aborted) return 'stopped';
    const found = await findFunction();
    if (found === undefined) {
      report('PROBLEM: Function not found.');
      return undefined;
    }
    const requestId = uuid(random);
    try {
      const input = { requestId, traceId: newTraceId(clock.now(), random), event: Buffer.from(event), clientContext: undefined, wantsTail: false };
      const result = await runInvocable(found, input, deps);
      return { requestId, version: found.row.version, result };
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      report(`PROBLEM: ${error.code === 'TooManyRequestsException' ? 'Function call was throttled.' : error.message}`);
      return signal.aborted ? 'stopped' : undefined;
    }
  }

  const findFunction = (): Promise<Invocable | undefined> => findInvocable(reference, deps).catch(undefinedIfRefused);
  const pause = (waitMs: number): Promise<boolean> => delay(clock, waitMs, signal).then(() => true, () => false);

  const parts = [takeIn(), ...queues.map((_queue, lane) => runLane(lane))];
  for (const part of parts) part.catch(() => failing.abort());
  const results = await Promise.allSettled(parts);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  if (signal.aborted) return 'stopped';
  await progress.close();
  return isGone ? 'gone' : 'done';
}

function windowFor(first: StreamRecord | undefined, tumblingMs: number): WindowRow | undefined {
  if (tumblingMs === 0 || first === undefined) return undefined;
  const startMs = Math.floor(first.arrivedAtMs / tumblingMs) * tumblingMs;
  return { startMs, endMs: startMs + tumblingMs, state: '{}' };
}

function undefinedIfRefused(error: unknown): undefined {
  if (error instanceof ServiceError) return undefined;
  throw error;
}
