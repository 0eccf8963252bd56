// What the settings of a queue say of things outside of it: dead-letter queues and keys.

import type { Call } from '../../framework/context.ts';
import type { ReadTransaction } from '../../kv/store.ts';
import { allowsSource, type RedrivePolicy } from './domain/redrive.ts';
import { invalidValue } from './errors.ts';
import { sealingCaller, type SqsDeps } from './operation.ts';
import { parseQueueArn, queueArn, type QueueName, type QueueReads } from './queues.ts';

/** Throws unless the dead-letter queue of `settings` exists, is of the same kind and takes the dead letters of `source`. */
export async function requireDeadLetterQueue(
  tx: ReadTransaction,
  source: QueueName,
  settings: Readonly<Record<string, string | undefined>>,
  fifo: boolean,
  queues: QueueReads,
): Promise<void> {
  const text = settings['RedrivePolicy'];
  if (text === undefined) return;
  const refuse = (reason: string): Error => invalidValue(text, 'RedrivePolicy', reason);
  const name = parseQueueArn((JSON.parse(text) as RedrivePolicy).deadLetterTargetArn);
  if (!name) throw refuse('Invalid value for deadLetterTargetArn.');
  if (name.account !== source.account) throw refuse('Dead letter target owner should be same as the source.');
  if (name.region !== source.region) throw refuse('Dead letter target should be in the same region as the source.');
  const itself = name.name === source.name;
  const target = await queues.find(tx, name);
  if (!target && !itself) throw refuse('Dead letter target does not exist.');
  if (target && target.fifo !== fifo) throw refuse('Dead-letter queue must be same type of queue as the source.');
  if (!allowsSource(target?.row.settings['RedriveAllowPolicy'], queueArn(source))) {
    throw refuse(`Dead letter target ${name.name} does not allow queue ${source.name} to send messages to it.`);
  }
}

/** Throws unless KMS has the key that `settings` name, and the caller may use it. */
export async function requireKey(settings: Readonly<Record<string, string | undefined>>, call: Call, { sealing }: SqsDeps): Promise<void> {
  const keyId = settings['KmsMasterKeyId'];
  if (keyId !== undefined) await sealing.requireKey(keyId, call, sealingCaller(call));
}
