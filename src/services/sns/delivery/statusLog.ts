// Delivery status, in CloudWatch Logs, of topics that ask for it.
// https://docs.aws.amazon.com/sns/latest/dg/sns-topic-attributes.html

import { createHash } from 'node:crypto';
import { formatArn } from '../../../base/arn.ts';
import { uuid } from '../../../base/ids.ts';
import type { SnsDeps } from '../deps.ts';
import type { Message } from '../domain/notification.ts';
import type { Protocol } from '../store.ts';
import type { Subscriber, Topic } from '../topics.ts';

export interface DeliveryOutcome {
  readonly succeeded: boolean;
  readonly statusCode: number;
  readonly providerResponse: string;
  readonly attempts: number;
}

/** The word of a protocol in the names of attributes; undefined for those that have none. */
export const feedbackName: Readonly<Record<Protocol, string | undefined>> = { http: 'HTTP', https: 'HTTP', sqs: 'SQS', lambda: 'Lambda', sms: undefined, email: undefined, 'email-json': undefined };

type Deps = Pick<SnsDeps, 'clock' | 'random' | 'logs' | 'roleAccess' | 'log'>;

/** Whether anything is to be written for this delivery: asked on the hot path. */
export function wantsStatus({ row: { attributes } }: Topic, { row: { protocol } }: Subscriber, succeeded: boolean): boolean {
  const name = feedbackName[protocol];
  return name !== undefined && attributes[`${name}${succeeded ? 'Success' : 'Failure'}FeedbackRoleArn`] !== undefined;
}

/** Writes one delivery's status, in the name of the role that the topic names. */
export async function logStatus(topic: Topic, subscriber: Subscriber, message: Message, outcome: DeliveryOutcome, deps: Deps): Promise<void> {
  const { attributes } = topic.row;
  const name = feedbackName[subscriber.row.protocol];
  const roleArn = name && attributes[`${name}${outcome.succeeded ? 'Success' : 'Failure'}FeedbackRoleArn`];
  if (roleArn === undefined) return;
  const rate = Number(attributes[`${name}SuccessFeedbackSampleRate`] ?? '0');
  if (outcome.succeeded && deps.random.fraction() * 100 >= rate) return;
  const { account, region } = topic;
  const nowMs = deps.clock.now();
  const logGroupName = `sns/${region}/${account}/${topic.name}${outcome.succeeded ? '' : '/Failure'}`;
  const resource = formatArn({ service: 'logs', region, account, resource: `log-group:${logGroupName}:*` });
  if (!(await deps.roleAccess({ roleArn, action: 'logs:PutLogEvents', resource, nowMs, region }))) {
    deps.log.warn('the role of a topic may not write its delivery status', { topicArn: topic.arn, roleArn, logGroupName });
    return;
  }
  const record = {
    notification: { messageMD5Sum: createHash('md5').update(message.content.message).digest('hex'), messageId: message.messageId, topicArn: topic.arn, timestamp: new Date(message.timestampMs).toISOString() },
    delivery: {
      deliveryId: uuid(deps.random),
      destination: subscriber.row.endpoint,
      providerResponse: outcome.providerResponse,
      dwellTimeMs: Math.max(0, Math.round(nowMs - message.timestampMs)),
      attempts: outcome.attempts,
      statusCode: outcome.statusCode,
    },
    status: outcome.succeeded ? 'SUCCESS' : 'FAILURE',
  };
  deps.logs.append({ account, region, logGroupName, logStreamName: new Date(nowMs).toISOString().slice(0, 10) }, [{ timestampMs: nowMs, message: JSON.stringify(record) }]);
}
