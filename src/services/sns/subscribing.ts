// Who subscribes, who has to be asked first, and what a subscription leaves behind.

import { createHash } from 'node:crypto';
import { parseArn } from '../../base/arn.ts';
import { hexId, uuid } from '../../base/ids.ts';
import { encodeRecord } from '../../kv/record.ts';
import type { Transaction } from '../../kv/store.ts';
import type { ConfirmationStep } from './delivery/httpDelivery.ts';
import { sender } from './delivery/prepare.ts';
import type { SnsDeps } from './deps.ts';
import type { TopicName } from './domain/arns.ts';
import { httpRetryDefault } from './domain/deliveryPolicy.ts';
import { confirmationUrl, type Message, type MessageType } from './domain/notification.ts';
import { invalidParameter, missingParameter } from './errors.ts';
import { confirmationMs, httpPolicySecondsMax } from './limits.ts';
import { newRevision } from './operation.ts';
import { envelopeOf } from './publishing/fanOut.ts';
import { endpoints, type Protocol, type SubscriptionRow, subscriptions } from './store.ts';
import { setTopic, type Topic } from './topics.ts';

const protocols: ReadonlySet<string> = new Set<Protocol>(['http', 'https', 'email', 'email-json', 'sms', 'sqs', 'lambda']);

/** The protocol and endpoint of a request, in the service's own order of complaints. */
export function requireEndpoint(givenProtocol: string | undefined, endpoint: string | undefined, fifo: boolean): { readonly protocol: Protocol; readonly endpoint: string } {
  if (givenProtocol === undefined || givenProtocol === '') throw missingParameter('Protocol');
  if (givenProtocol === 'application') throw invalidParameter('Protocol Reason: Haneul has no mobile push: the protocol application is not available');
  if (givenProtocol === 'firehose') throw invalidParameter('Protocol Reason: Haneul delivers nothing to Amazon Data Firehose: the protocol firehose is not available');
  if (!protocols.has(givenProtocol)) throw invalidParameter(`Amazon SNS does not support this protocol string: ${givenProtocol.slice(0, 100)}`);
  if (endpoint === undefined || endpoint === '') throw missingParameter('Endpoint');
  const protocol = givenProtocol as Protocol;
  checkEndpoint(protocol, endpoint);
  const fifoQueue = protocol === 'sqs' && endpoint.endsWith('.fifo');
  if (fifo && protocol !== 'sqs') throw invalidParameter('Invalid parameter: Endpoint Reason: Please use FIFO SQS queue');
  if (!fifo && fifoQueue) throw invalidParameter('Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics');
  return { protocol, endpoint };
}

function checkEndpoint(protocol: Protocol, endpoint: string): void {
  if (endpoint.length > 2_048) throw invalidParameter('Endpoint');
  switch (protocol) {
    case 'http':
    case 'https':
      if (!endpoint.startsWith(`${protocol}://`)) throw invalidParameter('Endpoint must match the specified protocol');
      if (!URL.canParse(endpoint)) throw invalidParameter('HTTP(S) endpoint: the URL cannot be read');
      return;
    case 'email':
    case 'email-json':
      if (!/^[^\s@<>"]{1,64}@[^\s@<>"]{1,255}$/.test(endpoint)) throw invalidParameter('Email address');
      return;
    case 'sms':
      if (!isTelephoneNumber(endpoint)) throw invalidParameter(`Invalid SMS endpoint: ${endpoint.slice(0, 100)}`);
      return;
    case 'sqs':
      if (parseArn(endpoint)?.service !== 'sqs') throw invalidParameter('SQS endpoint ARN');
      return;
    case 'lambda':
      if (parseArn(endpoint)?.service !== 'lambda') throw invalidParameter('Lambda endpoint ARN');
  }
}

/** E.164. */
export const isTelephoneNumber = (text: string): boolean => /^\+?[1-9]\d{4,14}$/.test(text);

/** Whoever owns these is not asked: the resource's own policy decides. */
export const needsConfirmation = (protocol: Protocol): boolean => ['http', 'https', 'email', 'email-json'].includes(protocol);

export const endpointKey = (topic: TopicName, protocol: string, endpoint: string): string[] => [topic.name, createHash('sha256').update(`${protocol}\0${endpoint}`).digest('hex')];

/** Long enough that nobody guesses one; its beginning says which subscription it is for. */
export const makeToken = (id: string, { random }: Pick<SnsDeps, 'random'>): string => `${id.replaceAll('-', '')}${hexId(random, 192)}`;

export function subscriptionOfToken(token: string): string | undefined {
  const hex = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})[0-9a-f]{192}$/.exec(token);
  return hex?.slice(1).join('-');
}

export const pendingTimerId = ({ account, region, name }: TopicName, id: string): string => `pending/${account}/${region}/${name}/${id}`;

/** Asks the endpoint, as part of `tx`; who has not answered within two days is forgotten. */
export async function askForConfirmation(tx: Transaction, topic: Topic, row: SubscriptionRow, deps: SnsDeps): Promise<void> {
  const { account, region, name } = topic;
  const token = row.token ?? '';
  await deps.timers.set(tx, { service: 'sns', id: pendingTimerId(topic, row.id), dueMs: deps.clock.now() + confirmationMs, detail: { kind: 'pending', topic: { account, region, name }, id: row.id } });
  const text = `You have chosen to subscribe to the topic ${topic.arn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`;
  tell(tx, topic, row, messageOf('SubscriptionConfirmation', topic, text, token, deps), deps);
}

/** Tells an endpoint that somebody has unsubscribed it without saying who he is, so that it can come back. */
export function tellUnsubscribed(tx: Transaction, topic: Topic, row: SubscriptionRow, token: string, deps: SnsDeps): void {
  const text = `You have chosen to deactivate subscription ${topic.arn}:${row.id}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.`;
  tell(tx, topic, row, messageOf('UnsubscribeConfirmation', topic, text, token, deps), deps);
}

function messageOf(type: MessageType, { account, region, name, row }: Topic, message: string, token: string, { random, clock }: SnsDeps): Message {
  const signatureVersion = row.attributes['SignatureVersion'] === '2' ? '2' : '1';
  return { type, topic: { account, region, name }, messageId: uuid(random), timestampMs: Math.floor(clock.now()), content: { message, attributes: {} }, signatures: {}, signatureVersion, token };
}

function tell(tx: Transaction, topic: Topic, row: SubscriptionRow, message: Message, { emitter, sealing, mailbox }: SnsDeps): void {
  const { protocol, endpoint, baseUrl, id } = row;
  if (protocol === 'http' || protocol === 'https') {
    const step: ConfirmationStep = { endpoint, baseUrl, message: sealing.seal(message, undefined) };
    emitter.emit(tx, { ...envelopeOf(topic), target: `${topic.arn}:${id}:confirmation`, payload: encodeRecord(step), maximumAttempts: httpRetryDefault.numRetries + 1, maximumAgeMs: httpPolicySecondsMax * 1_000 });
    return;
  }
  const link = confirmationUrl(baseUrl, topic, message.token ?? '');
  const subject = message.type === 'SubscriptionConfirmation' ? 'AWS Notification - Subscription Confirmation' : 'AWS Notification - Unsubscribe Confirmation';
  const details = { topicArn: topic.arn, subscriptionArn: `${topic.arn}:${id}`, confirmationUrl: link };
  mailbox.put(tx, { kind: 'email', service: 'sns', account: topic.account, region: topic.region, from: sender(topic.row.attributes['DisplayName'] ?? ''), to: endpoint, subject, body: `${message.content.message}\n\n${link}\n`, details });
}

/** Takes a subscription away, and whatever belongs to it. */
export async function removeSubscription(tx: Transaction, topic: Topic, row: SubscriptionRow, deps: Pick<SnsDeps, 'timers' | 'random'>): Promise<void> {
  subscriptions.clear(tx, topic, [topic.name, row.id]);
  endpoints.clear(tx, topic, endpointKey(topic, row.protocol, row.endpoint));
  await deps.timers.clear(tx, { service: 'sns', id: pendingTimerId(topic, row.id) });
  const { confirmed, pending, deleted, filters } = topic.row;
  const isPending = row.token !== undefined;
  const counts = isPending ? { pending: pending - 1 } : { confirmed: confirmed - 1, deleted: deleted + 1 };
  setTopic(tx, topic, { ...topic.row, ...counts, filters: filters - (row.attributes['FilterPolicy'] === undefined ? 0 : 1) }, newRevision(deps));
}
