// Messages for HTTP endpoints, and the questions whether they want to subscribe.

import type { DeliveryResult, Envelope } from '../../../ports/outbox.ts';
import type { SnsDeps } from '../deps.ts';
import { subscriptionArn, topicArn, type TopicName } from '../domain/arns.ts';
import { httpRetryDefault, retryDelayMs } from '../domain/deliveryPolicy.ts';
import { formatNotification, type Message, textFor } from '../domain/notification.ts';
import type { Subscriber, Topic } from '../topics.ts';
import type { HttpSender, PostResult } from './httpSender.ts';
import { linksOf } from './prepare.ts';
import { createThrottle } from './throttle.ts';

/** What the envelope of a confirmation carries. */
export interface ConfirmationStep {
  readonly endpoint: string;
  readonly baseUrl: string;
  /** A sealed `Message`. */
  readonly message: Uint8Array;
}

export interface HttpDelivery {
  deliver(topic: Topic, subscriber: Subscriber, message: Message, envelope: Envelope, signal: AbortSignal): Promise<DeliveryResult>;
  confirm(topic: TopicName, id: string, step: ConfirmationStep, envelope: Envelope, signal: AbortSignal): Promise<DeliveryResult>;
}

const textType = 'text/plain; charset=UTF-8';

export function createHttpDelivery(deps: Pick<SnsDeps, 'wall' | 'signer' | 'sealing'>, send: HttpSender): HttpDelivery {
  const throttle = createThrottle(deps.wall);
  return {
    async deliver({ arn }, subscriber, message, envelope, signal) {
      const { endpoint } = subscriber.row;
      const { maxReceivesPerSecond, retry, contentType } = subscriber.policy;
      if (maxReceivesPerSecond !== undefined) await throttle.wait(subscriber.arn, maxReceivesPerSecond, signal);
      const body = subscriber.raw ? textFor(message, subscriber.row.protocol).text : formatNotification(message, subscriber.row.protocol, await linksOf(subscriber, deps));
      const headers = {
        ...headersOf(message, arn),
        'x-amz-sns-subscription-arn': subscriber.arn,
        ...(subscriber.raw ? { 'x-amz-sns-rawdelivery': 'true' } : {}),
        'Content-Type': contentType ?? textType,
      };
      return judge(await send({ url: endpoint, headers, body, signal }), retryDelayMs(retry, envelope.attempts + 1));
    },
    async confirm(topic, id, step, envelope, signal) {
      const { endpoint, baseUrl } = step;
      const opened = await deps.sealing.open(step.message);
      const message = await deps.signer.signFor(opened, ['default'], baseUrl);
      const { name: certificate } = await deps.signer.certificate();
      const body = formatNotification(message, 'default', { subscriptionId: id, baseUrl, certificate });
      const headers = { ...headersOf(message, topicArn(topic)), ...(message.type === 'UnsubscribeConfirmation' ? { 'x-amz-sns-subscription-arn': subscriptionArn(topic, id) } : {}), 'Content-Type': textType };
      return judge(await send({ url: endpoint, headers, body, signal }), retryDelayMs(httpRetryDefault, envelope.attempts + 1));
    },
  };
}

function headersOf({ type, messageId, trace }: Message, arn: string): Record<string, string> {
  return { ...(trace === undefined ? {} : { 'X-Amzn-Trace-Id': trace }), 'x-amz-sns-message-type': type, 'x-amz-sns-message-id': messageId, 'x-amz-sns-topic-arn': arn, 'User-Agent': 'Amazon Simple Notification Service Agent' };
}

// "Amazon SNS considers all 5XX errors and 429 as retryable; all other error codes are considered permanent failures" (developer guide,
// "Creating an HTTP/S delivery policy").
function judge(result: PostResult, afterMs: number): DeliveryResult {
  if (result.kind === 'failed') return { kind: 'retry', reason: result.reason, afterMs };
  const { status } = result;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const reason = `the endpoint answered ${status}`;
  return status >= 500 || status === 429 ? { kind: 'retry', reason, afterMs } : { kind: 'rejected', reason };
}
