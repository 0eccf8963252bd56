import { formatArn, parseArn } from '../../../base/arn.ts';
import { invalidParameter, missingParameter } from '../errors.ts';
import { topicNameLengthMax } from '../limits.ts';

export interface TopicName {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

export const topicArn = ({ account, region, name }: TopicName): string => formatArn({ service: 'sns', region, account, resource: name });
export const subscriptionArn = (topic: TopicName, id: string): string => `${topicArn(topic)}:${id}`;

export function isTopicName(name: string, fifo: boolean): boolean {
  const stem = fifo ? name.replace(/\.fifo$/, '') : name;
  if (fifo && stem === name) return false;
  return name.length <= topicNameLengthMax && /^[A-Za-z0-9_-]+$/.test(stem);
}

/** What an ARN of SNS says; undefined when it is none. `detail` is what follows the topic's name. */
export function parseSnsArn(arn: string): { readonly topic: TopicName; readonly detail: readonly string[] } | undefined {
  const parsed = parseArn(arn);
  if (parsed?.service !== 'sns' || !/^\d{12}$/.test(parsed.account) || !/^[a-z0-9-]{1,30}$/.test(parsed.region)) return undefined;
  const [name = '', ...detail] = parsed.resource.split(':');
  if (!/^[A-Za-z0-9_-]{1,256}(\.fifo)?$/.test(name)) return undefined;
  return { topic: { account: parsed.account, region: parsed.region, name }, detail };
}

/** The topic that a parameter names. */
export function requireTopicArn(arn: string | undefined, parameter = 'TopicArn'): TopicName {
  requireArnForm(arn, parameter);
  const parsed = parseSnsArn(arn);
  if (!parsed || parsed.detail.length > 0) throw invalidParameter(parameter);
  return parsed.topic;
}

/** The subscription that a parameter names, and its topic. */
export function requireSubscriptionArn(arn: string | undefined): { readonly topic: TopicName; readonly id: string } {
  requireArnForm(arn, 'SubscriptionArn');
  const parsed = parseSnsArn(arn);
  const [id, ...more] = parsed?.detail ?? [];
  if (!parsed || id === undefined || more.length > 0) throw invalidParameter('SubscriptionArn');
  return { topic: parsed.topic, id };
}

// As recorded from the service.
function requireArnForm(arn: string | undefined, parameter: string): asserts arn is string {
  if (arn === undefined || arn === '') throw missingParameter(parameter);
  const elements = arn.split(':').length;
  if (elements < 6) throw invalidParameter(`${parameter} Reason: An ARN must have at least 6 elements, not ${elements}`);
}
