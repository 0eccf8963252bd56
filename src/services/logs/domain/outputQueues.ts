import type { LogEvent, LogTarget } from '../../../ports/logSink.ts';
import { sinkBytesMax, sinkCommitBytesMax, sinkMessageBytesMax, sinkRowBytes, sinkStreamBytesMax } from '../limits.ts';
import { createEventQueue } from './eventQueue.ts';
import type { EventQueue } from './eventQueue.ts';
import type { RowEvent } from './rows.ts';

/** A stream that has output to be stored. */
interface Waiting {
  readonly key: string;
  readonly target: LogTarget;
  readonly queue: EventQueue;
}

/** What one commit stores for one stream: about a row. */
export interface OutputBatch {
  readonly entry: Waiting;
  readonly events: readonly RowEvent[];
}

/** The output of all streams that waits to be stored, bounded for each stream and in all. */
export interface OutputQueues {
  /** Returns whether the stream has enough for a row. */
  add(target: LogTarget, events: readonly LogEvent[]): boolean;
  /** Up to a row of every stream, in turn, as much as one commit should hold. */
  takeBatches(): readonly OutputBatch[];
  /** What could not be stored waits again, in front. */
  putBack(batches: readonly OutputBatch[]): void;
  /** Forgets the streams of stored batches for which nothing waits. */
  settle(batches: readonly OutputBatch[]): void;
  isEmpty(): boolean;
  bytes(): number;
  hasFullRow(): boolean;
  /** Tells, whenever asked, whether everything that waits now has been taken. */
  watch(): () => boolean;
}

export function createOutputQueues(): OutputQueues {
  const waiting = new Map<string, Waiting>();
  let queuedBytes = 0;
  return {
    add(target, events) {
      const key = `${target.account}\n${target.region}\n${target.logGroupName}\n${target.logStreamName}`;
      let entry = waiting.get(key);
      if (!entry) {
        entry = { key, target, queue: createEventQueue(sinkStreamBytesMax, sinkMessageBytesMax) };
        waiting.set(key, entry);
      }
      for (const event of events) queuedBytes += entry.queue.add(event, sinkBytesMax - queuedBytes);
      return entry.queue.bytes() >= sinkRowBytes;
    },
    takeBatches() {
      const batches: OutputBatch[] = [];
      let bytes = 0;
      for (const entry of [...waiting.values()]) {
        if (bytes >= sinkCommitBytesMax) break;
        const taken = entry.queue.take(sinkRowBytes);
        queuedBytes -= taken.bytes;
        bytes += taken.bytes;
        batches.push({ entry, events: taken.events });
        // To the end of the line, so that a stream that never ends does not keep the others waiting.
        waiting.delete(entry.key);
        waiting.set(entry.key, entry);
      }
      return batches;
    },
    putBack(batches) {
      for (const { entry, events } of batches) queuedBytes += entry.queue.putBack(events);
    },
    settle(batches) {
      for (const { entry } of batches) if (entry.queue.isEmpty()) waiting.delete(entry.key);
    },
    isEmpty: () => waiting.size === 0,
    bytes: () => queuedBytes,
    hasFullRow: () => [...waiting.values()].some(({ queue }) => queue.bytes() >= sinkRowBytes),
    watch() {
      const marks = [...waiting.values()].map(({ queue }) => ({ queue, mark: queue.arrived() }));
      return () => marks.every(({ queue, mark }) => queue.departed() >= mark);
    },
  };
}
