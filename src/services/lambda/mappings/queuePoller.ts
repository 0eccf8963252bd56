// Moves messages from one queue to one function, for as long as its mapping is enabled. One collector makes batches; several run at
// once. Nothing is remembered here: a message that is not deleted comes again when its visibility timeout is over.
import { delay } from '../../../base/clock.ts';
import type { Clock } from '../../../base/clock.ts';
import { ServiceError } from '../../../base/errors.ts';
import { uuid } from '../../../base/ids.ts';
import type { Logger } from '../../../base/log.ts';
import type { QueueDescription, QueueReader, QueueRecord } from '../../../ports/queueReader.ts';
import { acceptTrace, loopsOf } from '../domain/trace.ts';
import { functionArn } from '../domain/functionName.ts';
import type { InvocationResult } from '../environments/executionEnvironment.ts';
import { findInvocable, isOneTooMany, runInvocable } from '../invocations/invocable.ts';
import { batchesAtOnceFirst, batchesPerPoller, longPollMs, mappingTroubleMs, receiveMax, requestPayloadBytesMax, roleCheckMs, throttleRetryMsFirst, throttleRetryMsMax } from '../limits.ts';
import type { LambdaContext } from '../operation.ts';
import { createBodyFilter } from './filters.ts';
import type { CountEvents } from './mappingMetrics.ts';
import type { MappingRow } from './mappingStore.ts';
import { describeQueueRecord, failedItemsOf } from './queueEvent.ts';
import { findRefusedQueueCall } from './queueSource.ts';
import type { QueueSourceDeps } from './queueSource.ts';

export type QueuePollerDeps = Pick<LambdaContext, 'store' | 'fleet' | 'random'> &
  QueueSourceDeps & {
    readonly clock: Clock;
    readonly log: Logger;
    readonly queues: QueueReader;
    /** What GetEventSourceMapping shows as LastProcessingResult. */
    readonly report: (result: string) => void;
    readonly count: CountEvents;
    /** Batches of one mapping under way at once. */
    readonly atOnceMax: number;
  };

export interface Poller {
  /** Receives no more, and waits for what is under way. */
  stop(): Promise<void>;
}

interface Batch {
  readonly records: readonly QueueRecord[];
  /** When its first message can be received by others again. */
  readonly visibleAgainMs: number;
}

/** Starts moving messages. */
export function startQueuePoller(mapping: MappingRow, deps: QueuePollerDeps): Poller {
  const { queues, clock, random, log } = deps;
  const { sourceArn, batchSize, account, region } = mapping;
  const reference = { account, region, name: mapping.functionName, qualifier: mapping.qualifier };
  const source = { arn: sourceArn, region };
  const ownArn = functionArn(reference, reference.name);
  const isWanted = createBodyFilter(mapping.filters);
  const stopping = new AbortController();
  const { signal } = stopping;
  const underWay = new Set<Promise<void>>();
  const [widthMin, widthMax] = widthsOf(mapping, deps.atOnceMax);
  // As AWS does, it starts narrow, widens while all goes well, and narrows when the function fails or is throttled.
  let width = Math.max(widthMin, Math.min(batchesAtOnceFirst, widthMax));
  let onEnded = (): void => undefined;
  let carried: QueueRecord[] = [];
  let problem: string | undefined;
  let checkedMs = Number.NEGATIVE_INFINITY;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        const description = await findReadableQueue();
        if (description === undefined) await pause(mappingTroubleMs);
        else await collectAndServe(description);
      } catch (error) {
        if (signal.aborted) break;
        log.warn('an event source mapping could not go on; it tries again', { mapping: mapping.uuid, error: error instanceof Error ? error.stack : String(error) });
        await pause(mappingTroubleMs);
      }
    }
    await giveBack(carried);
    await Promise.all(underWay);
  }

  /** Undefined when there is nothing that may be read. */
  async function findReadableQueue(): Promise<QueueDescription | undefined> {
    if (clock.now() - checkedMs >= roleCheckMs || clock.now() < checkedMs) {
      const found = await findInvocable(reference, deps).catch(undefinedIfRefused);
      const refused = found === undefined ? undefined : await findRefusedQueueCall(found.row.roleArn, source, deps);
      if (refused !== undefined) log.warn('an event source mapping waits: the role of its function may not read the queue', { mapping: mapping.uuid, sourceArn, action: `sqs:${refused}` });
      if (found === undefined) wait('Function not found.');
      if (refused !== undefined) deps.report(`PROBLEM: The role of the function may not call ${refused} on the queue.`);
      if (found === undefined || refused !== undefined) return undefined;
      checkedMs = clock.now();
    }
    const description = await queues.describe(sourceArn);
    if (description === undefined) wait('Queue not found.');
    else if (problem !== undefined) {
      problem = undefined;
      deps.report('OK');
    }
    return description;
  }

  /** Says why the mapping waits. */
  function wait(why: string): void {
    problem = why;
    deps.report(`PROBLEM: ${why}`);
    log.warn('an event source mapping waits', { mapping: mapping.uuid, sourceArn, functionName: mapping.functionName, problem: why });
  }

  async function collectAndServe(description: QueueDescription): Promise<void> {
    while (underWay.size >= width && !signal.aborted) await new Promise<void>((resolve) => (onEnded = resolve));
    if (signal.aborted) return;
    const visibleAgainMs = clock.now() + description.visibilityTimeoutSeconds * 1_000;
    const records = await collect();
    if (signal.aborted) return giveBack(records);
    if (records.length === 0) return;
    const served = serve({ records, visibleAgainMs: Math.max(visibleAgainMs, clock.now()) })
      .catch((error: unknown) => log.warn('a batch could not be finished; its messages come again', { mapping: mapping.uuid, error: String(error) }))
      .finally(() => {
        underWay.delete(served);
        onEnded();
      });
    underWay.add(served);
  }

  /** A batch, after at most one long poll and the batch window; often empty. */
  async function collect(): Promise<QueueRecord[]> {
    const batch: QueueRecord[] = [];
    let bytes = 0;
    const add = (records: readonly QueueRecord[]): void => {
      for (const record of records) {
        const size = Buffer.byteLength(JSON.stringify(describeQueueRecord(record, source))) + 16;
        // A full batch leaves the rest for the next one; their visibility runs from when they were received.
        if (carried.length > 0 || batch.length >= batchSize || (batch.length > 0 && bytes + size > requestPayloadBytesMax)) carried.push(record);
        else {
          batch.push(record);
          bytes += size;
        }
      }
    };
    const before = carried;
    carried = [];
    add(before);
    if (batch.length === 0) add(await receive(batchSize, longPollMs));
    const endMs = clock.now() + mapping.windowSeconds * 1_000;
    while (batch.length > 0 && batch.length < batchSize && carried.length === 0 && clock.now() < endMs && !signal.aborted) {
      add(await receive(batchSize - batch.length, endMs - clock.now()));
    }
    return batch;
  }

  /** What is wanted of some messages; the others are deleted, as the filter says. */
  async function receive(most: number, waitMs: number): Promise<QueueRecord[]> {
    const startedMs = clock.now();
    const received = await queues.receive(sourceArn, { maxMessages: Math.min(receiveMax, most), waitMs, signal });
    if (received === undefined) {
      checkedMs = Number.NEGATIVE_INFINITY;
      await pause(Math.min(waitMs, mappingTroubleMs));
      return [];
    }
    // A queue that answers at once has too much in flight; looking again at once would be a busy loop.
    if (received.length === 0 && clock.now() - startedMs < waitMs) await pause(Math.min(waitMs, throttleRetryMsFirst));
    const wanted = received.filter((record) => isWanted(describeQueueRecord(record, source)));
    const unwanted = received.filter((record) => !wanted.includes(record));
    deps.count('PolledEventCount', received.length);
    deps.count('FilteredOutEventCount', unwanted.length);
    if (unwanted.length > 0) await queues.delete(sourceArn, unwanted.map(({ receiptHandle }) => receiptHandle));
    return wanted;
  }

  async function serve({ records: all, visibleAgainMs }: Batch): Promise<void> {
    const records = await stopLoops(all);
    if (records.length === 0) return;
    const result = await invoke(records, visibleAgainMs);
    if (result === 'stopped') return giveBack(records);
    if (result !== undefined) deps.count('InvokedEventCount', records.length);
    const failed = result === undefined || result.failed ? 'all' : mapping.reportsItemFailures ? failedItemsOf(result.payload, new Set(records.map(({ messageId }) => messageId))) : new Set<string>();
    width = failed === 'all' ? Math.max(widthMin, Math.floor(width / 2)) : Math.min(widthMax, width + 1);
    deps.count('FailedInvokeEventCount', failed === 'all' ? records.length : failed.size);
    if (failed === 'all') return;
    const done = records.filter(({ messageId }) => !failed.has(messageId)).map(({ receiptHandle }) => receiptHandle);
    const unusable = done.length === 0 ? [] : await queues.delete(sourceArn, done);
    deps.count('DeletedEventCount', done.length - unusable.length);
    if (unusable.length > 0) log.debug('messages could not be deleted after their function had run: they come again', { mapping: mapping.uuid, messages: unusable.length });
  }

  /**
   * Without the messages with which the function would go on in a loop: they end in the queue's own dead-letter queue, where it has one,
   * after the receives that this takes. https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
   */
  async function stopLoops(records: readonly QueueRecord[]): Promise<readonly QueueRecord[]> {
    if (!records.some((record) => traceOfRecord(record)?.includes('Lineage=') === true)) return records;
    const found = await findInvocable(reference, deps).catch(undefinedIfRefused);
    if (found === undefined) return records;
    const stopped = records.filter((record) => isOneTooMany(found, loopsOf(traceOfRecord(record), ownArn)));
    if (stopped.length === 0) return records;
    for (const _record of stopped) deps.fleet.dropRecursive(ownArn);
    if ((await queues.describe(sourceArn))?.maxReceiveCount !== undefined) await giveBack(stopped);
    else await queues.delete(sourceArn, stopped.map(({ receiptHandle }) => receiptHandle));
    return records.filter((record) => !stopped.includes(record));
  }

  /** The chain that a batch goes on with: of several the one in which the function has run most often. */
  function deepest(records: readonly QueueRecord[]): string | undefined {
    const headers = records.map(traceOfRecord).filter((header) => header !== undefined);
    return headers.reduce<string | undefined>((best, header) => (best === undefined || loopsOf(header, ownArn) > loopsOf(best, ownArn) ? header : best), undefined);
  }

  /** A throttled batch is tried again until its messages are visible to others; undefined when that time was not enough. */
  async function invoke(records: readonly QueueRecord[], visibleAgainMs: number): Promise<InvocationResult | 'stopped' | undefined> {
    const event = Buffer.from(JSON.stringify({ Records: records.map((record) => describeQueueRecord(record, source)) }));
    for (let waitMs = throttleRetryMsFirst; ; waitMs = Math.min(throttleRetryMsMax, waitMs * 2)) {
      try {
        const input = { requestId: uuid(random), traceId: acceptTrace(deepest(records), clock.now(), random), event, clientContext: undefined, wantsTail: false };
        return await runInvocable(await findInvocable(reference, deps), input, deps);
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        if (signal.aborted) return 'stopped';
        width = Math.max(widthMin, Math.floor(width / 2));
        if (clock.now() + waitMs >= visibleAgainMs) return undefined;
      }
      await pause(waitMs);
      if (signal.aborted) return 'stopped';
    }
  }

  async function giveBack(records: readonly QueueRecord[]): Promise<void> {
    if (records.length === 0) return;
    // Best effort: otherwise they come when their time is over.
    await queues.changeVisibility(sourceArn, records.map(({ receiptHandle }) => receiptHandle), 0).catch(() => undefined);
  }

  const pause = (waitMs: number): Promise<void> => delay(clock, waitMs, signal).catch(() => undefined);

  const running = run();
  return {
    stop() {
      stopping.abort();
      onEnded();
      return running;
    },
  };
}

/** The fewest and the most batches at once. */
function widthsOf({ maximumConcurrency = Infinity, provisionedPollers }: MappingRow, atOnceMax: number): readonly [min: number, max: number] {
  const [least, most] = provisionedPollers === undefined ? [1, maximumConcurrency] : [provisionedPollers.minimum * batchesPerPoller, provisionedPollers.maximum * batchesPerPoller];
  const max = Math.max(1, Math.min(most, atOnceMax));
  return [Math.min(least, max), max];
}

const traceOfRecord = ({ attributes }: QueueRecord): string | undefined => attributes['AWSTraceHeader'];

function undefinedIfRefused(error: unknown): undefined {
  if (error instanceof ServiceError) return undefined;
  throw error;
}
