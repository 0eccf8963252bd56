import { parseArn } from '../../base/arn.ts';
import { hexId } from '../../base/ids.ts';
import type { Random } from '../../base/random.ts';
import type { AccessRequest, Call } from '../../framework/context.ts';
import { operationsOf } from '../../framework/service.ts';
import type { SnsDeps } from './deps.ts';
import { requireSubscriptionArn, requireTopicArn, topicArn, type TopicName } from './domain/arns.ts';
import { invalidParameter, topicNotFound } from './errors.ts';
import type { SealingCaller } from './sealing.ts';
import type { Topic } from './topics.ts';

export const operation = operationsOf<typeof import('@aws-sdk/client-sns'), SnsDeps>();

/** What an operation on one topic needs permission for. */
export async function topicAccess(action: string, arn: string | undefined, call: Call, { topics }: SnsDeps, conditions: Readonly<Record<string, string>> = {}): Promise<AccessRequest> {
  const name = requireTopicArn(arn);
  requireRegion(name, call, 'TopicArn');
  return accessTo(action, name, await topics.look(name), conditions);
}

/** Each region knows its own topics only; links that nobody has signed name none. */
export function requireRegion({ region }: TopicName, call: Call, parameter: string): void {
  if (call.caller.kind !== 'anonymous' && region !== call.region) throw invalidParameter(parameter);
}

/** A trace that is passed on: what has the form of one. */
export function traceOf({ head }: Call): string | undefined {
  const trace = head.headers['x-amzn-trace-id'];
  return trace !== undefined && trace.length <= 512 && /^(Self=[0-9a-f-]+;)?Root=1-[0-9a-f]{8}-[0-9a-f]{24}(;[\x21-\x7e]*)?$/i.test(trace) ? trace : undefined;
}

/** What an operation on one subscription needs permission for: the resource is its topic. */
export async function subscriptionAccess(action: string, arn: string | undefined, { topics }: SnsDeps): Promise<AccessRequest> {
  const { topic } = requireSubscriptionArn(arn);
  return accessTo(action, topic, await topics.look(topic));
}

export function accessTo(action: string, name: TopicName, topic: Topic | undefined, conditions: Readonly<Record<string, string>> = {}): AccessRequest {
  const tags = Object.entries(topic?.row.tags ?? {}).map(([key, value]): [string, string] => [`aws:ResourceTag/${key}`, value]);
  const policy = topic?.row.attributes['Policy'];
  return { action: `sns:${action}`, resource: topicArn(name), conditions: { ...Object.fromEntries(tags), ...conditions }, ...(policy === undefined ? {} : { resourcePolicy: policy }) };
}

/** For operations that are about the whole account. */
export const accountAccess = (action: string): AccessRequest => ({ action: `sns:${action}`, resource: '*' });

export async function requireTopic(found: Promise<Topic | undefined>): Promise<Topic> {
  const topic = await found;
  if (!topic) throw topicNotFound();
  return topic;
}

/** In whose name keys are used. */
export function sealingCaller({ caller, authorise }: Call): SealingCaller {
  return { arn: caller.kind === 'anonymous' ? 'anonymous' : caller.arn, authorise };
}

export const callerArn = ({ caller }: Call): string => (caller.kind === 'anonymous' ? 'anonymous' : caller.arn);

export const newRevision = ({ random }: { readonly random: Random }): string => hexId(random, 16);

/** Where a list goes on: opaque to clients. */
export const encodeToken = (text: string): string => Buffer.from(text).toString('base64url');

export function decodeToken(token: string | undefined): string | undefined {
  if (token === undefined || token === '') return undefined;
  const text = Buffer.from(token, 'base64url').toString();
  if (text === '' || encodeToken(text) !== token) throw invalidParameter('NextToken');
  return text;
}

/** The attributes of a request, without those that are not there. */
export function given(attributes: Readonly<Record<string, string | undefined>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

export const isSqsArn = (arn: string): boolean => parseArn(arn)?.service === 'sqs';
