// Topics and their subscriptions as the operations see them. What follows from the rows is worked out once for as long as they do not change.

import { BoundedMap } from '../../base/boundedMap.ts';
import type { ReadTransaction, Store, Transaction } from '../../kv/store.ts';
import { subscriptionArn, topicArn, type TopicName } from './domain/arns.ts';
import { compileFilter, type FilterScope, type MessageFilter } from './domain/filterPolicy.ts';
import { type DeliveryPolicy, effectivePolicy } from './domain/deliveryPolicy.ts';
import { fanOutMax, knownTopicsMax } from './limits.ts';
import { type SubscriptionRow, subscriptions, type TopicRow, topics as topicTable } from './store.ts';

export interface Topic extends TopicName {
  readonly arn: string;
  readonly row: TopicRow;
}

/** A subscription that has been confirmed. */
export interface Subscriber {
  readonly arn: string;
  readonly row: SubscriptionRow;
  readonly raw: boolean;
  readonly wants: MessageFilter;
  /** Of HTTP endpoints. */
  readonly policy: DeliveryPolicy;
}

export interface TopicReads {
  /** Inside a transaction: whatever changes the topic or its subscriptions conflicts with it. */
  find(tx: ReadTransaction, name: TopicName): Promise<Topic | undefined>;
  look(name: TopicName): Promise<Topic | undefined>;
  /** A topic with all its subscribers; undefined when there are more than are served at once. */
  lookAll(name: TopicName): Promise<{ readonly topic: Topic; readonly subscribers: readonly Subscriber[] | undefined } | undefined>;
  /** The next subscribers behind `after`, and where to go on. */
  page(name: TopicName, after: string, limit: number): Promise<{ readonly topic: Topic; readonly subscribers: readonly Subscriber[]; readonly next: string | undefined } | undefined>;
  lookOne(name: TopicName, id: string): Promise<{ readonly topic: Topic; readonly subscriber: Subscriber | undefined; readonly row: SubscriptionRow | undefined } | undefined>;
}

export function createTopicReads(store: Store): TopicReads {
  const known = new BoundedMap<string, { readonly revision: string; readonly subscribers: readonly Subscriber[] }>(knownTopicsMax);

  async function find(tx: ReadTransaction, name: TopicName): Promise<Topic | undefined> {
    const row = await topicTable.get(tx, name, [name.name]);
    return row && { account: name.account, region: name.region, name: name.name, arn: topicArn(name), row };
  }

  return {
    find,
    look: (name) => store.read((tx) => find(tx, name)),
    lookAll: (name) =>
      store.read(async (tx) => {
        const topic = await find(tx, name);
        if (!topic) return undefined;
        const { id, revision, confirmed, pending } = topic.row;
        const last = known.get(id);
        if (last?.revision === revision) return { topic, subscribers: last.subscribers };
        if (confirmed > fanOutMax || pending > fanOutMax * 10) return { topic, subscribers: undefined };
        const rows = confirmed === 0 ? [] : await subscriptions.list(tx, name, [name.name], { limit: confirmed + pending + 1 });
        const subscribers = openAll(topic, rows.map(({ row }) => row));
        known.set(id, { revision, subscribers });
        return { topic, subscribers };
      }),
    page: (name, after, limit) =>
      store.read(async (tx) => {
        const topic = await find(tx, name);
        if (!topic) return undefined;
        const rows = await subscriptions.list(tx, name, [name.name], { limit, ...(after === '' ? {} : { after: [name.name, after] }) });
        return { topic, subscribers: openAll(topic, rows.map(({ row }) => row)), next: rows.length === limit ? rows.at(-1)?.row.id : undefined };
      }),
    lookOne: (name, id) =>
      store.read(async (tx) => {
        const topic = await find(tx, name);
        if (!topic) return undefined;
        const row = await subscriptions.get(tx, name, [name.name, id]);
        return { topic, row, subscriber: row && row.token === undefined ? openSubscriber(topic, row) : undefined };
      }),
  };
}

/** A confirmed subscription of a row. */
export const openRow = (topic: Topic, row: SubscriptionRow): Subscriber => openSubscriber(topic, row);

const openAll = (topic: Topic, rows: readonly SubscriptionRow[]): Subscriber[] => rows.filter(({ token }) => token === undefined).map((row) => openSubscriber(topic, row));

function openSubscriber(topic: Topic, row: SubscriptionRow): Subscriber {
  const { FilterPolicy: filter, FilterPolicyScope: scope = 'MessageAttributes', RawMessageDelivery: raw, DeliveryPolicy: delivery } = row.attributes;
  return {
    arn: subscriptionArn(topic, row.id),
    row,
    raw: raw === 'true',
    wants: filter === undefined ? () => true : compileFilter(filter, scope as FilterScope),
    policy: effectivePolicy(topic.row.attributes['DeliveryPolicy'], delivery),
  };
}

/** Writes a topic back; whatever was planned by its older state is planned again. */
export function setTopic(tx: Transaction, name: TopicName, row: Omit<TopicRow, 'revision'>, revision: string): void {
  topicTable.set(tx, name, [name.name], { ...row, revision });
}
