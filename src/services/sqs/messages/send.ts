// What may be sent, and how it gets into a queue.

import { createHash } from 'node:crypto';
import { uuid } from '../../../base/ids.ts';
import type { Transaction } from '../../../kv/store.ts';
import { attributeBytes, md5OfAttributes, type MessageAttributes, readAttributes, type SentAttribute } from '../domain/messageAttributes.ts';
import { formatSequenceNumber } from '../domain/sequence.ts';
import { invalidMessageContents, invalidParameter, invalidValue, missingParameter } from '../errors.ts';
import { deduplicationMs, delaySecondsMax, groupIdLengthMax } from '../limits.ts';
import type { Queue } from '../queues.ts';
import { type Content, dedups, everywhere, marks, type MessageRow, type SealedContent } from '../store.ts';
import { writeContent } from './content.ts';
import { addFifo, groupLock } from './fifo.ts';
import type { MessageDeps } from './messageDeps.ts';
import type { SealingCaller } from './sealing.ts';
import { addStandard } from './standard.ts';

/** What a client says of a message, alone or in a batch. */
export interface SentMessage {
  readonly MessageBody?: string | undefined;
  readonly DelaySeconds?: number | undefined;
  readonly MessageAttributes?: Readonly<Record<string, SentAttribute>> | undefined;
  readonly MessageSystemAttributes?: Readonly<Record<string, SentAttribute>> | undefined;
  readonly MessageDeduplicationId?: string | undefined;
  readonly MessageGroupId?: string | undefined;
}

/** A message that may be sent. */
export interface Draft {
  readonly body: string;
  readonly md5: string;
  readonly bytes: number;
  readonly delayMs: number | undefined;
  readonly attributes: MessageAttributes | undefined;
  readonly trace: string | undefined;
  readonly systemMd5: string | undefined;
  readonly groupId: string | undefined;
  /** Given, or made from the body; undefined for standard queues. */
  readonly dedupId: string | undefined;
  /** The content as it is stored, where its queue has a key. */
  readonly sealed?: SealedContent;
}

export interface SentResult {
  readonly MessageId: string;
  readonly MD5OfMessageBody: string;
  readonly MD5OfMessageAttributes?: string;
  readonly MD5OfMessageSystemAttributes?: string;
  readonly SequenceNumber?: string;
}

// All the characters of XML 1.0 (API reference, SendMessage).
const forbiddenCharacters = /[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const identifier = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]+$/;

/** Checks one message for `queue`. Limits of size are the caller's. */
export function readMessage(sent: SentMessage, queue: Queue, requestTrace?: string): Draft {
  const body = sent.MessageBody ?? '';
  if (body === '') throw missingParameter('MessageBody');
  if (forbiddenCharacters.test(body)) throw invalidMessageContents();
  const delayMs = readDelay(sent.DelaySeconds, queue);
  const attributes = readAttributes(sent.MessageAttributes, 'user');
  for (const { value } of Object.values(attributes ?? {})) if (typeof value === 'string' && forbiddenCharacters.test(value)) throw invalidMessageContents();
  const system = readAttributes(sent.MessageSystemAttributes, 'system');
  const trace = system?.['AWSTraceHeader']?.value;
  const groupId = readIdentifier(sent.MessageGroupId, 'MessageGroupId');
  const givenDedupId = readIdentifier(sent.MessageDeduplicationId, 'MessageDeduplicationId');
  if (!queue.fifo && givenDedupId !== undefined) {
    throw invalidValue(givenDedupId, 'MessageDeduplicationId', 'The request include parameter that is not valid for this queue type.');
  }
  if (queue.fifo && groupId === undefined) throw missingParameter('MessageGroupId');
  if (queue.fifo && givenDedupId === undefined && !queue.contentBasedDeduplication) throw deduplicationIdMissing();
  return {
    body,
    md5: createHash('md5').update(body).digest('hex'),
    bytes: Buffer.byteLength(body) + attributeBytes(attributes),
    delayMs,
    attributes,
    trace: typeof trace === 'string' ? trace : requestTrace,
    systemMd5: md5OfAttributes(system),
    groupId,
    dedupId: queue.fifo ? (givenDedupId ?? createHash('sha256').update(body).digest('hex')) : undefined,
  };
}

/** Alone, a message may be as long as its queue says. */
export function requireSize({ bytes }: Draft, { messageBytesMax }: Queue): void {
  if (bytes > messageBytesMax) throw invalidParameter(`One or more parameters are invalid. Reason: Message must be shorter than ${messageBytesMax} bytes.`);
}

export function deduplicationIdMissing(): Error {
  return invalidParameter('The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly');
}

function readDelay(seconds: number | undefined, queue: Queue): number | undefined {
  if (seconds === undefined) return undefined;
  if (seconds < 0 || seconds > delaySecondsMax) throw invalidValue(seconds, 'DelaySeconds', `DelaySeconds must be >= 0 and <= ${delaySecondsMax}.`);
  if (!queue.fifo) return seconds * 1_000;
  // Zero is what clients write that always write something.
  if (seconds > 0) throw invalidValue(seconds, 'DelaySeconds', 'The request include parameter that is not valid for this queue type.');
  return undefined;
}

function readIdentifier(text: string | undefined, name: string): string | undefined {
  if (text === undefined) return undefined;
  if (text.length > groupIdLengthMax || !identifier.test(text)) {
    throw invalidValue(text.slice(0, 256), name, `${name} can only include alphanumeric and punctuation characters. 1 to ${groupIdLengthMax} in length.`);
  }
  return text;
}

/** The draft as it may be stored in `queue`; KMS may have to be asked, so this is done before the transaction. */
export async function sealDraft(draft: Draft, queue: Queue, { sealing }: MessageDeps, caller?: SealingCaller): Promise<Draft> {
  const content = await sealing.seal(queue, contentOf(draft), caller);
  return 'sealed' in content ? { ...draft, sealed: content } : draft;
}

function contentOf({ body, attributes }: Draft): Content {
  return attributes === undefined ? { body } : { body, attributes };
}

/** The locks to hold while these are sent: one for each group. */
export function locksOf(queue: Queue, drafts: readonly Draft[]): string[] {
  return queue.fifo ? drafts.map(({ groupId = '' }) => groupLock(queue.storeId, groupId)) : [];
}

export interface Sender {
  readonly id: string;
  readonly nowMs: number;
}

/** Puts a message into `queue`, as part of `tx`. A duplicate within five minutes is answered like the first, and put nowhere. */
export async function putMessage(tx: Transaction, queue: Queue, draft: Draft, { id: sender, nowMs }: Sender, deps: MessageDeps): Promise<SentResult> {
  const { storeId } = queue;
  const dedupKey = [queue.row.id, 'dedup', queue.deduplicatesPerGroup ? (draft.groupId ?? '') : '', draft.dedupId ?? ''];
  const earlier = queue.fifo ? await dedups.get(tx, everywhere, dedupKey) : undefined;
  if (earlier && earlier.untilMs > nowMs) return resultOf(draft, earlier.messageId, earlier.sequence);
  const messageId = uuid(deps.random);
  const id = Buffer.from(messageId.replaceAll('-', ''), 'hex');
  const row: MessageRow = {
    content: writeContent(tx, { storeId, id }, draft.sealed ?? contentOf(draft), draft.bytes),
    // The digest of a short secret gives it away.
    md5: draft.sealed ? '' : draft.md5,
    sentMs: nowMs,
    sender,
    receives: 0,
    ...(draft.trace === undefined ? {} : { trace: draft.trace }),
  };
  const visibleAtMs = nowMs + (draft.delayMs ?? queue.delayMs);
  if (!queue.fifo) {
    addStandard(tx, storeId, { visibleAtMs, order: deps.sequence.next(), id }, draft.groupId === undefined ? row : { ...row, group: draft.groupId });
    return resultOf(draft, messageId);
  }
  const addition = { storeId, groupId: draft.groupId ?? '', row: { ...row, id, dedupId: draft.dedupId ?? '', visibleMs: visibleAtMs }, nowMs };
  const sequence = await addFifo(tx, addition, deps.sequence);
  const untilMs = nowMs + deduplicationMs;
  dedups.set(tx, everywhere, dedupKey, { untilMs, messageId, sequence });
  if (earlier) marks.clear(tx, everywhere, [queue.row.id, 'forget', earlier.untilMs, ...dedupKey.slice(1)]);
  marks.set(tx, everywhere, [queue.row.id, 'forget', untilMs, ...dedupKey.slice(1)], {});
  return resultOf(draft, messageId, sequence);
}

function resultOf(draft: Draft, messageId: string, sequence?: number): SentResult {
  const md5 = md5OfAttributes(draft.attributes);
  return {
    MessageId: messageId,
    MD5OfMessageBody: draft.md5,
    ...(md5 === undefined ? {} : { MD5OfMessageAttributes: md5 }),
    ...(draft.systemMd5 === undefined ? {} : { MD5OfMessageSystemAttributes: draft.systemMd5 }),
    ...(sequence === undefined ? {} : { SequenceNumber: formatSequenceNumber(sequence) }),
  };
}
