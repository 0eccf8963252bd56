import { setMaxListeners } from 'node:events';
import type { Clock } from '../../base/clock.ts';
import { ServiceError } from '../../base/errors.ts';
import type { Store, Transaction } from '../../kv/store.ts';
import type { QueueReader, QueueRecord, QueueRecordAttribute } from '../../ports/queueReader.ts';
import { md5OfAttributes } from './domain/messageAttributes.ts';
import { changeVisibility, deleteByHandle, receiptLocks } from './messages/receipts.ts';
import { systemAttributesOf } from './messages/systemAttributes.ts';
import { parseQueueArn, type Queue, type QueueReads } from './queues.ts';
import type { Received, Receiver } from './receiving/receiver.ts';

export interface QueueReaderDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly queues: QueueReads;
  readonly receiver: Receiver;
}

const handlesAtOnce = 50;

/** What event source mappings and pipes read queues with. */
export function createQueueReader({ store, clock, queues, receiver }: QueueReaderDeps): QueueReader {
  const look = async (arn: string): Promise<Queue | undefined> => {
    const name = parseQueueArn(arn);
    return name && queues.look(name);
  };

  /** Uses each handle, a bounded number in a transaction; answers those that SQS refuses. */
  async function useEach(arn: string, handles: readonly string[], use: (tx: Transaction, queue: Queue, handle: string) => Promise<void>): Promise<string[]> {
    const refused: string[] = [];
    for (let at = 0; at < handles.length; at += handlesAtOnce) {
      const some = handles.slice(at, at + handlesAtOnce);
      const looked = await look(arn);
      if (!looked) return [...refused, ...handles.slice(at)];
      const failed = await store.transact(
        async (tx) => {
          const queue = await queues.find(tx, looked);
          if (!queue) return some;
          const unusable: string[] = [];
          for (const handle of some) {
            try {
              await use(tx, queue, handle);
            } catch (error) {
              if (!(error instanceof ServiceError)) throw error;
              unusable.push(handle);
            }
          }
          return unusable;
        },
        { locks: receiptLocks(looked, some) },
      );
      refused.push(...failed);
    }
    return refused;
  }

  return {
    async describe(arn) {
      const queue = await look(arn);
      if (!queue) return undefined;
      const { fifo, visibilityMs, redrive } = queue;
      return { fifo, visibilityTimeoutSeconds: visibilityMs / 1_000, ...(redrive ? { maxReceiveCount: redrive.maxReceiveCount } : {}) };
    },
    async receive(arn, { maxMessages, waitMs, visibilityTimeoutSeconds, signal }) {
      const name = parseQueueArn(arn);
      if (!name) return undefined;
      // One signal ends many receives at once, which is no leak.
      setMaxListeners(0, signal);
      const visibilityMs = visibilityTimeoutSeconds === undefined ? undefined : visibilityTimeoutSeconds * 1_000;
      try {
        return (await receiver.receive(name, { max: maxMessages, waitMs, visibilityMs, signal })).map(describeRecord);
      } catch (error) {
        if (error instanceof ServiceError && error.code === 'QueueDoesNotExist') return undefined;
        // Too much in flight: the next receive comes when something has been deleted.
        if (error instanceof ServiceError && error.code === 'OverLimit') return [];
        throw error;
      }
    },
    delete: (arn, handles) => useEach(arn, handles, (tx, queue, handle) => deleteByHandle(tx, queue, handle, Math.floor(clock.now()))),
    changeVisibility: (arn, handles, seconds) => useEach(arn, handles, (tx, queue, handle) => changeVisibility(tx, queue, handle, seconds, Math.floor(clock.now()))),
  };
}

function describeRecord(message: Received): QueueRecord {
  const { messageId, receiptHandle, content, row } = message;
  const md5 = md5OfAttributes(content.attributes);
  const attributes = Object.entries(content.attributes ?? {}).map(([name, { type, value }]): [string, QueueRecordAttribute] => [
    name,
    typeof value === 'string' ? { stringValue: value, dataType: type } : { binaryValue: Buffer.from(value).toString('base64'), dataType: type },
  ]);
  return {
    messageId,
    receiptHandle,
    body: content.body,
    attributes: systemAttributesOf(message, ['All']) ?? {},
    messageAttributes: Object.fromEntries(attributes),
    md5OfBody: row.md5,
    ...(md5 === undefined ? {} : { md5OfMessageAttributes: md5 }),
  };
}
