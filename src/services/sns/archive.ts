// The archive of a FIFO topic, and its replay to a subscription: page by page, each page one transaction that tells the next.
// https://docs.aws.amazon.com/sns/latest/dg/fifo-message-archiving-replay.html

import { encodeRecord } from '../../kv/record.ts';
import type { Transaction } from '../../kv/store.ts';
import type { KeyPart } from '../../kv/tuple.ts';
import type { SnsDeps } from './deps.ts';
import type { TopicName } from './domain/arns.ts';
import type { Message } from './domain/notification.ts';
import { archiveChunkBytes, archiveSweepMs, fanOutBytesMax, managedRetry, replayPageRows } from './limits.ts';
import { envelopeOf, emitTo } from './publishing/fanOut.ts';
import type { DataKey } from './sealing.ts';
import { archive, everywhere, subscriptions, type TopicRow } from './store.ts';
import { openRow, type Topic } from './topics.ts';
import type { Delivery, DeliveryResult } from '../../ports/outbox.ts';

const dayMs = 86_400_000;

/** How many days a policy keeps messages for. */
export const retentionDays = (policy: string): number => Number((JSON.parse(policy) as { readonly MessageRetentionPeriod: string | number }).MessageRetentionPeriod);

/** The oldest time that can be replayed; undefined without an archive. */
export function beginningOf({ attributes, archiveSinceMs }: Pick<TopicRow, 'attributes' | 'archiveSinceMs'>, nowMs: number): number | undefined {
  const policy = attributes['ArchivePolicy'];
  if (policy === undefined || archiveSinceMs === undefined) return undefined;
  return Math.max(archiveSinceMs, nowMs - retentionDays(policy) * dayMs);
}

export function addToArchive(tx: Transaction, { row }: Topic, message: Message, key: DataKey | undefined, { sealing }: Pick<SnsDeps, 'sealing'>): void {
  const bytes = sealing.seal(message, key);
  for (let part = 0, at = 0; at < bytes.length; part += 1, at += archiveChunkBytes) {
    archive.set(tx, everywhere, [row.id, message.timestampMs, message.sequence ?? 0, message.messageId, part], { bytes: bytes.subarray(at, at + archiveChunkBytes) });
  }
}

export const archiveTimerId = ({ account, region, name }: TopicName): string => `archive/${account}/${region}/${name}`;

/** Plans the next look at what has grown too old. */
export async function planArchiveSweep(tx: Transaction, topic: TopicName, { timers, clock }: Pick<SnsDeps, 'timers' | 'clock'>): Promise<void> {
  const { account, region, name } = topic;
  await timers.set(tx, { service: 'sns', id: archiveTimerId(topic), dueMs: clock.now() + archiveSweepMs, detail: { kind: 'archive', topic: { account, region, name } } });
}

/** Takes away what is older than the policy keeps it. */
export async function sweepArchive(tx: Transaction, name: TopicName, deps: Pick<SnsDeps, 'timers' | 'clock' | 'topics'>): Promise<void> {
  const topic = await deps.topics.find(tx, name);
  const from = topic && beginningOf(topic.row, Math.floor(deps.clock.now()));
  if (!topic || from === undefined) return;
  const { from: first } = rangeOf(topic.row.id);
  tx.clearRange({ from: first, to: archive.key(everywhere, [topic.row.id, from]) });
  await planArchiveSweep(tx, name, deps);
}

const rangeOf = (topicId: string) => ({ from: archive.key(everywhere, [topicId]) });

interface ReplayStep {
  readonly replayId: string;
  /** The key parts of the last message that has been replayed. */
  readonly after?: readonly KeyPart[];
}

/** Tells the next page of a replay, as part of `tx`. */
export function emitReplayStep(tx: Transaction, topic: Topic, subscriptionId: string, step: ReplayStep, { emitter }: Pick<SnsDeps, 'emitter'>): void {
  emitter.emit(tx, {
    ...envelopeOf(topic),
    target: `${topic.arn}:${subscriptionId}:replay`,
    payload: encodeRecord(step),
    orderingKey: 'replay',
    maximumAgeMs: managedRetry.ageMs,
    maximumAttempts: managedRetry.attemptsMax,
  });
}

/** Replays one page. */
export async function replayPage(name: TopicName, subscriptionId: string, step: ReplayStep, delivery: Delivery, deps: SnsDeps): Promise<DeliveryResult> {
  const looked = await deps.topics.lookOne(name, subscriptionId);
  const replay = looked?.row?.replay;
  if (!looked?.subscriber || replay?.id !== step.replayId || replay.status === 'Completed') return { kind: 'delivered' };
  const { topic, subscriber } = looked;
  const page = await readPage(topic, step, replay, deps);
  const opened: Message[] = [];
  for (const bytes of page.messages) opened.push({ ...(await deps.sealing.open(bytes)), replayed: true });
  const key = await deps.sealing.keyFor(topic);
  const wanted = opened.filter(({ content }) => subscriber.wants(content));
  await deps.store.transact(async (tx) => {
    const row = await subscriptions.get(tx, name, [name.name, subscriptionId]);
    if (!row || row.replay?.id !== step.replayId || !(await delivery.acknowledge(tx))) return;
    for (const message of wanted) emitTo(tx, topic, openRow(topic, row), deps.sealing.seal(message, key), message.groupId, deps);
    if (page.after) emitReplayStep(tx, topic, subscriptionId, { replayId: step.replayId, after: page.after }, deps);
    subscriptions.set(tx, name, [name.name, subscriptionId], { ...row, replay: { ...row.replay, status: page.after ? 'In progress' : 'Completed' } });
  });
  return { kind: 'delivered' };
}

async function readPage({ row }: Topic, { after }: ReplayStep, { startMs, endMs }: { readonly startMs: number; readonly endMs: number }, { store }: Pick<SnsDeps, 'store'>) {
  const messages: Buffer[] = [];
  let last: readonly KeyPart[] | undefined;
  const options = { before: [row.id, endMs], limit: replayPageRows * 6, ...(after === undefined ? { from: [row.id, startMs] } : { after }) };
  const rows = await store.read((tx) => archive.list(tx, everywhere, [row.id], options));
  let bytes = 0;
  let more = rows.length === options.limit;
  const parts: { readonly parts: readonly KeyPart[]; readonly chunks: Uint8Array[] }[] = [];
  for (const { parts: key, row: chunk } of rows) {
    if (key.at(-1) === 0) parts.push({ parts: key, chunks: [] });
    parts.at(-1)?.chunks.push(chunk.bytes);
  }
  // The last may have been cut off by the limit; it is read again then.
  const whole = more ? parts.slice(0, -1) : parts;
  for (const { parts: key, chunks } of whole) {
    if (messages.length === replayPageRows || bytes > fanOutBytesMax) {
      more = true;
      break;
    }
    const message = Buffer.concat(chunks);
    bytes += message.length;
    messages.push(message);
    last = [...key.slice(0, -1), Number.MAX_SAFE_INTEGER];
  }
  return { messages, after: more ? last : undefined };
}
