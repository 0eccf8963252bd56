import type { LiveTailSessionUpdate } from '@aws-sdk/client-cloudwatch-logs';
import { tailQueueBytesMax, tailQueueEventsMax, tailQueueUpdatesMax } from '../limits.ts';

export interface TailUpdate {
  readonly update: LiveTailSessionUpdate;
  readonly events: number;
  readonly bytes: number;
}

/** Updates of a live tail that its client has not taken yet: bounded, the oldest give way. One reader. */
export interface UpdateQueue {
  add(update: TailUpdate): void;
  /** What waits is still given out; then the reader is told. */
  end(error?: Error): void;
  /** Undefined at the end; throws what the session failed with. */
  next(): Promise<LiveTailSessionUpdate | undefined>;
}

export function createUpdateQueue(): UpdateQueue {
  const waiting: TailUpdate[] = [];
  let events = 0;
  let bytes = 0;
  let ended: { readonly error: Error | undefined } | undefined;
  let wake: () => void = () => undefined;

  function take(): TailUpdate | undefined {
    const first = waiting.shift();
    events -= first?.events ?? 0;
    bytes -= first?.bytes ?? 0;
    return first;
  }

  return {
    add(update) {
      waiting.push(update);
      events += update.events;
      bytes += update.bytes;
      while (waiting.length > 1 && (waiting.length > tailQueueUpdatesMax || events > tailQueueEventsMax || bytes > tailQueueBytesMax)) take();
      wake();
    },
    end(error) {
      ended ??= { error };
      wake();
    },
    async next() {
      while (waiting.length === 0 && !ended) await new Promise<void>((resolve) => (wake = resolve));
      const first = take();
      if (first) return first.update;
      if (ended?.error) throw ended.error;
      return undefined;
    },
  };
}
