// Publishing to a topic: one transaction for the messages, what remembers them (duplicates, the archive) and their deliveries.

import { createHash } from 'node:crypto';
import { uuid } from '../../../base/ids.ts';
import type { Transaction } from '../../../kv/store.ts';
import { addToArchive } from '../archive.ts';
import type { SnsDeps } from '../deps.ts';
import type { TopicName } from '../domain/arns.ts';
import type { Draft } from '../domain/draft.ts';
import type { Message } from '../domain/notification.ts';
import { topicNotFound } from '../errors.ts';
import { deduplicationMs } from '../limits.ts';
import type { DataKey, SealingCaller } from '../sealing.ts';
import { dedups, everywhere, sequences, type TopicRow } from '../store.ts';
import type { Topic } from '../topics.ts';
import { type Plan, planMessage } from './fanOut.ts';

export interface Publication {
  readonly topic: TopicName;
  /** The messages, as the topic's settings have it; may be asked again when they change meanwhile. */
  drafts(row: TopicRow): readonly Draft[];
  readonly caller?: SealingCaller;
  readonly trace?: string | undefined;
  /** Of an event that is delivered to the topic: false when that has been done already. */
  acknowledge?(tx: Transaction): Promise<boolean>;
}

export interface Published {
  readonly messageId: string;
  readonly sequence?: number;
}

interface Planned {
  readonly message: Message;
  readonly plan: Plan;
}

/** Publishes, in the order of the drafts. */
export async function publish({ topic: name, drafts, caller, trace, acknowledge }: Publication, deps: SnsDeps): Promise<readonly Published[]> {
  for (;;) {
    const looked = await deps.topics.lookAll(name);
    if (!looked) throw topicNotFound();
    const { topic, subscribers } = looked;
    const key = await deps.sealing.keyFor(topic, caller);
    const planned = await Promise.all(
      drafts(topic.row).map(async (draft): Promise<Planned> => {
        const message = { ...messageOf(draft, topic, deps), ...(trace === undefined ? {} : { trace }) };
        return { message, plan: await planMessage(message, topic, subscribers, key, deps) };
      }),
    );
    const locks = [...new Set(planned.flatMap(({ plan, message }) => [...plan.locks, ...(topic.row.fifo ? [`sns ${topic.row.id} ${message.groupId}`] : [])]))];
    const outcome = await deps.store.transact(
      async (tx) => {
        const current = await deps.topics.find(tx, name);
        if (!current) throw topicNotFound();
        if (current.row.revision !== topic.row.revision) return undefined;
        if (acknowledge && !(await acknowledge(tx))) return [];
        const results: Published[] = [];
        for (const one of planned) results.push(topic.row.fifo ? await commitFifo(tx, topic, one, key, deps) : await commitStandard(tx, one));
        return results;
      },
      { locks },
    );
    if (!outcome) continue;
    if (outcome.length > 0) for (const { message } of planned) deps.metrics.published(topic, Buffer.byteLength(message.content.message));
    return outcome;
  }
}

function messageOf({ content, groupId, dedupId }: Draft, { account, region, name, row }: Topic, { random, clock }: Pick<SnsDeps, 'random' | 'clock'>): Message {
  return {
    type: 'Notification',
    topic: { account, region, name },
    messageId: uuid(random),
    timestampMs: Math.floor(clock.now()),
    content,
    signatures: {},
    signatureVersion: row.attributes['SignatureVersion'] === '2' ? '2' : '1',
    ...(groupId === undefined ? {} : { groupId }),
    ...(dedupId === undefined ? {} : { dedupId }),
  };
}

async function commitStandard(tx: Transaction, { message, plan }: Planned): Promise<Published> {
  await plan.commit(tx);
  return { messageId: message.messageId };
}

async function commitFifo(tx: Transaction, topic: Topic, { message, plan }: Planned, key: DataKey | undefined, deps: SnsDeps): Promise<Published> {
  const { groupId = '', dedupId = '', timestampMs } = message;
  const place = [topic.row.id, topic.row.attributes['FifoThroughputScope'] === 'MessageGroup' ? groupId : '', dedupId];
  const earlier = await dedups.get(tx, everywhere, place);
  if (earlier && earlier.untilMs > timestampMs) return { messageId: earlier.messageId, sequence: earlier.sequence };
  const counter = await sequences.get(tx, everywhere, [topic.row.id, groupId]);
  const sequence = (counter?.last ?? 0) + 1_000;
  sequences.set(tx, everywhere, [topic.row.id, groupId], { last: sequence });
  const untilMs = timestampMs + deduplicationMs;
  dedups.set(tx, everywhere, place, { untilMs, messageId: message.messageId, sequence });
  const id = createHash('sha256').update(JSON.stringify(place)).digest('hex');
  await deps.timers.set(tx, { service: 'sns', id: `dedup/${id}`, dueMs: untilMs, detail: { kind: 'dedup', place } });
  if (topic.row.attributes['ArchivePolicy'] !== undefined) addToArchive(tx, topic, { ...message, sequence }, key, deps);
  await plan.commit(tx, sequence);
  return { messageId: message.messageId, sequence };
}
