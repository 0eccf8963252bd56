// What a topic can be told. https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html

import { parseArn } from '../../../base/arn.ts';
import { resourcePolicyProblem } from '../../../framework/resourcePolicy.ts';
import { invalidParameter } from '../errors.ts';
import { archiveDaysMax, policyBytesMax } from '../limits.ts';
import { DeliveryPolicyError, parseTopicPolicy } from './deliveryPolicy.ts';

type Check = (value: string, fifo: boolean) => void;

const feedback = /^(HTTP|Lambda|SQS|Firehose|Application)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)$/;

const checks: Readonly<Record<string, Check>> = {
  DisplayName: (value) => {
    if (value.length > 100 || /[\u0000-\u001f\u007f]/.test(value)) throw invalidParameter('DisplayName');
  },
  Policy: checkPolicy,
  DeliveryPolicy: (value) => {
    if (value === '') return;
    try {
      parseTopicPolicy(value);
    } catch (error) {
      if (error instanceof DeliveryPolicyError) throw invalidParameter(`DeliveryPolicy: ${error.message}`);
      throw error;
    }
  },
  KmsMasterKeyId: () => undefined,
  SignatureVersion: (value) => requireOneOf('SignatureVersion', value, ['1', '2']),
  TracingConfig: (value) => {
    requireOneOf('TracingConfig', value, ['PassThrough', 'Active']);
    if (value === 'Active') throw invalidParameter('TracingConfig Reason: Haneul sends no traces of topics to X-Ray; PassThrough is what it does');
  },
  ContentBasedDeduplication: (value, fifo) => {
    requireFifo('ContentBasedDeduplication', fifo);
    requireOneOf('ContentBasedDeduplication', value, ['true', 'false']);
  },
  FifoThroughputScope: (value, fifo) => {
    requireFifo('FifoThroughputScope', fifo);
    requireOneOf('FifoThroughputScope', value, ['Topic', 'MessageGroup']);
  },
  ArchivePolicy: checkArchivePolicy,
};

/** Checks one setting of a topic. */
export function checkTopicAttribute(name: string, value: string, fifo: boolean): void {
  const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
  if (check) return check(value, fifo);
  const [, protocol = '', kind = ''] = feedback.exec(name) ?? [];
  if (protocol === '') throw invalidParameter('AttributeName');
  if (protocol === 'Firehose' || protocol === 'Application') throw invalidParameter(`AttributeName Reason: Haneul delivers nothing by ${protocol === 'Firehose' ? 'Amazon Data Firehose' : 'mobile push'}, so ${name} would say nothing`);
  if (value === '') return;
  if (kind === 'SuccessFeedbackSampleRate') {
    if (!/^(\d{1,2}|100)$/.test(value)) throw invalidParameter(`${name}`);
  } else if (parseArn(value)?.service !== 'iam') throw invalidParameter(`${name}`);
}

/** The settings of a topic that is to be made, checked, and whether it is a FIFO topic. */
export function readNewAttributes(given: Readonly<Record<string, string>>): { readonly fifo: boolean; readonly attributes: Record<string, string> } {
  const { FifoTopic, ...rest } = given;
  if (FifoTopic !== undefined) requireOneOf('FifoTopic', FifoTopic, ['true', 'false']);
  const fifo = FifoTopic === 'true';
  for (const [name, value] of Object.entries(rest)) checkTopicAttribute(name, value, fifo);
  return { fifo, attributes: Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== '')) };
}

function checkPolicy(value: string): void {
  if (value === '') return;
  if (Buffer.byteLength(value) > policyBytesMax) throw invalidParameter('Policy Error: policy is too long');
  const problem = resourcePolicyProblem(value);
  if (problem !== undefined) throw invalidParameter(`Policy Error: ${problem}`);
  const statements = [(JSON.parse(value) as { readonly Statement: unknown }).Statement].flat() as readonly { readonly Action?: string | readonly string[] }[];
  const actions = statements.flatMap(({ Action = [] }) => Action);
  if (actions.some((action) => action !== '*' && !/^sns:/i.test(action))) throw invalidParameter('Policy statement action out of service scope!');
}

function checkArchivePolicy(value: string, fifo: boolean): void {
  requireFifo('ArchivePolicy', fifo);
  if (value === '' || value === '{}') return;
  let days: unknown;
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed !== 'object' || parsed === null || Object.keys(parsed).join() !== 'MessageRetentionPeriod') throw new SyntaxError();
    days = (parsed as { readonly MessageRetentionPeriod: unknown }).MessageRetentionPeriod;
  } catch {
    throw invalidParameter('ArchivePolicy Reason: it takes {"MessageRetentionPeriod": days}');
  }
  const number = Number(days);
  if (!Number.isInteger(number) || number < 1 || number > archiveDaysMax) throw invalidParameter(`ArchivePolicy Reason: MessageRetentionPeriod must be between 1 and ${archiveDaysMax} days`);
}

function requireFifo(name: string, fifo: boolean): void {
  if (!fifo) throw invalidParameter(`${name} Reason: ${name} is only supported for FIFO topics`);
}

function requireOneOf(name: string, value: string, values: readonly string[]): void {
  if (!values.includes(value)) throw invalidParameter(`${name} Reason: Invalid value [${value.slice(0, 100)}]. Must be ${values.join(' or ')}.`);
}
