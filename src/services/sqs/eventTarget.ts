// Queues as targets of the outbox: the message is stored, and the envelope is done, in one transaction.

import type { Clock } from '../../base/clock.ts';
import { ServiceError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { RoleAccess } from '../../framework/roleAccess.ts';
import { createServiceAccess } from '../../framework/serviceAccess.ts';
import type { ServiceDenials } from '../../framework/serviceDenials.ts';
import type { Store } from '../../kv/store.ts';
import type { DestinationAccess } from '../../ports/destinationAccess.ts';
import type { Delivery, DeliveryResult, DeliveryTarget, Envelope } from '../../ports/outbox.ts';
import { decodeQueueMessage, type QueueMessage } from '../../ports/queueMessage.ts';
import type { SentAttribute } from './domain/messageAttributes.ts';
import type { MessageDeps } from './messages/messageDeps.ts';
import { type Draft, locksOf, putMessage, readMessage, requireSize, sealDraft, type SentMessage } from './messages/send.ts';
import { parseQueueArn, type Queue } from './queues.ts';

export interface EventTargetDeps extends MessageDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly roleAccess: RoleAccess;
  readonly serviceDenials?: ServiceDenials | undefined;
  readonly log: Logger;
}

/** Whether a service may send to a queue for one of its resources: asked when a trigger is set up. */
export function createDestinationAccess({ queues, clock }: Pick<EventTargetDeps, 'queues' | 'clock'>): DestinationAccess {
  const serviceAccess = createServiceAccess();
  return async ({ arn, service, sourceArn, sourceAccount }) => {
    const name = parseQueueArn(arn);
    const queue = name && (await queues.look(name));
    if (!queue) return { kind: 'absent' };
    const conditions = { 'aws:SourceAccount': sourceAccount, 'aws:SourceArn': sourceArn };
    const about = { action: 'sqs:SendMessage', resource: queue.arn, nowMs: clock.now(), region: queue.region, service, conditions };
    if (queue.policy !== undefined && serviceAccess({ ...about, document: queue.policy })) return { kind: 'allowed' };
    const statement = { Effect: 'Allow', Principal: { Service: service }, Action: 'sqs:SendMessage', Resource: queue.arn, Condition: { ArnLike: { 'aws:SourceArn': sourceArn } } };
    const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    return { kind: 'denied', remedy: `aws sqs set-queue-attributes --queue-url <url of ${queue.name}> --attributes '${JSON.stringify({ Policy: policy })}'` };
  };
}

/** The one target for all queues; `TargetDirectory.for` gives it for every queue's ARN. */
export function createEventTarget(deps: EventTargetDeps): DeliveryTarget {
  const { store, clock, queues, log, roleAccess } = deps;
  const serviceAccess = createServiceAccess(deps.serviceDenials);

  async function deliver(envelope: Envelope, delivery: Delivery): Promise<DeliveryResult> {
    const name = parseQueueArn(envelope.target);
    const queue = name && (await queues.look(name));
    if (!queue) return rejected('AWS.SimpleQueueService.NonExistentQueue');
    if (!(await isAllowed(queue, envelope))) {
      log.warn('a queue does not let a sender in', { queueArn: queue.arn, sender: envelope.callingPrincipal, sourceArn: envelope.sourceArn });
      return rejected('AccessDenied');
    }
    const sent = decodeQueueMessage(envelope.payload);
    const message = sent.traceHeader === undefined && envelope.traceHeader !== undefined ? { ...sent, traceHeader: envelope.traceHeader } : sent;
    try {
      const draft = await sealDraft(draftOf(message, queue), queue, deps);
      return await store.transact(
        async (tx) => {
          const current = await queues.find(tx, queue);
          if (!current) return rejected('AWS.SimpleQueueService.NonExistentQueue');
          const fitting = current.row === queue.row || draft.sealed ? draft : draftOf(message, current);
          if (await delivery.acknowledge(tx)) await putMessage(tx, current, fitting, { id: senderOf(envelope), nowMs: Math.floor(clock.now()) }, deps);
          return { kind: 'delivered' };
        },
        { locks: locksOf(queue, [draft]) },
      );
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      // A key can be enabled again.
      if (error.code.startsWith('Kms')) return { kind: 'retry', reason: error.code };
      // The message does not fit the queue, and never will: no group for a FIFO queue, or too long.
      return rejected(error.message);
    }
  }

  async function isAllowed(queue: Queue, { callingPrincipal, sourceArn, account }: Envelope): Promise<boolean> {
    const about = { action: 'sqs:SendMessage', resource: queue.arn, nowMs: clock.now(), region: queue.region };
    const conditions = { 'aws:SourceAccount': account, ...(sourceArn === undefined ? {} : { 'aws:SourceArn': sourceArn }) };
    if (callingPrincipal.startsWith('arn:')) return roleAccess({ ...about, roleArn: callingPrincipal, resourcePolicy: queue.policy, conditions });
    return serviceAccess({ ...about, document: queue.policy, service: callingPrincipal, conditions });
  }

  return { deliver };
}

const rejected = (reason: string): DeliveryResult => ({ kind: 'rejected', reason });

/** Services show as the first word of their principal's id in SenderId; what AWS writes there is an internal id. */
function senderOf({ callingPrincipal }: Envelope): string {
  return callingPrincipal.startsWith('arn:') ? (callingPrincipal.split('/').at(-1) ?? callingPrincipal) : callingPrincipal;
}

/** A message of another service, as `queue` takes it. */
export function draftOf(message: QueueMessage, queue: Queue): Draft {
  const draft = readMessage(sentForm(message, queue), queue);
  requireSize(draft, queue);
  return draft;
}

function sentForm({ body, groupId, deduplicationId, attributes, traceHeader }: QueueMessage, queue: Queue): SentMessage {
  const sent = Object.entries(attributes ?? {}).map(([name, { type, value }]): [string, SentAttribute] => [
    name,
    typeof value === 'string' ? { DataType: type, StringValue: value } : { DataType: type, BinaryValue: value },
  ]);
  return {
    MessageBody: body,
    ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
    // Senders that know nothing of the queue's kind give one all the same.
    ...(deduplicationId === undefined || !queue.fifo ? {} : { MessageDeduplicationId: deduplicationId }),
    ...(sent.length === 0 ? {} : { MessageAttributes: Object.fromEntries(sent) }),
    ...(traceHeader === undefined ? {} : { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: traceHeader } } }),
  };
}
