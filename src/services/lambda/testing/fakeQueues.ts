// Queues without SQS: tests put messages in and see what becomes of them.
import { createFakeClock } from '../../../base/clock.ts';
import type { MovableClock } from '../../../base/clock.ts';
import type { QueueDescription, QueueReader, QueueRecord } from '../../../ports/queueReader.ts';

export interface FakeQueues extends QueueReader {
  /** By ARN; may be changed at any time. */
  readonly descriptions: Map<string, QueueDescription>;
  /** Puts a message into the one queue there is; its body is its id. */
  send(body: string, attributes?: Readonly<Record<string, string>>): void;
  /** What waits. */
  waiting(): string[];
  /** Receives wait by it. */
  readonly clock: MovableClock;
  readonly deleted: string[];
  /** What was made visible again at once. */
  readonly givenBack: string[];
}

export function createFakeQueues(): FakeQueues {
  const clock = createFakeClock();
  const descriptions = new Map<string, QueueDescription>();
  let messages: QueueRecord[] = [];
  const wakers = new Set<() => void>();
  const deleted: string[] = [];
  const givenBack: string[] = [];

  const recordOf = (body: string): QueueRecord => ({ messageId: `id-${body}`, receiptHandle: body, body, md5OfBody: '', attributes: {}, messageAttributes: {} });

  function put(body: string, attributes: Readonly<Record<string, string>> = {}): void {
    messages.push({ ...recordOf(body), attributes });
    for (const wake of wakers) wake();
  }

  return {
    descriptions,
    clock,
    deleted,
    givenBack,
    send: put,
    waiting: () => messages.map(({ body }) => body),
    describe: async (arn) => descriptions.get(arn),
    async receive(arn, { maxMessages, waitMs, signal }) {
      if (!descriptions.has(arn)) return undefined;
      if (messages.length === 0 && waitMs > 0) {
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            wakers.delete(wake);
            cancel();
            resolve();
          };
          const cancel = clock.at(clock.now() + waitMs, wake);
          wakers.add(wake);
          signal.addEventListener('abort', wake, { once: true });
        });
      }
      const taken = messages.slice(0, maxMessages);
      messages = messages.slice(maxMessages);
      return taken;
    },
    async delete(_arn, handles) {
      deleted.push(...handles);
      return [];
    },
    async changeVisibility(arn, handles) {
      givenBack.push(...handles);
      // Received as often as it may be: it goes to the dead-letter queue.
      if (descriptions.get(arn)?.maxReceiveCount === 1) return [];
      for (const handle of handles) put(handle);
      return [];
    },
  };
}
