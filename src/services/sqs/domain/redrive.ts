// Where messages go that nobody could work on, and which queues may send theirs here.

import { parseArn } from '../../../base/arn.ts';
import { invalidAttributeValue, invalidValue } from '../errors.ts';
import { arnLengthMax, maxReceiveCountMax } from '../limits.ts';

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

export interface RedriveAllowPolicy {
  readonly redrivePermission: 'allowAll' | 'denyAll' | 'byQueue';
  readonly sourceQueueArns?: readonly string[];
}

/** Checks a RedrivePolicy and answers the form in which it is stored: only the two members, the count as a number. */
export function readRedrivePolicy(text: string): string {
  const refuse = (reason: string): Error => invalidValue(text, 'RedrivePolicy', reason);
  const given = parseObject(text);
  if (!given) throw refuse('Redrive policy is not a valid JSON map.');
  for (const name of ['deadLetterTargetArn', 'maxReceiveCount']) {
    if (given[name] === undefined || given[name] === '') throw refuse(`Redrive policy does not contain mandatory attribute: ${name}.`);
  }
  const { deadLetterTargetArn, maxReceiveCount } = given;
  if (typeof deadLetterTargetArn !== 'string' || deadLetterTargetArn.length > arnLengthMax || parseArn(deadLetterTargetArn)?.service !== 'sqs') throw refuse('Invalid value for deadLetterTargetArn.');
  const count = typeof maxReceiveCount === 'string' && /^\d{1,9}$/.test(maxReceiveCount) ? Number(maxReceiveCount) : maxReceiveCount;
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > maxReceiveCountMax) {
    throw refuse(`Invalid value for maxReceiveCount: ${String(maxReceiveCount)}, valid values are from 1 to ${maxReceiveCountMax} both inclusive.`);
  }
  return JSON.stringify({ deadLetterTargetArn, maxReceiveCount: count } satisfies RedrivePolicy);
}

/** Checks a RedriveAllowPolicy and answers the form in which it is stored. */
export function readRedriveAllowPolicy(text: string): string {
  const refuse = (reason: string): Error => invalidValue(text, 'RedriveAllowPolicy', reason);
  const given = parseObject(text);
  if (!given) throw refuse('Redrive allow policy is not a valid JSON map.');
  const { redrivePermission, sourceQueueArns, ...others } = given;
  if (Object.keys(others).length > 0) throw invalidAttributeValue('RedriveAllowPolicy');
  if (redrivePermission !== 'allowAll' && redrivePermission !== 'denyAll' && redrivePermission !== 'byQueue') {
    throw refuse('Invalid value for redrivePermission, valid values are allowAll, denyAll and byQueue.');
  }
  if (redrivePermission !== 'byQueue') {
    if (sourceQueueArns !== undefined) throw refuse('sourceQueueArns can be specified only when redrivePermission is byQueue.');
    return JSON.stringify({ redrivePermission });
  }
  if (!Array.isArray(sourceQueueArns) || sourceQueueArns.length === 0 || sourceQueueArns.length > 10) {
    throw refuse('sourceQueueArns must have 1 to 10 ARNs when redrivePermission is byQueue.');
  }
  if (!sourceQueueArns.every((arn) => typeof arn === 'string' && arn.length <= arnLengthMax && parseArn(arn)?.service === 'sqs')) throw refuse('Invalid value for sourceQueueArns.');
  return JSON.stringify({ redrivePermission, sourceQueueArns } satisfies RedriveAllowPolicy);
}

/** Whether a queue with this policy takes the dead letters of the queue `sourceArn`. Without a policy it takes those of all. */
export function allowsSource(policy: string | undefined, sourceArn: string): boolean {
  if (policy === undefined) return true;
  const { redrivePermission, sourceQueueArns } = JSON.parse(policy) as RedriveAllowPolicy;
  return redrivePermission === 'allowAll' || (redrivePermission === 'byQueue' && sourceQueueArns?.includes(sourceArn) === true);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
