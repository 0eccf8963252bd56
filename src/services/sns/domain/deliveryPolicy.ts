// When a delivery that failed is tried again: at once, after a fixed while, after growing ones, after the longest.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html

import { httpPolicySecondsMax, httpRetriesMax } from '../limits.ts';

export interface RetryPolicy {
  readonly minDelayTarget: number;
  readonly maxDelayTarget: number;
  readonly numRetries: number;
  readonly numNoDelayRetries: number;
  readonly numMinDelayRetries: number;
  readonly numMaxDelayRetries: number;
  readonly backoffFunction: 'arithmetic' | 'exponential' | 'geometric' | 'linear';
}

export interface DeliveryPolicy {
  readonly retry: RetryPolicy;
  readonly maxReceivesPerSecond: number | undefined;
  readonly contentType: string | undefined;
}

/** What is wrong with a policy, as the service says it after `DeliveryPolicy: `. */
export class DeliveryPolicyError extends Error {}

export const httpRetryDefault: RetryPolicy = {
  minDelayTarget: 20,
  maxDelayTarget: 20,
  numRetries: 3,
  numNoDelayRetries: 0,
  numMinDelayRetries: 0,
  numMaxDelayRetries: 0,
  backoffFunction: 'linear',
};

/** Of SQS and Lambda. */
export const managedRetryPolicy: RetryPolicy = { minDelayTarget: 1, maxDelayTarget: 20, numRetries: 100_015, numNoDelayRetries: 3, numMinDelayRetries: 2, numMaxDelayRetries: 100_000, backoffFunction: 'exponential' };
/** Of e-mail and text messages. */
export const mailRetryPolicy: RetryPolicy = { minDelayTarget: 10, maxDelayTarget: 600, numRetries: 50, numNoDelayRetries: 0, numMinDelayRetries: 2, numMaxDelayRetries: 38, backoffFunction: 'exponential' };

/** How long to wait after so many failed attempts, the first included. */
export function retryDelayMs(policy: RetryPolicy, failures: number): number {
  const { numNoDelayRetries, numMinDelayRetries, numMaxDelayRetries, numRetries, minDelayTarget, maxDelayTarget } = policy;
  if (failures <= numNoDelayRetries) return 0;
  const afterPre = failures - numNoDelayRetries - numMinDelayRetries;
  if (afterPre <= 0) return minDelayTarget * 1_000;
  const steps = Math.max(0, numRetries - numNoDelayRetries - numMinDelayRetries - numMaxDelayRetries);
  if (afterPre > steps) return maxDelayTarget * 1_000;
  const share = steps <= 1 ? 0 : (afterPre - 1) / (steps - 1);
  return Math.round((minDelayTarget + (maxDelayTarget - minDelayTarget) * growth[policy.backoffFunction](share)) * 1_000);
}

// The guide draws the four curves and gives no formulas: linear in even steps, arithmetic with steps that grow evenly, geometric and
// exponential ever steeper.
const growth: Readonly<Record<RetryPolicy['backoffFunction'], (share: number) => number>> = {
  linear: (share) => share,
  arithmetic: (share) => (share * (share + 1)) / 2,
  geometric: (share) => (8 ** share - 1) / 7,
  exponential: (share) => (64 ** share - 1) / 63,
};

type Json = Readonly<Record<string, unknown>>;

/** A subscription's policy: the topic's for all that it does not say, unless that one is not to be overridden. */
export function effectivePolicy(topicText: string | undefined, subscriptionText: string | undefined): DeliveryPolicy {
  const topic = topicText === undefined ? undefined : parseTopicPolicy(topicText);
  if (subscriptionText === undefined || topic?.disableOverrides === true) return topic?.policy ?? { retry: httpRetryDefault, maxReceivesPerSecond: undefined, contentType: undefined };
  return parseSubscriptionPolicy(subscriptionText, topic?.policy);
}

export function parseSubscriptionPolicy(text: string, base?: DeliveryPolicy): DeliveryPolicy {
  const json = parseJson(text);
  requireMembers(json, ['healthyRetryPolicy', 'sicklyRetryPolicy', 'throttlePolicy', 'requestPolicy', 'guaranteed']);
  // What the service has in its answers and nobody can use.
  if (json['sicklyRetryPolicy'] !== undefined && json['sicklyRetryPolicy'] !== null) throw new DeliveryPolicyError('sicklyRetryPolicy is not supported');
  if (json['guaranteed'] === true) throw new DeliveryPolicyError('guaranteed is not supported');
  return {
    retry: readRetry(json['healthyRetryPolicy'], base?.retry ?? httpRetryDefault, 'healthyRetryPolicy'),
    maxReceivesPerSecond: readThrottle(json['throttlePolicy'], 'throttlePolicy') ?? base?.maxReceivesPerSecond,
    contentType: readContentType(json['requestPolicy'], 'requestPolicy') ?? base?.contentType,
  };
}

export function parseTopicPolicy(text: string): { readonly policy: DeliveryPolicy; readonly disableOverrides: boolean } {
  const json = parseJson(text);
  requireMembers(json, ['http']);
  const http = json['http'];
  if (!isObject(http)) throw new DeliveryPolicyError('http must be a JSON object');
  requireMembers(http, ['defaultHealthyRetryPolicy', 'disableSubscriptionOverrides', 'defaultThrottlePolicy', 'defaultRequestPolicy', 'defaultSicklyRetryPolicy']);
  const disable = http['disableSubscriptionOverrides'] ?? false;
  if (typeof disable !== 'boolean') throw new DeliveryPolicyError('http.disableSubscriptionOverrides must be true or false');
  return {
    disableOverrides: disable,
    policy: {
      retry: readRetry(http['defaultHealthyRetryPolicy'], httpRetryDefault, 'http.defaultHealthyRetryPolicy'),
      maxReceivesPerSecond: readThrottle(http['defaultThrottlePolicy'], 'http.defaultThrottlePolicy'),
      contentType: readContentType(http['defaultRequestPolicy'], 'http.defaultRequestPolicy'),
    },
  };
}

/** As GetSubscriptionAttributes and GetTopicAttributes show it. */
export function describePolicy({ retry, maxReceivesPerSecond, contentType }: DeliveryPolicy): { readonly healthyRetryPolicy: RetryPolicy; readonly throttlePolicy: object | null; readonly requestPolicy: object | null } {
  return {
    healthyRetryPolicy: retry,
    throttlePolicy: maxReceivesPerSecond === undefined ? null : { maxReceivesPerSecond },
    requestPolicy: { headerContentType: contentType ?? 'text/plain; charset=UTF-8' },
  };
}

function parseJson(text: string): Json {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isObject(parsed)) return parsed;
  } catch {
    // Said below.
  }
  throw new DeliveryPolicyError('failed to parse JSON.');
}

function requireMembers(json: Json, known: readonly string[]): void {
  const stranger = Object.keys(json).find((name) => !known.includes(name));
  if (stranger !== undefined) throw new DeliveryPolicyError(`Unexpected JSON member: ${stranger.slice(0, 100)}`);
}

const retryMembers = ['minDelayTarget', 'maxDelayTarget', 'numRetries', 'numNoDelayRetries', 'numMinDelayRetries', 'numMaxDelayRetries'] as const;

function readRetry(given: unknown, base: RetryPolicy, place: string): RetryPolicy {
  if (given === undefined || given === null) return base;
  if (!isObject(given)) throw new DeliveryPolicyError(`${place} must be a JSON object`);
  requireMembers(given, [...retryMembers, 'backoffFunction']);
  const policy: Record<string, unknown> = { ...base };
  for (const name of retryMembers) {
    const value = given[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw new DeliveryPolicyError(`${place}.${name} must be a non-negative integer`);
    policy[name] = value;
  }
  const backoff = given['backoffFunction'] ?? base.backoffFunction;
  if (typeof backoff !== 'string' || !Object.hasOwn(growth, backoff)) throw new DeliveryPolicyError(`${place}.backoffFunction must be one of linear, arithmetic, geometric, exponential`);
  policy['backoffFunction'] = backoff;
  const retry = policy as unknown as RetryPolicy;
  requireConsistent(retry, place);
  return retry;
}

function requireConsistent(retry: RetryPolicy, place: string): void {
  const { minDelayTarget, maxDelayTarget, numRetries } = retry;
  if (minDelayTarget < 1 || minDelayTarget > httpPolicySecondsMax) throw new DeliveryPolicyError(`${place}.minDelayTarget must be between 1 and ${httpPolicySecondsMax}`);
  if (maxDelayTarget < minDelayTarget) throw new DeliveryPolicyError(`${place}.maxDelayTarget must be greater than or equal to minDelayTarget`);
  if (maxDelayTarget > httpPolicySecondsMax) throw new DeliveryPolicyError(`${place}.maxDelayTarget must be less than or equal to ${httpPolicySecondsMax}`);
  if (numRetries > httpRetriesMax) throw new DeliveryPolicyError(`${place}.numRetries must be less than or equal to ${httpRetriesMax}`);
  if (retry.numNoDelayRetries + retry.numMinDelayRetries + retry.numMaxDelayRetries > numRetries) {
    throw new DeliveryPolicyError(`${place}: numNoDelayRetries, numMinDelayRetries and numMaxDelayRetries together must be less than or equal to numRetries`);
  }
  let totalMs = 0;
  for (let failures = 1; failures <= numRetries; failures += 1) totalMs += retryDelayMs(retry, failures);
  if (totalMs > httpPolicySecondsMax * 1_000) throw new DeliveryPolicyError(`${place}: the total of all delays must be less than or equal to ${httpPolicySecondsMax} seconds`);
}

function readThrottle(given: unknown, place: string): number | undefined {
  if (given === undefined || given === null) return undefined;
  if (!isObject(given)) throw new DeliveryPolicyError(`${place} must be a JSON object`);
  requireMembers(given, ['maxReceivesPerSecond']);
  const perSecond = given['maxReceivesPerSecond'] ?? undefined;
  if (perSecond === undefined) return undefined;
  if (typeof perSecond !== 'number' || !Number.isInteger(perSecond) || perSecond < 1) throw new DeliveryPolicyError(`${place}.maxReceivesPerSecond must be greater than or equal to 1`);
  return perSecond;
}

// "Creating an HTTP/S delivery policy", headerContentType.
const contentTypes = /^(text\/(css|csv|html|plain|xml)|application\/(atom\+xml|json|octet-stream|soap\+xml|x-www-form-urlencoded|xhtml\+xml|xml))(; ?charset=[A-Za-z0-9-]{1,40})?$/i;

function readContentType(given: unknown, place: string): string | undefined {
  if (given === undefined || given === null) return undefined;
  if (!isObject(given)) throw new DeliveryPolicyError(`${place} must be a JSON object`);
  requireMembers(given, ['headerContentType']);
  const type = given['headerContentType'] ?? undefined;
  if (type === undefined) return undefined;
  if (typeof type !== 'string' || !contentTypes.test(type)) throw new DeliveryPolicyError(`${place}.headerContentType is not a supported content type`);
  return type;
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
