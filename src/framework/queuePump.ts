// Moves the messages of one queue, batch by batch, to whoever serves them: event source mappings of functions, pipes. One collector makes
// batches; several are served at once. Nothing is remembered here: a message that is not deleted comes again when its visibility timeout is over.
import { delay } from '../base/clock.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { QueueDescription, QueueReader, QueueRecord } from '../ports/queueReader.ts';
import { queueLongPollMs, queuePauseMs, queueReceiveMax, queueTroubleMs } from './limits.ts';

export interface QueuePumpSettings {
  readonly queueArn: string;
  readonly batchSize: number;
  /** How long a batch that is not full waits for more. */
  readonly windowMs: number;
  /** Of all records of a batch, by `sizeOf`. */
  readonly bytesMax: number;
  /** Batches under way at once: as AWS does, it starts narrow, widens while all goes well, and narrows when batches fail. */
  readonly atOnceFirst: number;
  readonly atOnceMax: number;
  /** It never gets narrower than this; 1 when absent. */
  readonly atOnceMin?: number;
}

export interface QueueBatch {
  readonly records: readonly QueueRecord[];
  /** When its first message can be received by others again. */
  readonly visibleAgainMs: number;
}

/** What whoever serves a batch may tell the pump. */
export interface QueuePumpControl {
  /** Aborts when the pump is to stop. */
  readonly signal: AbortSignal;
  /** Fewer at once from now on. */
  narrow(): void;
  /** Messages that others may have at once. */
  giveBack(records: readonly QueueRecord[]): Promise<void>;
}

export interface QueueServer {
  /** Undefined while nothing may be read; asked before each batch. */
  findQueue(): Promise<QueueDescription | undefined>;
  /** There is no such queue any more. */
  queueLost(): void;
  /** What is not wanted is deleted. */
  isWanted(record: QueueRecord): boolean;
  sizeOf(record: QueueRecord): number;
  /** Told of every message that has come, was not wanted, or is deleted after it was served. */
  count?(what: 'polled' | 'unwanted' | 'deleted', messages: number): void;
  /** Answers the ids of the messages that are to come again; 'settled' when all has been done with them already. */
  serve(batch: QueueBatch, control: QueuePumpControl): Promise<ReadonlySet<string> | 'all' | 'settled'>;
}

export interface QueuePumpDeps {
  readonly queues: QueueReader;
  readonly clock: Clock;
  /** Says for whom. */
  readonly log: Logger;
}

export interface QueuePump {
  /** Receives no more, and waits for what is under way. */
  stop(): Promise<void>;
}

/** Starts moving messages. */
export function startQueuePump({ queueArn, batchSize, windowMs, bytesMax, atOnceFirst, atOnceMax, atOnceMin = 1 }: QueuePumpSettings, server: QueueServer, { queues, clock, log }: QueuePumpDeps): QueuePump {
  const stopping = new AbortController();
  const { signal } = stopping;
  const underWay = new Set<Promise<void>>();
  const widthMax = Math.max(1, atOnceMax);
  const widthMin = Math.min(widthMax, atOnceMin);
  let width = Math.max(widthMin, Math.min(atOnceFirst, widthMax));
  let onEnded = (): void => undefined;
  let carried: QueueRecord[] = [];

  const control: QueuePumpControl = { signal, narrow: () => (width = Math.max(widthMin, Math.floor(width / 2))), giveBack };
  const pause = (waitMs: number): Promise<void> => delay(clock, waitMs, signal).catch(() => undefined);

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        const description = await server.findQueue();
        if (description === undefined) await pause(queueTroubleMs);
        else await collectAndServe(description);
      } catch (error) {
        if (signal.aborted) break;
        log.warn('messages of a queue could not be read; it is tried again', { queueArn, error: error instanceof Error ? error.stack : String(error) });
        await pause(queueTroubleMs);
      }
    }
    await giveBack(carried);
    await Promise.all(underWay);
  }

  async function collectAndServe(description: QueueDescription): Promise<void> {
    while (underWay.size >= width && !signal.aborted) await new Promise<void>((resolve) => (onEnded = resolve));
    if (signal.aborted) return;
    const visibleAgainMs = clock.now() + description.visibilityTimeoutSeconds * 1_000;
    const records = await collect();
    if (signal.aborted) return giveBack(records);
    if (records.length === 0) return;
    const served = serve({ records, visibleAgainMs: Math.max(visibleAgainMs, clock.now()) })
      .catch((error: unknown) => log.warn('a batch could not be finished; its messages come again', { queueArn, error: error instanceof Error ? error.stack : String(error) }))
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
        const size = server.sizeOf(record);
        // A full batch leaves the rest for the next one; their visibility runs from when they were received.
        if (carried.length > 0 || batch.length >= batchSize || (batch.length > 0 && bytes + size > bytesMax)) carried.push(record);
        else {
          batch.push(record);
          bytes += size;
        }
      }
    };
    const before = carried;
    carried = [];
    add(before);
    if (batch.length === 0) add(await receive(batchSize, queueLongPollMs));
    const endMs = clock.now() + windowMs;
    while (batch.length > 0 && batch.length < batchSize && carried.length === 0 && clock.now() < endMs && !signal.aborted) {
      add(await receive(batchSize - batch.length, endMs - clock.now()));
    }
    return batch;
  }

  /** What is wanted of some messages; the others are deleted. */
  async function receive(most: number, waitMs: number): Promise<QueueRecord[]> {
    const startedMs = clock.now();
    const received = await queues.receive(queueArn, { maxMessages: Math.min(queueReceiveMax, most), waitMs, signal });
    if (received === undefined) {
      server.queueLost();
      await pause(Math.min(waitMs, queueTroubleMs));
      return [];
    }
    // A queue that answers at once has too much in flight; looking again at once would be a busy loop.
    if (received.length === 0 && clock.now() - startedMs < waitMs) await pause(Math.min(waitMs, queuePauseMs));
    const wanted = received.filter((record) => server.isWanted(record));
    const unwanted = received.filter((record) => !wanted.includes(record));
    server.count?.('polled', received.length);
    server.count?.('unwanted', unwanted.length);
    if (unwanted.length > 0) await queues.delete(queueArn, unwanted.map(({ receiptHandle }) => receiptHandle));
    return wanted;
  }

  async function serve(batch: QueueBatch): Promise<void> {
    const failed = await server.serve(batch, control);
    if (failed === 'settled') return;
    if (failed === 'all') return control.narrow();
    width = Math.min(widthMax, width + 1);
    const done = batch.records.filter(({ messageId }) => !failed.has(messageId)).map(({ receiptHandle }) => receiptHandle);
    const unusable = done.length === 0 ? [] : await queues.delete(queueArn, done);
    server.count?.('deleted', done.length - unusable.length);
    if (unusable.length > 0) log.debug('messages could not be deleted after they had been served: they come again', { queueArn, messages: unusable.length });
  }

  async function giveBack(records: readonly QueueRecord[]): Promise<void> {
    if (records.length === 0) return;
    // Best effort: otherwise they come when their time is over.
    await queues.changeVisibility(queueArn, records.map(({ receiptHandle }) => receiptHandle), 0).catch(() => undefined);
  }

  const running = run();
  return {
    stop() {
      stopping.abort();
      onEnded();
      return running;
    },
  };
}
