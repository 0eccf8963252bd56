import { equalText } from '../../../base/equalText.ts';
import { uuid } from '../../../base/ids.ts';
import type { Call } from '../../../framework/context.ts';
import type { Transaction } from '../../../kv/store.ts';
import { beginningOf, emitReplayStep } from '../archive.ts';
import type { SnsDeps } from '../deps.ts';
import { requireSubscriptionArn, requireTopicArn, subscriptionArn, topicArn, type TopicName } from '../domain/arns.ts';
import { describePolicy, effectivePolicy } from '../domain/deliveryPolicy.ts';
import { checkSubscriptionAttributes, readReplayPolicy, subscriptionAttributeNames } from '../domain/subscriptionAttributes.ts';
import { authorizationError, filterPolicyLimitExceeded, invalidParameter, missingParameter, subscriptionLimitExceeded, subscriptionNotFound } from '../errors.ts';
import { fifoSubscriptionsMax, filterPoliciesMax, pageSize, subscriptionsMax } from '../limits.ts';
import { accountAccess, callerArn, decodeToken, encodeToken, given, newRevision, operation, requireTopic, subscriptionAccess, topicAccess } from '../operation.ts';
import { endpoints, type Protocol, type SubscriptionRow, subscriptions } from '../store.ts';
import { askForConfirmation, endpointKey, makeToken, needsConfirmation, pendingTimerId, removeSubscription, requireEndpoint, subscriptionOfToken, tellUnsubscribed } from '../subscribing.ts';
import { setTopic, type Topic } from '../topics.ts';

export const subscribe = operation('Subscribe', {
  access: (input, call, deps) => topicAccess('Subscribe', input.TopicArn, call, deps, { 'sns:Protocol': input.Protocol ?? '', 'sns:Endpoint': input.Endpoint ?? '' }),
  async handle(input, call, deps) {
    const name = requireTopicArn(input.TopicArn);
    const looked = await requireTopic(deps.topics.look(name));
    const { protocol, endpoint } = requireEndpoint(input.Protocol, input.Endpoint, looked.row.fifo);
    const settings = given(input.Attributes);
    const stranger = Object.keys(settings).find((attribute) => !subscriptionAttributeNames.has(attribute));
    if (stranger !== undefined) throw invalidParameter(`Attributes Reason: Unknown attribute: ${stranger.slice(0, 100)}`);
    const refuse = (what: string): Error => invalidParameter(`Attributes Reason: ${what}`);
    const attributes = checkSubscriptionAttributes(settings, { topic: name, fifo: looked.row.fifo, protocol, refuse });
    const row = await deps.store.transact(async (tx) => {
      const topic = await requireTopic(deps.topics.find(tx, name));
      const existing = await findExisting(tx, topic, protocol, endpoint);
      if (existing) return subscribeAgain(tx, topic, existing, settings, attributes, deps);
      return addSubscription(tx, topic, { protocol, endpoint, attributes }, call, deps);
    });
    const arn = subscriptionArn(name, row.id);
    return { SubscriptionArn: row.token === undefined || input.ReturnSubscriptionArn === true ? arn : 'pending confirmation' };
  },
});

async function findExisting(tx: Transaction, topic: Topic, protocol: string, endpoint: string): Promise<SubscriptionRow | undefined> {
  const known = await endpoints.get(tx, topic, endpointKey(topic, protocol, endpoint));
  return known && subscriptions.get(tx, topic, [topic.name, known.id]);
}

async function subscribeAgain(tx: Transaction, topic: Topic, row: SubscriptionRow, settings: Readonly<Record<string, string>>, attributes: Readonly<Record<string, string>>, deps: SnsDeps): Promise<SubscriptionRow> {
  if (Object.keys(settings).some((name) => (row.attributes[name] ?? '') !== (attributes[name] ?? ''))) throw invalidParameter('Attributes Reason: Subscription already exists with different attributes');
  if (row.token !== undefined) await askForConfirmation(tx, topic, row, deps);
  return row;
}

interface NewSubscription {
  readonly protocol: Protocol;
  readonly endpoint: string;
  readonly attributes: Readonly<Record<string, string>>;
}

async function addSubscription(tx: Transaction, topic: Topic, { protocol, endpoint, attributes }: NewSubscription, call: Call, deps: SnsDeps): Promise<SubscriptionRow> {
  const { confirmed, pending, fifo, filters } = topic.row;
  if (confirmed + pending >= (fifo ? fifoSubscriptionsMax : subscriptionsMax)) throw subscriptionLimitExceeded();
  const addsFilter = attributes['FilterPolicy'] === undefined ? 0 : 1;
  if (filters + addsFilter > filterPoliciesMax) throw filterPolicyLimitExceeded();
  const id = uuid(deps.random);
  const asks = needsConfirmation(protocol);
  const made: SubscriptionRow = {
    id,
    protocol,
    endpoint,
    owner: call.account,
    principal: callerArn(call),
    authenticated: !asks,
    authenticateOnUnsubscribe: false,
    attributes: withoutDefaults(attributes),
    baseUrl: call.endpoint,
    createdAtMs: Math.floor(deps.clock.now()),
    ...(asks ? { token: makeToken(id, deps) } : {}),
  };
  const row = withReplay(tx, topic, made, undefined, deps);
  subscriptions.set(tx, topic, [topic.name, id], row);
  endpoints.set(tx, topic, endpointKey(topic, protocol, endpoint), { id });
  const counts = asks ? { pending: pending + 1 } : { confirmed: confirmed + 1 };
  setTopic(tx, topic, { ...topic.row, ...counts, filters: filters + addsFilter }, newRevision(deps));
  if (asks) await askForConfirmation(tx, topic, row, deps);
  return row;
}

const withoutDefaults = (attributes: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, name === 'RawMessageDelivery' ? value.toLowerCase() : value]));

// A new policy begins a replay, none ends it.
function withReplay(tx: Transaction, topic: Topic, row: SubscriptionRow, before: string | undefined, deps: SnsDeps): SubscriptionRow {
  const { replay: _replay, ...rest } = row;
  const policy = row.attributes['ReplayPolicy'];
  if (policy === undefined) return rest;
  if (policy === before) return row;
  const { startMs, endMs } = readReplayPolicy(policy, { fifo: topic.row.fifo, refuse: (what) => invalidParameter(what) });
  const nowMs = Math.floor(deps.clock.now());
  const beginning = beginningOf(topic.row, nowMs);
  if (beginning === undefined) throw invalidParameter('ReplayPolicy Reason: The topic has no archive: set its ArchivePolicy first');
  if (startMs < beginning || startMs > nowMs) throw invalidParameter(`ReplayPolicy Reason: StartingPoint must be between ${new Date(beginning).toISOString()} and now`);
  const id = uuid(deps.random);
  emitReplayStep(tx, topic, row.id, { replayId: id }, deps);
  // Without an end it ends with what has been published by now: everything later is delivered anyhow.
  return { ...rest, replay: { id, status: 'Pending', startMs, endMs: Math.min(endMs ?? Infinity, nowMs + 1) } };
}

export const confirmSubscription = operation('ConfirmSubscription', {
  // Whoever has the token may: the links in messages are not signed.
  access: (input, call, deps) => (call.caller.kind === 'anonymous' ? [] : topicAccess('ConfirmSubscription', input.TopicArn, call, deps)),
  async handle(input, call, deps) {
    const name = requireTopicArn(input.TopicArn);
    const token = input.Token ?? '';
    if (token === '') throw missingParameter('Token');
    const id = subscriptionOfToken(token);
    if (id === undefined) throw invalidParameter('Token');
    const authenticated = call.caller.kind !== 'anonymous';
    const authenticateOnUnsubscribe = input.AuthenticateOnUnsubscribe?.toLowerCase() === 'true';
    if (authenticateOnUnsubscribe && !authenticated) throw authorizationError('AuthenticateOnUnsubscribe takes a signed request');
    await deps.store.transact(async (tx) => {
      const topic = await requireTopic(deps.topics.find(tx, name));
      const row = await subscriptions.get(tx, name, [name.name, id]);
      if (!row) throw invalidParameter('Token');
      // The second answer to the same question changes nothing.
      if (row.token === undefined) return;
      if (!equalText(row.token, token)) throw invalidParameter('Token');
      const { token: _token, ...rest } = row;
      subscriptions.set(tx, name, [name.name, id], { ...rest, authenticated, authenticateOnUnsubscribe });
      await deps.timers.clear(tx, { service: 'sns', id: pendingTimerId(name, id) });
      setTopic(tx, name, { ...topic.row, pending: topic.row.pending - 1, confirmed: topic.row.confirmed + 1 }, newRevision(deps));
    });
    return { SubscriptionArn: subscriptionArn(name, id) };
  },
});

export const unsubscribe = operation('Unsubscribe', {
  access: (input, call, deps) => (call.caller.kind === 'anonymous' ? [] : subscriptionAccess('Unsubscribe', input.SubscriptionArn, deps)),
  async handle(input, call, deps) {
    const { topic: name, id } = requireSubscriptionArn(input.SubscriptionArn);
    const anonymous = call.caller.kind === 'anonymous';
    await deps.store.transact(async (tx) => {
      const topic = await deps.topics.find(tx, name);
      const row = topic && (await subscriptions.get(tx, name, [name.name, id]));
      // Nothing is left to do (recorded from the service).
      if (!topic || !row) return;
      if (anonymous && row.authenticateOnUnsubscribe) throw authorizationError('Unsubscribing takes a request signed by the owner of the subscription or of the topic');
      await removeSubscription(tx, topic, row, deps);
      if (anonymous && row.token === undefined && needsConfirmation(row.protocol)) await offerReturn(tx, topic, row, deps);
    });
    return {};
  },
});

// The endpoint is told, with a link that subscribes it again: a subscription that waits for its confirmation, as any other.
async function offerReturn(tx: Transaction, topic: Topic, row: SubscriptionRow, deps: SnsDeps): Promise<void> {
  const id = uuid(deps.random);
  const token = makeToken(id, deps);
  const again: SubscriptionRow = { ...row, id, token, authenticated: false };
  subscriptions.set(tx, topic, [topic.name, id], again);
  endpoints.set(tx, topic, endpointKey(topic, row.protocol, row.endpoint), { id });
  const current = await requireTopic(deps.topics.find(tx, topic));
  setTopic(tx, topic, { ...current.row, pending: current.row.pending + 1, filters: current.row.filters + (row.attributes['FilterPolicy'] === undefined ? 0 : 1) }, newRevision(deps));
  const { account, region, name } = topic;
  await deps.timers.set(tx, { service: 'sns', id: pendingTimerId(topic, id), dueMs: deps.clock.now() + 2 * 86_400_000, detail: { kind: 'pending', topic: { account, region, name }, id } });
  tellUnsubscribed(tx, topic, row, token, deps);
}

export const getSubscriptionAttributes = operation('GetSubscriptionAttributes', {
  access: (input, _call, deps) => subscriptionAccess('GetSubscriptionAttributes', input.SubscriptionArn, deps),
  async handle(input, _call, deps) {
    const { topic: name, id } = requireSubscriptionArn(input.SubscriptionArn);
    const looked = await deps.topics.lookOne(name, id);
    if (!looked?.row) throw subscriptionNotFound();
    return { Attributes: describe(looked.topic, looked.row) };
  },
});

function describe(topic: Topic, row: SubscriptionRow): Record<string, string> {
  const { protocol, endpoint, owner, principal, token, authenticated, attributes, replay } = row;
  const http = protocol === 'http' || protocol === 'https';
  const policy = http ? describePolicy(effectivePolicy(topic.row.attributes['DeliveryPolicy'], attributes['DeliveryPolicy'])) : undefined;
  return {
    SubscriptionArn: subscriptionArn(topic, row.id),
    TopicArn: topic.arn,
    Protocol: protocol,
    Endpoint: endpoint,
    Owner: owner,
    SubscriptionPrincipal: principal,
    PendingConfirmation: String(token !== undefined),
    ConfirmationWasAuthenticated: String(token === undefined && authenticated),
    RawMessageDelivery: 'false',
    ...(attributes['FilterPolicy'] === undefined ? {} : { FilterPolicyScope: 'MessageAttributes' }),
    ...attributes,
    ...(policy === undefined ? {} : { EffectiveDeliveryPolicy: JSON.stringify({ ...policy, sicklyRetryPolicy: null, guaranteed: false }) }),
    ...(replay === undefined ? {} : { ReplayStatus: replay.status }),
  };
}

export const setSubscriptionAttributes = operation('SetSubscriptionAttributes', {
  access: (input, _call, deps) => subscriptionAccess('SetSubscriptionAttributes', input.SubscriptionArn, deps),
  async handle(input, _call, deps) {
    const { topic: name, id } = requireSubscriptionArn(input.SubscriptionArn);
    const { AttributeName: attribute = '', AttributeValue: value = '' } = input;
    if (!subscriptionAttributeNames.has(attribute)) throw invalidParameter('AttributeName');
    await deps.store.transact(async (tx) => {
      const topic = await deps.topics.find(tx, name);
      const row = topic && (await subscriptions.get(tx, name, [name.name, id]));
      if (!topic || !row) throw subscriptionNotFound();
      const refuse = (what: string): Error => invalidParameter(what);
      const attributes = withoutDefaults(checkSubscriptionAttributes({ ...row.attributes, [attribute]: value }, { topic: name, fifo: topic.row.fifo, protocol: row.protocol, refuse }));
      const filters = topic.row.filters + Number(attributes['FilterPolicy'] !== undefined) - Number(row.attributes['FilterPolicy'] !== undefined);
      if (filters > Math.max(filterPoliciesMax, topic.row.filters)) throw filterPolicyLimitExceeded();
      subscriptions.set(tx, name, [name.name, id], withReplay(tx, topic, { ...row, attributes }, row.attributes['ReplayPolicy'], deps));
      setTopic(tx, name, { ...topic.row, filters }, newRevision(deps));
    });
    return {};
  },
});

export const listSubscriptions = operation('ListSubscriptions', {
  access: () => accountAccess('ListSubscriptions'),
  handle: (input, { account, region }, deps) => listPage({ account, region, name: '' }, input.NextToken, deps),
});

export const listSubscriptionsByTopic = operation('ListSubscriptionsByTopic', {
  access: (input, call, deps) => topicAccess('ListSubscriptionsByTopic', input.TopicArn, call, deps),
  async handle(input, _call, deps) {
    const name = requireTopicArn(input.TopicArn);
    await requireTopic(deps.topics.look(name));
    return listPage(name, input.NextToken, deps);
  },
});

/** All of an account and region, or of one topic. */
async function listPage(place: TopicName, token: string | undefined, { store }: Pick<SnsDeps, 'store'>) {
  const after = decodeToken(token)?.split(' ');
  const rows = await store.read((tx) => subscriptions.list(tx, place, place.name === '' ? [] : [place.name], { limit: pageSize + 1, ...(after === undefined ? {} : { after }) }));
  const page = rows.slice(0, pageSize).map(({ parts, row }) => ({ topic: { ...place, name: String(parts[0]) }, row }));
  const last = page.at(-1);
  return {
    Subscriptions: page.map(({ topic, row }) => ({
      SubscriptionArn: row.token === undefined ? subscriptionArn(topic, row.id) : 'PendingConfirmation',
      Owner: row.owner,
      Protocol: row.protocol,
      Endpoint: row.endpoint,
      TopicArn: topicArn(topic),
    })),
    ...(rows.length > pageSize && last ? { NextToken: encodeToken(`${last.topic.name} ${last.row.id}`) } : {}),
  };
}
