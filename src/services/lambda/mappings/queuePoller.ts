// Moves messages from one queue to one function, for as long as its mapping is enabled (`framework/queuePump.ts` collects the batches).
import { delay } from '../../../base/clock.ts';
import type { Clock } from '../../../base/clock.ts';
import { ServiceError } from '../../../base/errors.ts';
import { uuid } from '../../../base/ids.ts';
import type { Logger } from '../../../base/log.ts';
import { describeQueueRecord, failedItemsOf } from '../../../framework/queueEvent.ts';
import { startQueuePump } from '../../../framework/queuePump.ts';
import type { QueueBatch, QueuePumpControl } from '../../../framework/queuePump.ts';
import type { QueueDescription, QueueReader, QueueRecord } from '../../../ports/queueReader.ts';
import { acceptTrace, loopsOf } from '../domain/trace.ts';
import { functionArn } from '../domain/functionName.ts';
import type { InvocationResult } from '../environments/executionEnvironment.ts';
import { findInvocable, isOneTooMany, runInvocable } from '../invocations/invocable.ts';
import { batchesAtOnceFirst, batchesPerPoller, requestPayloadBytesMax, roleCheckMs, throttleRetryMsFirst, throttleRetryMsMax } from '../limits.ts';
import type { LambdaContext } from '../operation.ts';
import { createBodyFilter } from './filters.ts';
import type { CountEvents } from './mappingMetrics.ts';
import type { MappingRow } from './mappingStore.ts';
import { findRefusedQueueCall } from './queueSource.ts';
import type { QueueSourceDeps } from './queueSource.ts';

export type QueuePollerDeps = Pick<LambdaContext, 'store' | 'fleet' | 'durable' | 'random'> &
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

/** Starts moving messages. */
export function startQueuePoller(mapping: MappingRow, deps: QueuePollerDeps): Poller {
  const { queues, clock, random, log } = deps;
  const { sourceArn, batchSize, account, region } = mapping;
  const reference = { account, region, name: mapping.functionName, qualifier: mapping.qualifier };
  const source = { arn: sourceArn, region };
  const ownArn = functionArn(reference, reference.name);
  const isWanted = createBodyFilter(mapping.filters);
  let problem: string | undefined;
  let checkedMs = Number.NEGATIVE_INFINITY;

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

  async function serve({ records: all, visibleAgainMs }: QueueBatch, control: QueuePumpControl): Promise<ReadonlySet<string> | 'all' | 'settled'> {
    const records = await stopLoops(all, control);
    if (records.length === 0) return 'settled';
    const result = await invoke(records, visibleAgainMs, control);
    if (result === 'stopped') {
      await control.giveBack(records);
      return 'settled';
    }
    if (result !== undefined) deps.count('InvokedEventCount', records.length);
    if (result === undefined || result.failed) {
      deps.count('FailedInvokeEventCount', records.length);
      return 'all';
    }
    const stopped = all.filter((record) => !records.includes(record)).map(({ messageId }) => messageId);
    const failed = mapping.reportsItemFailures ? failedItemsOf(result.payload, new Set(records.map(({ messageId }) => messageId))) : new Set<string>();
    deps.count('FailedInvokeEventCount', failed === 'all' ? records.length : failed.size);
    return failed === 'all' ? failed : new Set([...failed, ...stopped]);
  }

  /**
   * Without the messages with which the function would go on in a loop: they end in the queue's own dead-letter queue, where it has one,
   * after the receives that this takes. https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
   */
  async function stopLoops(records: readonly QueueRecord[], control: QueuePumpControl): Promise<readonly QueueRecord[]> {
    if (!records.some((record) => traceOfRecord(record)?.includes('Lineage=') === true)) return records;
    const found = await findInvocable(reference, deps).catch(undefinedIfRefused);
    if (found === undefined) return records;
    const stopped = records.filter((record) => isOneTooMany(found, loopsOf(traceOfRecord(record), ownArn)));
    if (stopped.length === 0) return records;
    for (const _record of stopped) deps.fleet.dropRecursive(ownArn);
    if ((await queues.describe(sourceArn))?.maxReceiveCount !== undefined) await control.giveBack(stopped);
    else await queues.delete(sourceArn, stopped.map(({ receiptHandle }) => receiptHandle));
    return records.filter((record) => !stopped.includes(record));
  }

  /** The chain that a batch goes on with: of several the one in which the function has run most often. */
  function deepest(records: readonly QueueRecord[]): string | undefined {
    const headers = records.map(traceOfRecord).filter((header) => header !== undefined);
    return headers.reduce<string | undefined>((best, header) => (best === undefined || loopsOf(header, ownArn) > loopsOf(best, ownArn) ? header : best), undefined);
  }

  /** A throttled batch is tried again until its messages are visible to others; undefined when that time was not enough. */
  async function invoke(records: readonly QueueRecord[], visibleAgainMs: number, { signal, narrow }: QueuePumpControl): Promise<InvocationResult | 'stopped' | undefined> {
    const event = Buffer.from(JSON.stringify({ Records: records.map((record) => describeQueueRecord(record, source)) }));
    for (let waitMs = throttleRetryMsFirst; ; waitMs = Math.min(throttleRetryMsMax, waitMs * 2)) {
      try {
        const input = { requestId: uuid(random), traceId: acceptTrace(deepest(records), clock.now(), random), event, clientContext: undefined, wantsTail: false };
        return await runInvocable(await findInvocable(reference, deps), input, deps);
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        if (signal.aborted) return 'stopped';
        narrow();
        if (clock.now() + waitMs >= visibleAgainMs) return undefined;
      }
      await delay(clock, waitMs, signal).catch(() => undefined);
      if (signal.aborted) return 'stopped';
    }
  }

  return startQueuePump(
    {
      queueArn: sourceArn,
      batchSize,
      windowMs: mapping.windowSeconds * 1_000,
      bytesMax: requestPayloadBytesMax,
      atOnceFirst: batchesAtOnceFirst,
      ...widthsOf(mapping, deps.atOnceMax),
    },
    {
      findQueue: findReadableQueue,
      queueLost: () => (checkedMs = Number.NEGATIVE_INFINITY),
      isWanted: (record) => isWanted(describeQueueRecord(record, source)),
      sizeOf: (record) => Buffer.byteLength(JSON.stringify(describeQueueRecord(record, source))) + 16,
      count: (what, messages) => deps.count(countOf[what], messages),
      serve,
    },
    { queues, clock, log: log.with({ mapping: mapping.uuid }) },
  );
}

const countOf = { polled: 'PolledEventCount', unwanted: 'FilteredOutEventCount', deleted: 'DeletedEventCount' } as const;

/** The fewest and the most batches at once. */
function widthsOf({ maximumConcurrency = Infinity, provisionedPollers }: MappingRow, hostMax: number): { readonly atOnceMin: number; readonly atOnceMax: number } {
  if (provisionedPollers === undefined) return { atOnceMin: 1, atOnceMax: Math.min(maximumConcurrency, hostMax) };
  return { atOnceMin: provisionedPollers.minimum * batchesPerPoller, atOnceMax: Math.min(provisionedPollers.maximum * batchesPerPoller, hostMax) };
}

const traceOfRecord = ({ attributes }: QueueRecord): string | undefined => attributes['AWSTraceHeader'];

function undefinedIfRefused(error: unknown): undefined {
  if (error instanceof ServiceError) return undefined;
  throw error;
}
