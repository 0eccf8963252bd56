import { hexId } from '../../../base/ids.ts';
import type { Transaction } from '../../../kv/store.ts';
import { archiveTimerId, beginningOf, planArchiveSweep } from '../archive.ts';
import type { SnsDeps } from '../deps.ts';
import { isTopicName, requireTopicArn, topicArn, type TopicName } from '../domain/arns.ts';
import { describePolicy, httpRetryDefault, parseTopicPolicy } from '../domain/deliveryPolicy.ts';
import { defaultPolicy } from '../domain/policy.ts';
import { readTags } from '../domain/tags.ts';
import { checkTopicAttribute, readNewAttributes } from '../domain/topicAttributes.ts';
import { invalidParameter, invalidState, missingParameter } from '../errors.ts';
import { pageSize } from '../limits.ts';
import { accessTo, accountAccess, decodeToken, encodeToken, given, newRevision, operation, requireTopic, sealingCaller, topicAccess } from '../operation.ts';
import { archive, endpoints, everywhere, sequences, subscriptions, type TopicRow, topics as topicTable } from '../store.ts';
import { setTopic, type Topic } from '../topics.ts';

export const createTopic = operation('CreateTopic', {
  access: ({ Name: name = '', Tags = [] }, { account, region }) => {
    const access = accessTo('CreateTopic', { account, region, name }, undefined);
    return Tags.length === 0 ? access : [access, { ...access, action: 'sns:TagResource' }];
  },
  async handle(input, call, deps) {
    const { store, random, topics } = deps;
    if (input.Name === undefined) throw missingParameter('Name');
    if ((input.DataProtectionPolicy ?? '') !== '') throw noDataProtection();
    const settings = given(input.Attributes);
    const { fifo, attributes } = readNewAttributes(settings);
    requireName(input.Name, fifo);
    const tags = readTags(input.Tags?.map(({ Key, Value }) => ({ Key, Value })));
    const name = { account: call.account, region: call.region, name: input.Name };
    await requireKey(attributes, name, call, deps);
    await store.transact(async (tx) => {
      const existing = await topics.find(tx, name);
      if (existing) {
        requireSame(existing.row, settings, input.Tags === undefined ? undefined : tags);
        return;
      }
      const row: TopicRow = {
        id: hexId(random, 14),
        fifo,
        createdAtMs: Math.floor(deps.clock.now()),
        revision: '',
        attributes: withoutEmptyArchive(attributes),
        tags,
        confirmed: 0,
        pending: 0,
        deleted: 0,
        filters: 0,
      };
      setTopic(tx, name, await withArchive(tx, name, row, deps), newRevision(deps));
    });
    return { TopicArn: topicArn(name) };
  },
});

// What was not given may be as it is (recorded from the service).
function requireSame(row: TopicRow, settings: Readonly<Record<string, string>>, tags: Readonly<Record<string, string>> | undefined): void {
  const shown: Readonly<Record<string, string>> = { FifoTopic: String(row.fifo), DisplayName: '', ContentBasedDeduplication: 'false', FifoThroughputScope: 'Topic', ...row.attributes };
  if (Object.entries(settings).some(([name, value]) => shown[name] !== value)) throw invalidParameter('Attributes Reason: Topic already exists with different attributes');
  if (tags !== undefined && JSON.stringify(sorted(tags)) !== JSON.stringify(sorted(row.tags))) throw invalidParameter('Tags Reason: Topic already exists with different tags');
}

const sorted = (tags: Readonly<Record<string, string>>): [string, string][] => Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));

function requireName(name: string, fifo: boolean): void {
  if (isTopicName(name, fifo)) return;
  throw invalidParameter(
    fifo
      ? 'Topic Name Reason: Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.'
      : 'Topic Name',
  );
}

export const deleteTopic = operation('DeleteTopic', {
  access: (input, call, deps) => topicAccess('DeleteTopic', input.TopicArn, call, deps),
  async handle(input, _call, deps) {
    const name = requireTopicArn(input.TopicArn);
    await deps.store.transact(async (tx) => {
      const topic = await deps.topics.find(tx, name);
      // "Deleting a topic that does not exist does not result in an error" (API reference).
      if (!topic) return;
      if (topic.row.attributes['ArchivePolicy'] !== undefined) throw invalidState('A topic with an active ArchivePolicy cannot be deleted: set the policy to {} first.');
      topicTable.clear(tx, name, [name.name]);
      subscriptions.clearAll(tx, name, [name.name]);
      endpoints.clearAll(tx, name, [name.name]);
      sequences.clearAll(tx, everywhere, [topic.row.id]);
      archive.clearAll(tx, everywhere, [topic.row.id]);
    });
    return {};
  },
});

export const listTopics = operation('ListTopics', {
  access: () => accountAccess('ListTopics'),
  async handle(input, { account, region }, { store }) {
    const after = decodeToken(input.NextToken);
    const rows = await store.read((tx) => topicTable.list(tx, { account, region }, [], { limit: pageSize + 1, ...(after === undefined ? {} : { after: [after] }) }));
    const names = rows.slice(0, pageSize).map(({ parts }) => String(parts[0]));
    const last = names.at(-1);
    return { Topics: names.map((name) => ({ TopicArn: topicArn({ account, region, name }) })), ...(rows.length > pageSize && last !== undefined ? { NextToken: encodeToken(last) } : {}) };
  },
});

export const getTopicAttributes = operation('GetTopicAttributes', {
  access: (input, call, deps) => topicAccess('GetTopicAttributes', input.TopicArn, call, deps),
  async handle(input, _call, deps) {
    const topic = await requireTopic(deps.topics.look(requireTopicArn(input.TopicArn)));
    return { Attributes: describe(topic, Math.floor(deps.clock.now())) };
  },
});

function describe({ arn, account, row }: Topic, nowMs: number): Record<string, string> {
  const { attributes, confirmed, pending, deleted, fifo } = row;
  const delivery = attributes['DeliveryPolicy'];
  const effective = delivery === undefined ? undefined : parseTopicPolicy(delivery);
  const shown = describePolicy(effective?.policy ?? { retry: httpRetryDefault, maxReceivesPerSecond: undefined, contentType: undefined });
  const http = {
    defaultHealthyRetryPolicy: shown.healthyRetryPolicy,
    disableSubscriptionOverrides: effective?.disableOverrides ?? false,
    ...(shown.throttlePolicy === null ? {} : { defaultThrottlePolicy: shown.throttlePolicy }),
    defaultRequestPolicy: shown.requestPolicy,
  };
  const beginning = beginningOf(row, nowMs);
  return {
    TopicArn: arn,
    Owner: account,
    Policy: defaultPolicy(arn, account),
    DisplayName: '',
    SubscriptionsConfirmed: String(confirmed),
    SubscriptionsPending: String(pending),
    SubscriptionsDeleted: String(deleted),
    EffectiveDeliveryPolicy: JSON.stringify({ http }),
    ...(fifo ? { FifoTopic: 'true', ContentBasedDeduplication: 'false', FifoThroughputScope: 'Topic' } : {}),
    ...attributes,
    ...(beginning === undefined ? {} : { BeginningArchiveTime: new Date(beginning).toISOString() }),
  };
}

export const setTopicAttributes = operation('SetTopicAttributes', {
  access: (input, call, deps) => topicAccess('SetTopicAttributes', input.TopicArn, call, deps),
  async handle(input, call, deps) {
    const name = requireTopicArn(input.TopicArn);
    const { AttributeName: attribute, AttributeValue: value = '' } = input;
    if (attribute === undefined || attribute === '') throw missingParameter('AttributeName');
    const looked = await requireTopic(deps.topics.look(name));
    checkTopicAttribute(attribute, value, looked.row.fifo);
    if (attribute === 'KmsMasterKeyId') await requireKey({ KmsMasterKeyId: value }, name, call, deps);
    await deps.store.transact(async (tx) => {
      const { row } = await requireTopic(deps.topics.find(tx, name));
      const { [attribute]: _before, ...others } = row.attributes;
      const attributes = withoutEmptyArchive(value === '' ? others : { ...others, [attribute]: value });
      setTopic(tx, name, await withArchive(tx, name, { ...row, attributes }, deps), newRevision(deps));
    });
    return {};
  },
});

function withoutEmptyArchive(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const { ArchivePolicy: policy, ...others } = attributes;
  return policy === undefined || policy === '{}' ? others : { ...others, ArchivePolicy: policy };
}

// An archive begins when it is asked for, and is gone when it is not any more.
async function withArchive(tx: Transaction, name: TopicName, row: TopicRow, deps: SnsDeps): Promise<TopicRow> {
  const { archiveSinceMs, ...rest } = row;
  if (row.attributes['ArchivePolicy'] === undefined) {
    if (archiveSinceMs !== undefined) {
      archive.clearAll(tx, everywhere, [row.id]);
      await deps.timers.clear(tx, { service: 'sns', id: archiveTimerId(name) });
    }
    return rest;
  }
  await planArchiveSweep(tx, name, deps);
  return { ...rest, archiveSinceMs: archiveSinceMs ?? Math.floor(deps.clock.now()) };
}

async function requireKey({ KmsMasterKeyId: keyId }: Readonly<Record<string, string>>, name: TopicName, call: Parameters<typeof sealingCaller>[0], { sealing }: SnsDeps): Promise<void> {
  if (keyId !== undefined && keyId !== '') await sealing.requireKey(keyId, name, sealingCaller(call));
}

const noDataProtection = (): Error => invalidParameter('DataProtectionPolicy Reason: Haneul does not look for sensitive data in messages');

export const getDataProtectionPolicy = operation('GetDataProtectionPolicy', {
  access: (input, call, deps) => topicAccess('GetDataProtectionPolicy', input.ResourceArn, call, deps),
  async handle(input, _call, deps) {
    await requireTopic(deps.topics.look(requireTopicArn(input.ResourceArn, 'ResourceArn')));
    return { DataProtectionPolicy: '' };
  },
});

export const putDataProtectionPolicy = operation('PutDataProtectionPolicy', {
  access: (input, call, deps) => topicAccess('PutDataProtectionPolicy', input.ResourceArn, call, deps),
  async handle(input, _call, deps) {
    await requireTopic(deps.topics.look(requireTopicArn(input.ResourceArn, 'ResourceArn')));
    if ((input.DataProtectionPolicy ?? '') !== '') throw noDataProtection();
    return {};
  },
});
