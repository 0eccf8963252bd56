// Deliveries whose effect is in the store: queues, functions (whose events wait in the outbox) and the mailbox. They are prepared outside of
// a transaction, and done as part of one: of the publisher's own where that is possible.

import type { Transaction } from '../../../kv/store.ts';
import type { QueueMessage, QueueMessageAttribute } from '../../../ports/queueMessage.ts';
import type { SnsDeps } from '../deps.ts';
import { principal } from '../deps.ts';
import { createHash } from 'node:crypto';
import { formatLambdaEvent, formatNotification, type Links, type Message, textFor, unsubscribeUrl } from '../domain/notification.ts';
import type { Subscriber, Topic } from '../topics.ts';

export type Prepared =
  | { readonly kind: 'ready'; readonly locks: readonly string[]; put(tx: Transaction): Promise<boolean> }
  /** Never. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'later'; readonly reason: string }
  /** Not in the store: by the outbox only. */
  | { readonly kind: 'outside' };

type Deps = Pick<SnsDeps, 'queues' | 'functions' | 'mailbox' | 'emitter' | 'signer' | 'log'>;

/** Whether the form of a message that a subscriber gets has a signature. */
export const needsSignature = ({ raw, row: { protocol } }: Pick<Subscriber, 'raw' | 'row'>): boolean => !raw && protocol !== 'email' && protocol !== 'sms';

/** `message` has the signatures that are needed. */
export async function prepareDelivery(message: Message, topic: Topic, subscriber: Subscriber, deps: Deps): Promise<Prepared> {
  switch (subscriber.row.protocol) {
    case 'http':
    case 'https':
      return { kind: 'outside' };
    case 'sqs':
      return prepareQueue(message, topic, subscriber, subscriber.row.endpoint, deps);
    case 'lambda':
      return prepareFunction(message, topic, subscriber, deps);
    default:
      return prepareMail(message, topic, subscriber, deps);
  }
}

export async function linksOf({ row }: Pick<Subscriber, 'row'>, { signer }: Pick<Deps, 'signer'>): Promise<Links> {
  return { subscriptionId: row.id, baseUrl: row.baseUrl, certificate: (await signer.certificate()).name };
}

/** For the subscriber's own queue, or its dead-letter queue. */
export async function prepareQueue(message: Message, topic: Topic, subscriber: Subscriber, queueArn: string, deps: Pick<Deps, 'queues' | 'signer'>): Promise<Prepared> {
  const body = await queueMessageOf(message, subscriber, deps);
  const result = await deps.queues.prepare({ queueArn, message: body, service: principal, sourceArn: topic.arn, sourceAccount: topic.account });
  if (result.kind !== 'ready') return result;
  const { write } = result;
  return { kind: 'ready', locks: write.locks, put: (tx) => write.put(tx) };
}

async function queueMessageOf(message: Message, subscriber: Subscriber, deps: Pick<Deps, 'signer'>): Promise<QueueMessage> {
  const { groupId, dedupId, content } = message;
  const order = {
    ...(message.trace === undefined ? {} : { traceHeader: message.trace }),
    ...(groupId === undefined ? {} : { groupId }),
    // What is replayed within five minutes would be taken for a duplicate.
    ...(dedupId === undefined ? {} : { deduplicationId: message.replayed ? createHash('sha256').update(`replay ${message.messageId} ${subscriber.row.replay?.id}`).digest('hex') : dedupId }),
  };
  if (!subscriber.raw) return { body: formatNotification(message, 'sqs', await linksOf(subscriber, deps)), ...order };
  const attributes: Record<string, QueueMessageAttribute> = { ...content.attributes };
  if (message.replayed) attributes['Replayed'] = { type: 'String', value: 'true' };
  return { body: textFor(message, 'sqs').text, ...order, ...(Object.keys(attributes).length === 0 ? {} : { attributes }) };
}

async function prepareFunction(message: Message, topic: Topic, subscriber: Subscriber, deps: Deps): Promise<Prepared> {
  const functionArn = subscriber.row.endpoint;
  const verdict = await deps.functions.mayInvoke({ functionArn, service: principal, sourceArn: topic.arn, sourceAccount: topic.account });
  if (verdict.kind === 'no-such-function') return { kind: 'refused', reason: `Function not found: ${functionArn}` };
  if (verdict.kind === 'denied') {
    deps.log.warn('a function does not let a topic invoke it', { functionArn, topicArn: topic.arn, remedy: verdict.remedy });
    return { kind: 'refused', reason: 'AccessDenied' };
  }
  const payload = Buffer.from(formatLambdaEvent(message, await linksOf(subscriber, deps)));
  return {
    kind: 'ready',
    locks: [],
    async put(tx) {
      deps.emitter.emit(tx, { source: 'sns', sourceArn: topic.arn, target: functionArn, account: topic.account, region: topic.region, callingPrincipal: principal, payload, traceHeader: message.trace });
      return true;
    },
  };
}

async function prepareMail(message: Message, topic: Topic, subscriber: Subscriber, deps: Deps): Promise<Prepared> {
  const { protocol, endpoint, id, baseUrl } = subscriber.row;
  const { text } = textFor(message, protocol);
  const displayName = topic.row.attributes['DisplayName'] ?? '';
  const details = { topicArn: topic.arn, subscriptionArn: subscriber.arn, messageId: message.messageId };
  const place = { service: 'sns', account: topic.account, region: topic.region, to: endpoint, details };
  const json = protocol === 'email-json' ? formatNotification(message, protocol, await linksOf(subscriber, deps)) : undefined;
  return {
    kind: 'ready',
    locks: [],
    async put(tx) {
      if (protocol === 'sms') {
        deps.mailbox.put(tx, { ...place, kind: 'sms', from: displayName === '' ? 'NOTICE' : displayName, body: displayName === '' ? text : `${displayName}> ${text}` });
        return true;
      }
      const footer = `\n\n--\nIf you wish to stop receiving notifications from this topic, please visit the link below to unsubscribe:\n${unsubscribeUrl(baseUrl, topic, id)}\n`;
      deps.mailbox.put(tx, { ...place, kind: 'email', from: sender(displayName), subject: message.content.subject ?? 'AWS Notification Message', body: json ?? `${text}${footer}` });
      return true;
    },
  };
}

/** Who mails come from. */
export const sender = (displayName: string): string => `${displayName === '' ? 'AWS Notifications' : displayName} <no-reply@sns.amazonaws.com>`;
