// What may be published, to topics and telephone numbers.

import { createHash } from 'node:crypto';
import { invalidParameter } from '../errors.ts';
import { identifierLengthMax, messageBytesMax, subjectLengthMax } from '../limits.ts';
import type { TopicRow } from '../store.ts';
import { type MessageAttributes, readAttributes, type SentAttribute } from './messageAttributes.ts';

/** What a client says of a message, alone or in a batch. */
export interface SentMessage {
  readonly Message?: string | undefined;
  readonly Subject?: string | undefined;
  readonly MessageStructure?: string | undefined;
  readonly MessageAttributes?: Readonly<Record<string, SentAttribute>> | undefined;
  readonly MessageDeduplicationId?: string | undefined;
  readonly MessageGroupId?: string | undefined;
}

/** The part of a message that nobody may read who has no key. */
export interface MessageContent {
  readonly message: string;
  readonly subject?: string;
  /** Other texts for some protocols, of a message with the structure `json`. */
  readonly byProtocol?: Readonly<Record<string, string>>;
  readonly attributes: MessageAttributes;
}

export interface Draft {
  readonly content: MessageContent;
  readonly groupId?: string;
  readonly dedupId?: string;
  readonly bytes: number;
}

const identifier = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]+$/;

/** Checks a message for a topic; its length is the caller's to check. */
export function readDraft(sent: SentMessage, { fifo, attributes }: Pick<TopicRow, 'fifo' | 'attributes'>): Draft {
  const content = readContent(sent);
  const { MessageGroupId: groupId, MessageDeduplicationId: given } = sent;
  if (groupId !== undefined) requireIdentifier(groupId, 'MessageGroupId');
  if (fifo && groupId === undefined) throw invalidParameter('The MessageGroupId parameter is required for FIFO topics');
  if (!fifo && given !== undefined) {
    throw invalidParameter('MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type');
  }
  if (given !== undefined) requireIdentifier(given, 'MessageDeduplicationId');
  if (fifo && given === undefined && attributes['ContentBasedDeduplication'] !== 'true') {
    throw invalidParameter('The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly');
  }
  const dedupId = fifo ? (given ?? createHash('sha256').update(sent.Message ?? '').digest('hex')) : undefined;
  return { content, bytes: draftBytes(sent), ...(groupId === undefined ? {} : { groupId }), ...(dedupId === undefined ? {} : { dedupId }) };
}

/** As it counts against the limit: the message as it was sent, and its attributes. */
export function draftBytes(sent: SentMessage): number {
  let bytes = Buffer.byteLength(sent.Message ?? '');
  for (const [name, { DataType = '', StringValue = '', BinaryValue }] of Object.entries(sent.MessageAttributes ?? {})) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(DataType) + Buffer.byteLength(StringValue) + (BinaryValue?.length ?? 0);
  }
  return bytes;
}

export function requireSize({ bytes }: Pick<Draft, 'bytes'>): void {
  if (bytes > messageBytesMax) throw invalidParameter('Message too long');
}

export function readContent(sent: SentMessage): MessageContent {
  const { Message: text = '', Subject: subject } = sent;
  if (text === '') throw invalidParameter('Empty message');
  if (subject !== undefined) requireSubject(subject);
  const attributes = readAttributes(sent.MessageAttributes);
  const base = { attributes, ...(subject === undefined ? {} : { subject }) };
  if (sent.MessageStructure === undefined) return { message: text, ...base };
  if (sent.MessageStructure !== 'json') throw invalidParameter('MessageStructure');
  return { ...base, ...readStructure(text) };
}

// "Must be ASCII text that begins with a letter, number, or punctuation mark; must not include line breaks or control characters; and must
// be less than 100 characters long" (API reference, Publish). The service itself takes any printable character, and a hundred of them.
function requireSubject(subject: string): void {
  if (subject === '' || subject.length > subjectLengthMax || /^\s|[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(subject)) throw invalidParameter('Subject');
}

function readStructure(text: string): Pick<MessageContent, 'message' | 'byProtocol'> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalidParameter('Message Structure - JSON message body failed to parse');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw invalidParameter('Message Structure - JSON message body failed to parse');
  // "Non-string values will cause the key to be ignored" (API reference, Publish).
  const texts = Object.entries(parsed).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const message = texts.find(([name]) => name === 'default')?.[1];
  if (message === undefined) throw invalidParameter('Message Structure - No default entry in JSON message body');
  return { message, byProtocol: Object.fromEntries(texts.filter(([name]) => name !== 'default')) };
}

function requireIdentifier(text: string, name: string): void {
  if (text.length > identifierLengthMax || !identifier.test(text)) {
    throw invalidParameter(`${name} Reason: The request includes ${name} parameter that is not valid: it takes 1 to ${identifierLengthMax} alphanumeric and punctuation characters`);
  }
}
