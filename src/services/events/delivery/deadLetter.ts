import type { Transaction } from '../../../kv/store.ts';
import type { Envelope } from '../../../ports/outbox.ts';
import { encodeQueueMessage, type QueueMessageAttribute } from '../../../ports/queueMessage.ts';
import { decodePayload, type Place } from '../domain/delivery.ts';
import { ruleArn } from '../domain/names.ts';
import { findBus, type EventsDeps } from '../operation.ts';
import { ownPrincipal } from '../publish.ts';
import { targets } from '../store.ts';
import { readReason } from './outcome.ts';

/** In the transaction that ends a delivery: the event goes to the target's dead-letter queue, or is kept as a dead record. */
export async function sendDeadLetter(tx: Transaction, place: Place, envelope: Envelope, reason: string, { emitter, log, metrics }: EventsDeps): Promise<'handled' | 'keep'> {
  const target = await targets.get(tx, place, [place.bus, place.rule, place.target]);
  if (!target) return 'handled';
  const failure = readReason(reason);
  const sourceArn = ruleArn(place, place.rule);
  const queueArn = target.DeadLetterConfig?.Arn ?? (await findBus(tx, place))?.deadLetterArn;
  tx.afterCommit(() => {
    log.warn('an event was not delivered', { ruleArn: sourceArn, targetArn: target.Arn, code: failure.code, message: failure.message, deadLetterArn: queueArn });
    metrics.failed(place, place.rule, queueArn !== undefined);
  });
  if (queueArn === undefined) return 'keep';
  const exhausted = envelope.attempts >= envelope.maximumAttempts ? 'MaximumRetryAttempts' : 'MaximumEventAgeInSeconds';
  const text = (value: string): QueueMessageAttribute => ({ type: 'String', value });
  emitter.emit(tx, {
    source: 'events',
    sourceArn,
    target: queueArn,
    account: place.account,
    region: place.region,
    callingPrincipal: ownPrincipal,
    payload: encodeQueueMessage({
      body: decodePayload(envelope.payload).eventText,
      attributes: {
        RULE_ARN: text(sourceArn),
        TARGET_ARN: text(target.Arn),
        ERROR_CODE: text(failure.code),
        ERROR_MESSAGE: text(failure.message.slice(0, 1_024) || failure.code),
        ...(failure.final ? {} : { EXHAUSTED_RETRY_CONDITION: text(exhausted) }),
        RETRY_ATTEMPTS: { type: 'Number', value: String(Math.max(0, envelope.attempts - 1)) },
      },
    }),
  });
  return 'handled';
}
