import type { Clock } from '../../base/clock.ts';
import { hexId } from '../../base/ids.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { LogEvent, LogSink, LogTarget } from '../../ports/logSink.ts';
import { createStream } from './createStream.ts';
import { createEventQueue } from './domain/eventQueue.ts';
import type { EventQueue } from './domain/eventQueue.ts';
import type { RowEvent } from './domain/rows.ts';
import { sinkBytesMax, sinkCommitBytesMax, sinkDelayMs, sinkMessageBytesMax, sinkRetryMs, sinkRowBytes, sinkStreamBytesMax } from './limits.ts';
import { appendEvents, groups, setGroup, streams } from './store.ts';
import type { Store, Transaction } from '../../kv/store.ts';

export interface LogSinkDeps {
  readonly store: Store;
  /** Product time: when events are taken in. */
  readonly clock: Clock;
  /** Real time: when a batch is due. */
  readonly wall: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** A stream that has output to be stored. */
interface Waiting {
  readonly key: string;
  readonly target: LogTarget;
  readonly queue: EventQueue;
}

interface Batch {
  readonly entry: Waiting;
  readonly events: readonly RowEvent[];
  readonly bytes: number;
}

/**
 * The place functions write to. `append` only queues; batches are committed one after another, each with at most one row of
 * events for every stream. What waits is bounded: a function that writes faster than the store takes loses its own oldest
 * lines, and a line in their place says how many.
 */
export function createLogSink(deps: LogSinkDeps): LogSink & { close(): Promise<void> } {
  const { store, wall, log } = deps;
  const waiting = new Map<string, Waiting>();
  let queuedBytes = 0;
  let cancelTimer: (() => void) | undefined;
  let writing: Promise<void> | undefined;
  let retryAtMs = 0;
  let closed = false;

  function append(target: LogTarget, events: readonly LogEvent[]): void {
    if (closed || events.length === 0) return;
    const key = `${target.account}\n${target.region}\n${target.logGroupName}\n${target.logStreamName}`;
    let entry = waiting.get(key);
    if (!entry) {
      entry = { key, target, queue: createEventQueue(sinkStreamBytesMax, sinkMessageBytesMax) };
      waiting.set(key, entry);
    }
    for (const event of events) queuedBytes += entry.queue.add(event, sinkBytesMax - queuedBytes);
    writeIn(entry.queue.bytes() >= sinkRowBytes ? 0 : sinkDelayMs);
  }

  function writeIn(delayMs: number): void {
    if (writing) return;
    const dueMs = Math.max(wall.now() + delayMs, retryAtMs);
    if (dueMs <= wall.now()) {
      void write().catch(() => undefined);
      return;
    }
    cancelTimer ??= wall.at(dueMs, () => {
      cancelTimer = undefined;
      void write().catch(() => undefined);
    });
  }

  /** Writes one commit of what waits, and sees to the next one. */
  function write(): Promise<void> {
    cancelTimer?.();
    cancelTimer = undefined;
    writing ??= commit(takeBatches()).finally(() => {
      writing = undefined;
      if (waiting.size === 0 || closed) return;
      const full = [...waiting.values()].some(({ queue }) => queue.bytes() >= sinkRowBytes);
      writeIn(full ? 0 : sinkDelayMs);
    });
    return writing;
  }

  async function commit(batches: readonly Batch[]): Promise<void> {
    try {
      await store.transact(async (tx) => {
        for (const batch of batches) await writeBatch(tx, batch, deps);
      });
    } catch (error) {
      for (const { entry, events } of batches) queuedBytes += entry.queue.putBack(events);
      retryAtMs = wall.now() + sinkRetryMs;
      log.warn('function output could not be stored yet', { error: String(error), streams: batches.length, bytes: queuedBytes });
      throw error;
    }
    retryAtMs = 0;
    for (const { entry } of batches) if (entry.queue.isEmpty()) waiting.delete(entry.key);
  }

  function takeBatches(): Batch[] {
    const batches: Batch[] = [];
    let bytes = 0;
    for (const entry of [...waiting.values()]) {
      if (bytes >= sinkCommitBytesMax) break;
      const taken = entry.queue.take(sinkRowBytes);
      queuedBytes -= taken.bytes;
      bytes += taken.bytes;
      batches.push({ entry, ...taken });
      // To the end of the line, so that a stream that never ends does not keep the others waiting.
      waiting.delete(entry.key);
      waiting.set(entry.key, entry);
    }
    return batches;
  }

  /** Only what waits now counts: output that goes on cannot hold this up. */
  async function flush(): Promise<void> {
    await writing;
    const marks = [...waiting.values()].map(({ queue }) => ({ queue, mark: queue.arrived() }));
    while (marks.some(({ queue, mark }) => queue.departed() < mark)) await write();
    await writing;
  }

  return {
    append,
    flush,
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

async function writeBatch(tx: Transaction, { entry: { target }, events }: Batch, { clock, random }: LogSinkDeps): Promise<void> {
  const scope = { account: target.account, region: target.region };
  const nowMs = clock.now();
  let group = await groups.get(tx, scope, [target.logGroupName]);
  if (!group) {
    group = { id: hexId(random, 16), createdAtMs: nowMs, tags: {}, deletionProtected: false };
    setGroup(tx, scope, target.logGroupName, group);
  }
  const streamName = target.logStreamName;
  const stream =
    (await streams.get(tx, scope, [group.id, streamName])) ?? (await createStream(tx, { scope, groupId: group.id, streamName, nowMs, random }));
  const ordered = events.toSorted((a, b) => a.timestampMs - b.timestampMs);
  appendEvents(tx, { scope, groupId: group.id, streamName, stream, events: ordered, nowMs });
}
