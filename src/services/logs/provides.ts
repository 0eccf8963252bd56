import type { Clock } from '../../base/clock.ts';
import { hexId } from '../../base/ids.ts';
import type { Logger } from '../../base/log.ts';
import { type Metrics, silentMetrics } from '../../base/metrics.ts';
import type { Random } from '../../base/random.ts';
import type { LogSink } from '../../ports/logSink.ts';
import { createStream } from './createStream.ts';
import { createOutputQueues } from './domain/outputQueues.ts';
import type { OutputBatch } from './domain/outputQueues.ts';
import { sinkDelayMs, sinkRetryMs } from './limits.ts';
import { groups, setGroup, streams } from './store.ts';
import { type Following, takeEvents } from './following.ts';
import type { Store, Transaction } from '../../kv/store.ts';

export interface LogSinkDeps {
  readonly store: Store;
  /** Product time: when events are taken in. */
  readonly clock: Clock;
  /** Real time: when a batch is due. */
  readonly wall: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics?: Metrics;
  /** Told of what is stored. */
  readonly following: Following;
}

export interface RunningSink extends LogSink {
  /** What has been appended and not yet handed to the store. */
  waitingBytes(): number;
  /** Stores what waits; what comes later is dropped. */
  close(): Promise<void>;
}

/**
 * The place functions write to. `append` only queues; commits follow one after another, each with at most about one row of
 * events for every stream. What waits is bounded: a function that writes faster than the store takes loses its own oldest
 * lines, and a line in their place says how many.
 */
export function createLogSink(deps: LogSinkDeps): RunningSink {
  const { store, wall, log, metrics = silentMetrics } = deps;
  const queues = createOutputQueues();
  metrics.gauge('haneul_log_queue_bytes', 'Output of functions that waits to be stored.', () => queues.waitingBytes());
  const dropped = metrics.counter('haneul_log_events_dropped_total', 'Log events of functions that came faster than they could be stored.');
  const failures = metrics.counter('haneul_log_write_failures_total', 'Attempts to store output of functions that failed and were repeated.');
  let cancelTimer: (() => void) | undefined;
  let writing: Promise<void> | undefined;
  let retryAtMs = 0;
  let failing = false;
  let closed = false;

  function writeIn(delayMs: number): void {
    if (writing) return;
    const dueMs = Math.max(wall.now() + delayMs, retryAtMs);
    // A failure has been logged, and what it was about waits for the next attempt.
    if (dueMs <= wall.now()) void write().catch(() => undefined);
    else {
      cancelTimer ??= wall.at(dueMs, () => {
        cancelTimer = undefined;
        void write().catch(() => undefined);
      });
    }
  }

  /** Writes one commit of what waits, and sees to the next one. */
  function write(): Promise<void> {
    cancelTimer?.();
    cancelTimer = undefined;
    writing ??= commit(queues.takeBatches()).finally(() => {
      writing = undefined;
      if (!queues.isEmpty() && !closed) writeIn(queues.hasFullRow() ? 0 : sinkDelayMs);
    });
    return writing;
  }

  async function commit(batches: readonly OutputBatch[]): Promise<void> {
    try {
      await store.transact(async (tx) => {
        for (const batch of batches) await writeBatch(tx, batch, deps);
      });
    } catch (error) {
      failures.add();
      queues.putBack(batches);
      retryAtMs = wall.now() + sinkRetryMs;
      // Tried every second; said when it begins and when it is over.
      if (!failing) log.warn('function output could not be stored yet; it is tried again until it is', { error: String(error), streams: batches.length });
      failing = true;
      throw error;
    }
    retryAtMs = 0;
    if (failing) log.info('function output is stored again');
    failing = false;
    queues.settle(batches);
    const lost = batches.reduce((sum, batch) => sum + batch.lostEvents, 0);
    if (lost > 0) dropped.add(lost);
  }

  /** Only what waits now counts: output that goes on cannot hold this up. */
  async function flush(): Promise<void> {
    await writing;
    const isTaken = queues.watch();
    while (!isTaken()) await write();
    await writing;
  }

  return {
    append(target, events) {
      if (closed || events.length === 0) return;
      writeIn(queues.add(target, events) ? 0 : sinkDelayMs);
    },
    flush,
    waitingBytes: () => queues.waitingBytes(),
    async close() {
      try {
        await flush();
      } finally {
        closed = true;
        cancelTimer?.();
      }
    },
  };
}

async function writeBatch(tx: Transaction, { entry: { target }, events }: OutputBatch, { clock, wall, random, following }: LogSinkDeps): Promise<void> {
  const { logGroupName, logStreamName: streamName, ...scope } = target;
  const nowMs = clock.now();
  let group = await groups.get(tx, scope, [logGroupName]);
  if (!group) {
    group = { id: hexId(random, 16), createdAtMs: nowMs, tags: {}, deletionProtected: false };
    setGroup(tx, scope, logGroupName, group);
  }
  const stream =
    (await streams.get(tx, scope, [group.id, streamName])) ??
    (await createStream(tx, { scope, groupId: group.id, streamName, nowMs, random }));
  const ordered = events.toSorted((a, b) => a.timestampMs - b.timestampMs);
  await takeEvents(tx, following, { scope, groupName: logGroupName, group, streamName, stream, events: ordered, nowMs, wallMs: wall.now() });
}
