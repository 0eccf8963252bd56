import { ServiceError } from '../../base/errors.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { AccessRequest, Call } from '../../framework/context.ts';
import { operationsOf } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { Timers } from '../../kv/timers.ts';
import { parseQueueUrl } from './domain/queueUrl.ts';
import { invalidAddress, queueDoesNotExist, queueDoesNotExistInQuery } from './errors.ts';
import type { MessageDeps } from './messages/messageDeps.ts';
import type { SealingCaller } from './messages/sealing.ts';
import { type Queue, queueArn, type QueueName } from './queues.ts';
import type { Receiver } from './receiving/receiver.ts';

/** What every operation of the service may use. */
export interface SqsDeps extends MessageDeps {
  readonly store: Store;
  /** Product time. */
  readonly clock: Clock;
  readonly receiver: Receiver;
  readonly timers: Timers;
  readonly log: Logger;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-sqs'), SqsDeps>();

interface QueueInput {
  readonly QueueUrl?: string | undefined;
}

/** The queue that a request is for. Requests of old clients may name it by their path alone. */
export function queueNameOf({ QueueUrl: url }: QueueInput, call: Call): QueueName {
  const text = url === undefined || url === '' ? call.head.path : url;
  const address = parseQueueUrl(text);
  if (address) return { account: address.account, region: address.region ?? call.region, name: address.name };
  if (url === undefined || url === '') throw missingQueue(call);
  throw invalidAddress(url.slice(0, 2_048));
}

/** What an operation on one queue needs permission for. */
export async function queueAccess(action: string, input: QueueInput, call: Call, { queues }: SqsDeps): Promise<AccessRequest> {
  const name = queueNameOf(input, call);
  return accessTo(action, name, await queues.look(name));
}

export function accessTo(action: string, name: QueueName, queue: Queue | undefined): AccessRequest {
  const tags = Object.entries(queue?.row.tags ?? {});
  return {
    action: `sqs:${action}`,
    resource: queueArn(name),
    ...(queue?.policy === undefined ? {} : { resourcePolicy: queue.policy }),
    ...(tags.length === 0 ? {} : { conditions: Object.fromEntries(tags.map(([key, value]) => [`aws:ResourceTag/${key}`, value])) }),
  };
}

/** Runs an operation on the queue that its input names; that there is none is told in the words of the request's protocol. */
export async function onQueue<Out>(input: QueueInput, call: Call, work: (name: QueueName) => Promise<Out>): Promise<Out> {
  try {
    return await work(queueNameOf(input, call));
  } catch (error) {
    throw error instanceof ServiceError && error.code === 'QueueDoesNotExist' ? missingQueue(call) : error;
  }
}

/** In the words of the request's protocol. */
export function missingQueue(call: Call): ServiceError {
  return call.head.headers['x-amz-target'] === undefined ? queueDoesNotExistInQuery() : queueDoesNotExist();
}

export async function requireQueue(found: Promise<Queue | undefined>): Promise<Queue> {
  const queue = await found;
  if (!queue) throw queueDoesNotExist();
  return queue;
}

/** On the address that the client itself uses. */
export function queueUrl({ account, name }: QueueName, call: Call): string {
  return `${call.endpoint}/${account}/${name}`;
}

/** As the SenderId attribute tells it. */
export function senderIdOf({ caller }: Call): string {
  return caller.kind === 'anonymous' ? 'anonymous' : caller.userId;
}

/** In whose name keys are used. */
export function sealingCaller({ caller, accessKeyId, authorise }: Call): SealingCaller {
  return { arn: caller.kind === 'anonymous' ? 'anonymous' : caller.arn, accessKeyId, authorise };
}

export function nowOf({ clock }: { readonly clock: Clock }): number {
  return Math.floor(clock.now());
}
