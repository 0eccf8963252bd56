// Everything of SNS that the outbox delivers to:
//   topic                       what another service publishes
//   topic:fan-out               the next page of a topic's many subscribers
//   topic:id                    a message for one subscriber
//   topic:id:confirmation       what asks an endpoint whether it wants to subscribe, or tells it that it has been unsubscribed
//   topic:id:dead-letter        a message that could not be delivered
//   topic:id:replay             the next page of a replay

import { ServiceError } from '../../../base/errors.ts';
import { createServiceAccess, type ServiceAccess } from '../../../framework/serviceAccess.ts';
import { decodeRecord } from '../../../kv/record.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { DestinationAccess } from '../../../ports/destinationAccess.ts';
import type { Delivery, DeliveryResult, DeliveryTarget, Envelope } from '../../../ports/outbox.ts';
import { decodeTopicMessage, type TopicMessage } from '../../../ports/topicMessage.ts';
import { replayPage } from '../archive.ts';
import type { SnsDeps } from '../deps.ts';
import { parseSnsArn, subscriptionArn, type TopicName } from '../domain/arns.ts';
import { managedRetryPolicy, mailRetryPolicy, retryDelayMs } from '../domain/deliveryPolicy.ts';
import { type Draft, readDraft, requireSize, type SentMessage } from '../domain/draft.ts';
import { defaultPolicy } from '../domain/policy.ts';
import { deliveriesAtOnce, fanOutMax, managedRetry } from '../limits.ts';
import { emitStep, envelopeOf, type FanOutStep, planDeliveries } from '../publishing/fanOut.ts';
import { publish } from '../publishing/publish.ts';
import { subscriptions, type TopicRow } from '../store.ts';
import { openRow, type Subscriber, type Topic } from '../topics.ts';
import { type ConfirmationStep, createHttpDelivery } from './httpDelivery.ts';
import type { HttpSender } from './httpSender.ts';
import { needsSignature, prepareDelivery, prepareQueue } from './prepare.ts';
import { logStatus, wantsStatus } from './statusLog.ts';

export interface EventTargets {
  /** Undefined for what is no ARN of SNS. */
  for(arn: string): DeliveryTarget | undefined;
  /** Asked by services before they publish for their users. */
  readonly mayPublish: DestinationAccess;
}

type Deliver = (envelope: Envelope, delivery: Delivery) => Promise<DeliveryResult>;

const delivered: DeliveryResult = { kind: 'delivered' };
const rejected = (reason: string): DeliveryResult => ({ kind: 'rejected', reason });

export function createEventTargets(deps: SnsDeps, send: HttpSender): EventTargets {
  const { store, clock, topics, sealing, signer, log } = deps;
  const mayDeliver = createServiceAccess(deps.serviceDenials);
  const mayAsk = createServiceAccess();
  const http = createHttpDelivery(deps, send);

  function policyAllows(serviceAccess: ServiceAccess, topic: Topic, service: string, sourceArn: string | undefined, sourceAccount: string): boolean {
    const { Policy: document = defaultPolicy(topic.arn, topic.account) } = topic.row.attributes;
    // Alarms act for the account that they are in, which is what the policy of a new topic asks for.
    const owner = service === 'cloudwatch.amazonaws.com' ? { 'aws:SourceOwner': sourceAccount } : {};
    const conditions = { 'aws:SourceAccount': sourceAccount, ...(sourceArn === undefined ? {} : { 'aws:SourceArn': sourceArn }), ...owner };
    const about = { action: 'sns:Publish', resource: topic.arn, nowMs: clock.now(), region: topic.region, service, conditions };
    const isOwnAlarm = service === 'cloudwatch.amazonaws.com' && sourceAccount === topic.account && topic.row.attributes['Policy'] === undefined;
    return isOwnAlarm || serviceAccess({ ...about, document });
  }

  const onTopic: Deliver = async (envelope, delivery) => {
    const topic = await find(envelope);
    if (!topic) return rejected('NotFound');
    const { callingPrincipal, sourceArn, account } = envelope;
    const allowed = callingPrincipal.startsWith('arn:')
      ? await deps.roleAccess({ roleArn: callingPrincipal, action: 'sns:Publish', resource: topic.arn, resourcePolicy: topic.row.attributes['Policy'], nowMs: clock.now(), region: topic.region })
      : policyAllows(mayDeliver, topic, callingPrincipal, sourceArn, account);
    if (!allowed) {
      log.warn('a topic does not let a sender in', { topicArn: topic.arn, sender: callingPrincipal, sourceArn });
      return rejected('AccessDenied');
    }
    const message = decodeTopicMessage(envelope.payload);
    try {
      await publish({ topic, drafts: (row) => [draftOf(message, row)], trace: envelope.traceHeader, acknowledge: (tx) => delivery.acknowledge(tx) }, deps);
      return delivered;
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return error.code.startsWith('KMS') ? { kind: 'retry', reason: error.code } : rejected(error.message);
    }
  };

  async function find({ target }: Envelope): Promise<Topic | undefined> {
    const parsed = parseSnsArn(target);
    return parsed && topics.look(parsed.topic);
  }

  const onFanOut: Deliver = async (envelope, delivery) => {
    const parsed = parseSnsArn(envelope.target);
    const { after, message: bytes } = decodeRecord<FanOutStep>(envelope.payload);
    const page = parsed && (await topics.page(parsed.topic, after, fanOutMax));
    // With the topic its subscriptions are gone.
    if (!page) return delivered;
    const message = await sealing.open(bytes);
    const key = await sealing.keyFor(page.topic);
    const plan = await planDeliveries(message, page.topic, page.subscribers, key, deps);
    return store.transact(
      async (tx) => {
        if (!(await delivery.acknowledge(tx))) return delivered;
        await plan.commit(tx, message.sequence);
        if (page.next !== undefined) emitStep(tx, page.topic, message, page.next, key, deps);
        return delivered;
      },
      { locks: plan.locks },
    );
  };

  const onSubscription =
    (name: TopicName, id: string): Deliver =>
    async (envelope, delivery) => {
      const looked = await topics.lookOne(name, id);
      // Unsubscribed since.
      if (!looked?.subscriber) return delivered;
      const { topic, subscriber } = looked;
      const opened = await sealing.open(envelope.payload);
      const message = needsSignature(subscriber) ? await signer.signFor(opened, [subscriber.row.protocol], subscriber.row.baseUrl) : opened;
      const result = await deliverTo(topic, subscriber, message, envelope, delivery);
      if (result.kind === 'delivered') deps.metrics.delivered(topic);
      if (wantsStatus(topic, subscriber, result.kind === 'delivered')) {
        const said = result.kind === 'delivered' ? '{}' : JSON.stringify({ ErrorMessage: result.reason });
        const statusCode = result.kind === 'delivered' ? 200 : result.kind === 'rejected' ? 400 : 500;
        await logStatus(topic, subscriber, message, { succeeded: result.kind === 'delivered', statusCode, providerResponse: said, attempts: envelope.attempts + 1 }, deps);
      }
      return result;
    };

  async function deliverTo(topic: Topic, subscriber: Subscriber, message: Parameters<typeof prepareDelivery>[0], envelope: Envelope, delivery: Delivery): Promise<DeliveryResult> {
    const { protocol } = subscriber.row;
    if (protocol === 'http' || protocol === 'https') return http.deliver(topic, subscriber, message, envelope, delivery.signal);
    const prepared = await prepareDelivery(message, topic, subscriber, deps);
    if (prepared.kind === 'refused') return rejected(prepared.reason);
    const policy = protocol === 'sqs' || protocol === 'lambda' ? managedRetryPolicy : mailRetryPolicy;
    const afterMs = retryDelayMs(policy, envelope.attempts + 1);
    if (prepared.kind !== 'ready') return { kind: 'retry', reason: prepared.kind === 'later' ? prepared.reason : 'not in the store', afterMs };
    return store.transact(
      async (tx): Promise<DeliveryResult> => {
        if (!(await delivery.acknowledge(tx))) return delivered;
        // Rolls the acknowledgement back with it.
        if (!(await prepared.put(tx))) throw new Error('the subscriber has changed meanwhile');
        return delivered;
      },
      { locks: prepared.locks },
    );
  }

  /** The end of a message for a subscriber: its dead-letter queue, where it has one. */
  const giveUp =
    (name: TopicName, id: string) =>
    async (tx: Transaction, envelope: Envelope, reason: string): Promise<'handled' | 'keep'> => {
      const topic = await topics.find(tx, name);
      const row = topic && (await subscriptions.get(tx, name, [name.name, id]));
      if (!topic || !row) return 'handled';
      log.warn('a message was not delivered', { subscriptionArn: subscriptionArn(name, id), reason, attempts: envelope.attempts });
      tx.afterCommit(() => deps.metrics.failed(topic));
      if (row.attributes['RedrivePolicy'] === undefined) return 'keep';
      deps.emitter.emit(tx, {
        ...envelopeOf(topic),
        target: `${topic.arn}:${id}:dead-letter`,
        payload: envelope.payload,
        maximumAgeMs: managedRetry.ageMs,
        maximumAttempts: managedRetry.attemptsMax,
        ...(envelope.orderingKey === undefined ? {} : { orderingKey: envelope.orderingKey }),
      });
      return 'handled';
    };

  const onDeadLetter =
    (name: TopicName, id: string): Deliver =>
    async (envelope, delivery) => {
      const looked = await topics.lookOne(name, id);
      const redrive = looked?.row?.attributes['RedrivePolicy'];
      if (!looked?.row || redrive === undefined) return delivered;
      const subscriber = openRow(looked.topic, looked.row);
      const opened = await sealing.open(envelope.payload);
      const message = subscriber.raw ? opened : await signer.signFor(opened, ['sqs'], subscriber.row.baseUrl);
      const queueArn = (JSON.parse(redrive) as { readonly deadLetterTargetArn: string }).deadLetterTargetArn;
      const prepared = await prepareQueue(message, looked.topic, subscriber, queueArn, deps);
      if (prepared.kind === 'refused') return rejected(prepared.reason);
      if (prepared.kind !== 'ready') return { kind: 'retry', reason: 'the dead-letter queue cannot be used at present', afterMs: retryDelayMs(managedRetryPolicy, envelope.attempts + 1) };
      return store.transact(
        async (tx): Promise<DeliveryResult> => {
          if ((await delivery.acknowledge(tx)) && !(await prepared.put(tx))) throw new Error('the dead-letter queue has changed meanwhile');
          return delivered;
        },
        { locks: prepared.locks },
      );
    };

  const topicTarget: DeliveryTarget = { deliver: onTopic };
  const fanOutTarget: DeliveryTarget = { deliver: onFanOut };

  function targetOf(topic: TopicName, [id, part, ...more]: readonly string[]): DeliveryTarget | undefined {
    if (id === undefined) return topicTarget;
    if (id === 'fan-out' && part === undefined) return fanOutTarget;
    if (more.length > 0) return undefined;
    if (part === undefined) return { deliver: onSubscription(topic, id), giveUp: giveUp(topic, id), concurrency: deliveriesAtOnce };
    if (part === 'dead-letter') return { deliver: onDeadLetter(topic, id) };
    if (part === 'replay') return { deliver: (envelope, delivery) => replayPage(topic, id, decodeRecord(envelope.payload), delivery, deps) };
    if (part === 'confirmation') return { deliver: (envelope, delivery) => http.confirm(topic, id, decodeRecord<ConfirmationStep>(envelope.payload), envelope, delivery.signal), concurrency: deliveriesAtOnce };
    return undefined;
  }

  return {
    for(arn) {
      const parsed = parseSnsArn(arn);
      return parsed && targetOf(parsed.topic, parsed.detail);
    },
    async mayPublish({ arn, service, sourceArn, sourceAccount }) {
      const parsed = parseSnsArn(arn);
      const topic = parsed?.detail.length === 0 ? await topics.look(parsed.topic) : undefined;
      if (!topic) return { kind: 'absent' };
      if (policyAllows(mayAsk, topic, service, sourceArn, sourceAccount)) return { kind: 'allowed' };
      const statement = { Effect: 'Allow', Principal: { Service: service }, Action: 'sns:Publish', Resource: arn, Condition: { ArnLike: { 'aws:SourceArn': sourceArn } } };
      const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      return { kind: 'denied', remedy: `aws sns set-topic-attributes --topic-arn ${arn} --attribute-name Policy --attribute-value '${policy}'` };
    },
  };
}

// What other services send has no limits of its own words: a subject that is too long is cut.
function draftOf({ message, subject, attributes, groupId, deduplicationId }: TopicMessage, row: Pick<TopicRow, 'fifo' | 'attributes'>): Draft {
  const sent: SentMessage = {
    Message: message,
    ...(subject === undefined ? {} : { Subject: subject.replace(/[\u0000-\u001f\u007f]/g, ' ').trim().slice(0, 100) }),
    ...(attributes === undefined ? {} : { MessageAttributes: Object.fromEntries(Object.entries(attributes).map(([name, { type, value }]) => [name, { DataType: type, StringValue: value }])) }),
    ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
    ...(deduplicationId === undefined || !row.fifo ? {} : { MessageDeduplicationId: deduplicationId }),
  };
  const draft = readDraft(sent, row);
  requireSize(draft);
  return draft;
}
