// Queues as the operations see them: the row, with its settings read once for as long as they do not change.

import { formatArn, parseArn } from '../../base/arn.ts';
import { decodeRecord } from '../../kv/record.ts';
import type { Key, ReadTransaction, Store } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { RedrivePolicy } from './domain/redrive.ts';
import { settingOf } from './domain/queueAttributes.ts';
import { isAnyQueueName } from './domain/queueUrl.ts';
import { knownQueuesMax } from './limits.ts';
import { everywhere, queues, type QueueRow } from './store.ts';

export interface QueueName extends Scope {
  readonly name: string;
}

export interface Queue extends QueueName {
  readonly arn: string;
  readonly row: QueueRow;
  readonly storeId: string;
  readonly fifo: boolean;
  readonly visibilityMs: number;
  readonly delayMs: number;
  readonly retentionMs: number;
  readonly waitMs: number;
  readonly messageBytesMax: number;
  readonly policy: string | undefined;
  readonly redrive: RedrivePolicy | undefined;
  readonly contentBasedDeduplication: boolean;
  readonly deduplicatesPerGroup: boolean;
}

export interface QueueReads {
  /** Inside a transaction: whatever changes the queue conflicts with it. */
  find(tx: ReadTransaction, name: QueueName): Promise<Queue | undefined>;
  /** What is acknowledged. */
  look(name: QueueName): Promise<Queue | undefined>;
}

/** Reads queues; equal bytes are decoded once. */
export function createQueueReads(store: Store): QueueReads {
  const known = new Map<string, { readonly value: Uint8Array; readonly queue: Queue }>();

  function open(name: QueueName, key: Key, value: Uint8Array | undefined): Queue | undefined {
    if (value === undefined) return undefined;
    const id = `${name.account}/${name.region}/${name.name}`;
    const last = known.get(id);
    if (last !== undefined && Buffer.compare(last.value, value) === 0) return last.queue;
    const queue = openQueue(name, decodeRecord<QueueRow>(value, key));
    if (known.size >= knownQueuesMax) known.clear();
    known.set(id, { value: Buffer.from(value), queue });
    return queue;
  }

  const keyOf = ({ account, region, name }: QueueName): Key => queues.key(everywhere, [account, region, name]);

  return {
    async find(tx, name) {
      const key = keyOf(name);
      return open(name, key, await tx.get(key));
    },
    async look(name) {
      const key = keyOf(name);
      const [value] = await store.getMany([key]);
      return open(name, key, value);
    },
  };
}

export function openQueue({ account, region, name }: QueueName, row: QueueRow): Queue {
  const number = (setting: string): number => Number(settingOf(row.settings, setting));
  const redrive = row.settings['RedrivePolicy'];
  return {
    account,
    region,
    name,
    arn: queueArn({ account, region, name }),
    row,
    storeId: row.storeId,
    fifo: row.settings['FifoQueue'] === 'true',
    visibilityMs: number('VisibilityTimeout') * 1_000,
    delayMs: number('DelaySeconds') * 1_000,
    retentionMs: number('MessageRetentionPeriod') * 1_000,
    waitMs: number('ReceiveMessageWaitTimeSeconds') * 1_000,
    messageBytesMax: number('MaximumMessageSize'),
    policy: row.settings['Policy'],
    redrive: redrive === undefined ? undefined : (JSON.parse(redrive) as RedrivePolicy),
    contentBasedDeduplication: row.settings['ContentBasedDeduplication'] === 'true',
    deduplicatesPerGroup: row.settings['DeduplicationScope'] === 'messageGroup',
  };
}

export function queueArn({ account, region, name }: QueueName): string {
  return formatArn({ service: 'sqs', region, account, resource: name });
}

/** Undefined for what is no queue's ARN. */
export function parseQueueArn(arn: string): QueueName | undefined {
  const parsed = parseArn(arn);
  if (parsed?.service !== 'sqs' || !/^\d{12}$/.test(parsed.account) || !/^[a-z0-9-]{1,30}$/.test(parsed.region)) return undefined;
  if (!isAnyQueueName(parsed.resource)) return undefined;
  return { account: parsed.account, region: parsed.region, name: parsed.resource };
}
