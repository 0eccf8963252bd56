// The settings of a queue: which there are, what they may be, and what they are when nobody said.

import { invalidAttributeName, invalidAttributeValue, unknownAttribute } from '../errors.ts';
import { delaySecondsMax, keyIdLengthMax, messageBytesMax, messageBytesMin, retentionSecondsMax, retentionSecondsMin, visibilitySecondsMax, waitSecondsMax } from '../limits.ts';
import { readPolicy } from './policy.ts';
import { readRedriveAllowPolicy, readRedrivePolicy } from './redrive.ts';

/** What was set, by the names of the API. A setting that is not there has its default. */
export type QueueSettings = Readonly<Record<string, string>>;

/** A value of undefined takes the setting back. */
export type SettingChanges = Readonly<Record<string, string | undefined>>;

const integers: Readonly<Record<string, readonly [least: number, greatest: number]>> = {
  DelaySeconds: [0, delaySecondsMax],
  MaximumMessageSize: [messageBytesMin, messageBytesMax],
  MessageRetentionPeriod: [retentionSecondsMin, retentionSecondsMax],
  ReceiveMessageWaitTimeSeconds: [0, waitSecondsMax],
  VisibilityTimeout: [0, visibilitySecondsMax],
  KmsDataKeyReusePeriodSeconds: [60, 86_400],
};

const choices: Readonly<Record<string, readonly string[]>> = {
  SqsManagedSseEnabled: ['true', 'false'],
  FifoQueue: ['true', 'false'],
  ContentBasedDeduplication: ['true', 'false'],
  DeduplicationScope: ['queue', 'messageGroup'],
  FifoThroughputLimit: ['perQueue', 'perMessageGroupId'],
};

const texts = new Set(['Policy', 'RedrivePolicy', 'RedriveAllowPolicy', 'KmsMasterKeyId']);

const fifoOnly = new Set(['FifoQueue', 'ContentBasedDeduplication', 'DeduplicationScope', 'FifoThroughputLimit']);

/** Told by GetQueueAttributes, but never set. */
export const countNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed'] as const;
const factNames = ['QueueArn', ...countNames, 'CreatedTimestamp', 'LastModifiedTimestamp'] as const;

const defaults: QueueSettings = {
  VisibilityTimeout: '30',
  MaximumMessageSize: String(messageBytesMax),
  MessageRetentionPeriod: '345600',
  DelaySeconds: '0',
  ReceiveMessageWaitTimeSeconds: '0',
};

const fifoDefaults: QueueSettings = { FifoQueue: 'true', ContentBasedDeduplication: 'false', DeduplicationScope: 'queue', FifoThroughputLimit: 'perQueue' };

/** Every name that GetQueueAttributes knows besides `All`. */
export const attributeNames: ReadonlySet<string> = new Set([...factNames, ...Object.keys(integers), ...Object.keys(choices), ...texts]);

/** The value in force; undefined where there is none. */
export function settingOf(settings: QueueSettings, name: string): string | undefined {
  if (name === 'SqsManagedSseEnabled') return settings[name] ?? (settings['KmsMasterKeyId'] === undefined ? 'true' : 'false');
  if (name === 'KmsDataKeyReusePeriodSeconds') return settings['KmsMasterKeyId'] === undefined ? undefined : (settings[name] ?? '300');
  return settings[name] ?? defaults[name] ?? (settings['FifoQueue'] === 'true' ? fifoDefaults[name] : undefined);
}

/** Everything that is set or has a default, in the order in which SQS tells it. */
export function allSettings(settings: QueueSettings): Record<string, string> {
  const told: Record<string, string> = {};
  for (const name of [...Object.keys(defaults), ...texts, ...Object.keys(choices), 'KmsDataKeyReusePeriodSeconds']) {
    const value = settingOf(settings, name);
    if (value !== undefined) told[name] = value;
  }
  return told;
}

/** Checks what CreateQueue was given. Whether a dead-letter queue exists is looked up later. */
export function readNewSettings(given: Readonly<Record<string, string>>): QueueSettings {
  const fifo = given['FifoQueue'] === 'true';
  for (const name of Object.keys(given)) requireSettable(name, fifo);
  const changes = readValues(given);
  const settings = applyChanges({}, changes);
  requireConsistent(settings, given);
  return settings;
}

/** Checks what SetQueueAttributes was given, for a queue that has `settings`. */
export function readSettingChanges(given: Readonly<Record<string, string>>, settings: QueueSettings): SettingChanges {
  const fifo = settings['FifoQueue'] === 'true';
  for (const name of Object.keys(given)) requireSettable(name, fifo);
  if (fifo && given['FifoQueue'] !== undefined && given['FifoQueue'] !== 'true') {
    throw invalidAttributeValue('FifoQueue', 'Modifying queue type is not supported.');
  }
  const changes = readValues(given);
  requireConsistent(applyChanges(settings, changes), given);
  return changes;
}

export function applyChanges(settings: QueueSettings, changes: SettingChanges): QueueSettings {
  const changed: Record<string, string> = { ...settings };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete changed[name];
    else changed[name] = value;
  }
  // One kind of encryption takes the place of the other.
  if (changes['KmsMasterKeyId'] !== undefined && changes['SqsManagedSseEnabled'] === undefined) delete changed['SqsManagedSseEnabled'];
  return changed;
}

function requireSettable(name: string, fifo: boolean): void {
  const settable = Object.hasOwn(integers, name) || Object.hasOwn(choices, name) || texts.has(name);
  if (!settable || (!fifo && fifoOnly.has(name))) throw unknownAttribute(name);
}

function readValues(given: Readonly<Record<string, string>>): SettingChanges {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, readValue(name, value)]));
}

function readValue(name: string, value: string): string | undefined {
  const bounds = integers[name];
  if (bounds) {
    const number = /^\d{1,10}$/.test(value) ? Number(value) : -1;
    if (number < bounds[0] || number > bounds[1]) throw invalidAttributeValue(name);
    return String(number);
  }
  const allowed = choices[name];
  if (allowed) {
    // Terraform and old clients write booleans as they like.
    const written = allowed[0] === 'true' ? value.toLowerCase() : value;
    if (!allowed.includes(written)) throw invalidAttributeValue(name);
    return written;
  }
  if (value === '') return undefined;
  if (name === 'Policy') return readPolicy(value);
  if (name === 'RedrivePolicy') return readRedrivePolicy(value);
  if (name === 'RedriveAllowPolicy') return readRedriveAllowPolicy(value);
  if (value.length > keyIdLengthMax) throw invalidAttributeValue(name);
  return value;
}

function requireConsistent(settings: QueueSettings, given: Readonly<Record<string, string>>): void {
  if (settings['KmsMasterKeyId'] !== undefined && settings['SqsManagedSseEnabled'] === 'true') {
    throw invalidAttributeName('You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.');
  }
  if (settings['FifoThroughputLimit'] === 'perMessageGroupId' && settings['DeduplicationScope'] !== 'messageGroup') {
    const name = given['FifoThroughputLimit'] === undefined ? 'DeduplicationScope' : 'FifoThroughputLimit';
    throw invalidAttributeValue(name, 'The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.');
  }
}

/** The first of the given settings that an existing queue has otherwise. */
export function findDifference(settings: QueueSettings, given: QueueSettings): string | undefined {
  return Object.keys(given).find((name) => canonical(settingOf(settings, name)) !== canonical(settingOf(given, name)));
}

// Two texts of the same document are one setting.
function canonical(value: string | undefined): string | undefined {
  if (value === undefined || !value.startsWith('{')) return value;
  try {
    return JSON.stringify(sorted(JSON.parse(value)));
  } catch {
    return value;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
}
