// What a subscription can be told. https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html

import { parseArn } from '../../../base/arn.ts';
import type { Protocol } from '../store.ts';
import type { TopicName } from './arns.ts';
import { DeliveryPolicyError, parseSubscriptionPolicy } from './deliveryPolicy.ts';
import { compileFilter, FilterPolicyError, type FilterScope } from './filterPolicy.ts';

export interface AttributePlace {
  readonly topic: TopicName;
  readonly fifo: boolean;
  readonly protocol: Protocol;
  /** What errors say before their own words: they are refused in two ways. */
  refuse(what: string): Error;
}

export const subscriptionAttributeNames: ReadonlySet<string> = new Set(['DeliveryPolicy', 'FilterPolicy', 'FilterPolicyScope', 'RawMessageDelivery', 'RedrivePolicy', 'SubscriptionRoleArn', 'ReplayPolicy']);

/** Checks all settings of a subscription together; a filter is judged by its scope. Those that say nothing are left out. */
export function checkSubscriptionAttributes(given: Readonly<Record<string, string>>, place: AttributePlace): Record<string, string> {
  const kept = Object.fromEntries(Object.entries(given).filter(([name, value]) => value !== '' && !(value === '{}' && (name === 'FilterPolicy' || name === 'RedrivePolicy' || name === 'ReplayPolicy'))));
  const scope = kept['FilterPolicyScope'] ?? 'MessageAttributes';
  if (scope !== 'MessageAttributes' && scope !== 'MessageBody') throw place.refuse(`FilterPolicyScope: Invalid value [${scope.slice(0, 100)}]. Please use either MessageBody or MessageAttributes`);
  for (const [name, value] of Object.entries(kept)) checks[name]?.(value, place, scope);
  return kept;
}

type Check = (value: string, place: AttributePlace, scope: FilterScope) => void;

const checks: Readonly<Record<string, Check>> = {
  RawMessageDelivery(value, { protocol, refuse }) {
    if (!/^(true|false)$/i.test(value)) throw refuse(`RawMessageDelivery: Invalid value [${value.slice(0, 100)}]. Must be true or false.`);
    if (value.toLowerCase() === 'true' && !['sqs', 'http', 'https'].includes(protocol)) throw refuse(`Delivery protocol [${protocol}] does not support raw message delivery.`);
  },
  FilterPolicy(value, { refuse }, scope) {
    try {
      compileFilter(value, scope);
    } catch (error) {
      if (error instanceof FilterPolicyError) throw refuse(`FilterPolicy: ${error.message}`);
      throw error;
    }
  },
  DeliveryPolicy(value, { protocol, refuse }) {
    if (protocol !== 'http' && protocol !== 'https') throw refuse(`DeliveryPolicy: Delivery protocol [${protocol}] does not support delivery policies.`);
    try {
      parseSubscriptionPolicy(value);
    } catch (error) {
      if (error instanceof DeliveryPolicyError) throw refuse(`DeliveryPolicy: ${error.message}`);
      throw error;
    }
  },
  RedrivePolicy: checkRedrivePolicy,
  SubscriptionRoleArn(_value, { refuse }) {
    throw refuse('SubscriptionRoleArn: only subscriptions of Amazon Data Firehose have a role, and Haneul delivers nothing to it.');
  },
  ReplayPolicy(value, place) {
    readReplayPolicy(value, place);
  },
};

function checkRedrivePolicy(value: string, { topic, fifo, refuse }: AttributePlace): void {
  const policy = parseObject(value);
  if (!policy) throw refuse('RedrivePolicy: failed to parse JSON.');
  const stranger = Object.keys(policy).find((name) => name !== 'deadLetterTargetArn');
  if (stranger !== undefined) throw refuse(`RedrivePolicy: Unexpected JSON member: ${stranger.slice(0, 100)}`);
  const target = policy['deadLetterTargetArn'];
  const arn = typeof target === 'string' ? parseArn(target) : undefined;
  if (!arn || arn.service !== 'sqs') throw refuse('RedrivePolicy: deadLetterTargetArn is an invalid arn');
  // "The dead-letter queue must be in the same account and region as the subscription" (developer guide, "Dead-letter queues").
  if (arn.account !== topic.account || arn.region !== topic.region) throw refuse('RedrivePolicy: deadLetterTargetArn must be in the account and region of the topic');
  if (arn.resource.endsWith('.fifo') !== fifo) throw refuse(`RedrivePolicy: must use a ${fifo ? 'FIFO' : 'standard'} queue as DLQ for a ${fifo ? 'FIFO' : 'standard'} topic`);
}

export interface ReplayPolicy {
  readonly startMs: number;
  readonly endMs: number | undefined;
}

/** From when to when a policy wants messages again. */
export function readReplayPolicy(value: string, { fifo, refuse }: Pick<AttributePlace, 'fifo' | 'refuse'>): ReplayPolicy {
  if (!fifo) throw refuse('ReplayPolicy: only subscriptions of FIFO topics can replay messages.');
  const policy = parseObject(value);
  if (!policy) throw refuse('ReplayPolicy: failed to parse JSON.');
  const stranger = Object.keys(policy).find((name) => !['PointType', 'StartingPoint', 'EndingPoint'].includes(name));
  if (stranger !== undefined) throw refuse(`ReplayPolicy: Unexpected JSON member: ${stranger.slice(0, 100)}`);
  if (policy['PointType'] !== 'Timestamp') throw refuse('ReplayPolicy: PointType must be Timestamp');
  const startMs = readTime(policy['StartingPoint']);
  if (startMs === undefined) throw refuse('ReplayPolicy: StartingPoint must be a timestamp in ISO 8601 format');
  if (policy['EndingPoint'] === undefined) return { startMs, endMs: undefined };
  const endMs = readTime(policy['EndingPoint']);
  if (endMs === undefined || endMs <= startMs) throw refuse('ReplayPolicy: EndingPoint must be a timestamp in ISO 8601 format, later than StartingPoint');
  return { startMs, endMs };
}

function readTime(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
