// From one message to its subscribers: what can be done inside the store is done in the publisher's transaction, the rest goes into the
// outbox there. A topic with many subscribers is served page by page, by an envelope to itself.

import type { Transaction } from '../../../kv/store.ts';
import { encodeRecord } from '../../../kv/record.ts';
import { needsSignature, prepareDelivery, type Prepared } from '../delivery/prepare.ts';
import { logStatus, wantsStatus } from '../delivery/statusLog.ts';
import { principal, type SnsDeps } from '../deps.ts';
import type { Message } from '../domain/notification.ts';
import { fanOutBytesMax, fanOutMax, fifoFanOutMax, httpPolicySecondsMax, mailRetry, managedRetry } from '../limits.ts';
import type { DataKey } from '../sealing.ts';
import type { Subscriber, Topic } from '../topics.ts';

/** What is left to do in a transaction. */
export interface Plan {
  readonly locks: readonly string[];
  /** `sequence` is what the transaction has given a FIFO topic's message. */
  commit(tx: Transaction, sequence?: number): Promise<void>;
}

/** What an envelope for a part of the fan-out carries. */
export interface FanOutStep {
  readonly after: string;
  readonly message: Uint8Array;
}

const nothing: Plan = { locks: [], commit: async () => undefined };

/** Plans a message's way to all subscribers. `subscribers` is undefined when there are too many to be served at once. */
export async function planMessage(message: Message, topic: Topic, subscribers: readonly Subscriber[] | undefined, key: DataKey | undefined, deps: SnsDeps): Promise<Plan> {
  const bytes = message.content.message.length + 1_000;
  // Which way a message of a FIFO topic goes must not depend on its length: those of one group would overtake each other.
  const staged = subscribers === undefined || (topic.row.fifo ? subscribers.length > fifoFanOutMax : subscribers.length > fanOutMax || subscribers.length * bytes > fanOutBytesMax);
  if (!staged) return planDeliveries(message, topic, subscribers, key, deps);
  return {
    locks: [],
    async commit(tx, sequence) {
      emitStep(tx, topic, { ...message, ...(sequence === undefined ? {} : { sequence }) }, '', key, deps);
    },
  };
}

/** Emits the step that goes on behind `after`. */
export function emitStep(tx: Transaction, topic: Topic, message: Message, after: string, key: DataKey | undefined, { emitter, sealing }: Pick<SnsDeps, 'emitter' | 'sealing'>): void {
  const step: FanOutStep = { after, message: sealing.seal(message, key) };
  emitter.emit(tx, {
    ...envelopeOf(topic),
    target: `${topic.arn}:fan-out`,
    payload: encodeRecord(step),
    maximumAgeMs: managedRetry.ageMs,
    maximumAttempts: managedRetry.attemptsMax,
    ...(message.groupId === undefined || !topic.row.fifo ? {} : { orderingKey: message.groupId }),
  });
}

/** Plans deliveries to these subscribers. */
export async function planDeliveries(message: Message, topic: Topic, subscribers: readonly Subscriber[], key: DataKey | undefined, deps: SnsDeps): Promise<Plan> {
  const wanting = subscribers.filter(({ wants }) => wants(message.content));
  if (wanting.length < subscribers.length) deps.metrics.filteredOut(topic, subscribers.length - wanting.length);
  if (wanting.length === 0) return nothing;
  const signed = await deps.signer.signFor(message, new Set(wanting.filter(needsSignature).map(({ row }) => row.protocol)), '');
  const steps = await Promise.all(
    wanting.map(async (subscriber): Promise<{ subscriber: Subscriber; prepared: Prepared }> => ({
      subscriber,
      // The outbox keeps the order of a group, and knows the sequence numbers.
      prepared: topic.row.fifo ? { kind: 'outside' } : await prepareDelivery(signed, topic, subscriber, deps),
    })),
  );
  return {
    locks: steps.flatMap(({ prepared }) => (prepared.kind === 'ready' ? prepared.locks : [])),
    async commit(tx, sequence) {
      let payload: Uint8Array | undefined;
      for (const { subscriber, prepared } of steps) {
        if (prepared.kind === 'ready' && (await prepared.put(tx))) {
          tx.afterCommit(() => deps.metrics.delivered(topic));
          if (wantsStatus(topic, subscriber, true)) {
            tx.afterCommit(() => void logStatus(topic, subscriber, signed, { succeeded: true, statusCode: 200, providerResponse: '{}', attempts: 1 }, deps).catch((error: unknown) => deps.log.warn('a delivery status was not written', { error: String(error) })));
          }
          continue;
        }
        payload ??= deps.sealing.seal({ ...signed, ...(sequence === undefined ? {} : { sequence }) }, key);
        emitTo(tx, topic, subscriber, payload, signed.groupId, deps);
      }
    },
  };
}

/** Leaves the delivery to one subscriber to the outbox. */
export function emitTo(tx: Transaction, topic: Topic, subscriber: Subscriber, payload: Uint8Array, groupId: string | undefined, { emitter }: Pick<SnsDeps, 'emitter'>): void {
  emitter.emit(tx, { ...envelopeOf(topic), target: subscriber.arn, payload, ...lifeOf(subscriber), ...(topic.row.fifo && groupId !== undefined ? { orderingKey: groupId } : {}) });
}

export const envelopeOf = ({ arn, account, region }: Topic) => ({ source: 'sns', sourceArn: arn, account, region, callingPrincipal: principal });

/** How long, and how often, a delivery is tried ("Message delivery retries"). */
export function lifeOf({ row: { protocol }, policy }: Pick<Subscriber, 'row' | 'policy'>): { readonly maximumAgeMs: number; readonly maximumAttempts: number } {
  if (protocol === 'http' || protocol === 'https') {
    // The policy counts delays; the answers of a slow endpoint come on top of them.
    return { maximumAttempts: policy.retry.numRetries + 1, maximumAgeMs: (httpPolicySecondsMax + (policy.retry.numRetries + 1) * 20) * 1_000 };
  }
  const { attemptsMax, ageMs } = protocol === 'sqs' || protocol === 'lambda' ? managedRetry : mailRetry;
  return { maximumAttempts: attemptsMax, maximumAgeMs: ageMs };
}
