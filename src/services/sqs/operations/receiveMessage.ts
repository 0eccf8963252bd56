import { formatAttributes, md5OfAttributes, selectAttributes } from '../domain/messageAttributes.ts';
import { formatSequenceNumber } from '../domain/sequence.ts';
import { invalidValue, unknownAttribute } from '../errors.ts';
import { groupIdLengthMax, receivedMessagesMax, visibilitySecondsMax, waitSecondsMax } from '../limits.ts';
import { onQueue, operation, queueAccess } from '../operation.ts';
import type { Received } from '../receiving/receiver.ts';

export const receiveMessage = operation('ReceiveMessage', {
  access: (input, call, deps) => queueAccess('ReceiveMessage', input, call, deps),
  handle: (input, call, { receiver }) =>
    onQueue(input, call, async (name) => {
      const max = within(input.MaxNumberOfMessages, 'MaxNumberOfMessages', 1, receivedMessagesMax, 'Must be between 1 and 10, if provided.') ?? 1;
      const visibility = within(input.VisibilityTimeout, 'VisibilityTimeout', 0, visibilitySecondsMax, `Must be between 0 and ${visibilitySecondsMax}, if provided.`);
      const wait = within(input.WaitTimeSeconds, 'WaitTimeSeconds', 0, waitSecondsMax, `Must be >= 0 and <= ${waitSecondsMax}, if provided.`);
      const attemptId = readAttemptId(input.ReceiveRequestAttemptId);
      const systemNames = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
      for (const systemName of systemNames) if (!systemAttributes.has(systemName)) throw unknownAttribute(systemName);
      const received = await receiver.receive(name, {
        max,
        visibilityMs: visibility === undefined ? undefined : visibility * 1_000,
        waitMs: wait === undefined ? undefined : wait * 1_000,
        signal: call.signal,
        attemptId,
      });
      if (received.length === 0) return {};
      return { Messages: received.map((message) => describe(message, systemNames, input.MessageAttributeNames)) };
    }),
});

function within(value: number | undefined, name: string, least: number, greatest: number, reason: string): number | undefined {
  if (value !== undefined && (value < least || value > greatest)) throw invalidValue(value, name, reason);
  return value;
}

function readAttemptId(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (text.length > groupIdLengthMax || !/^[\x21-\x7e]+$/.test(text)) {
    throw invalidValue(text.slice(0, 256), 'ReceiveRequestAttemptId', 'ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to 128 in length.');
  }
  return text;
}

type SystemAttribute = (message: Received) => string | undefined;

const systemAttributes: ReadonlyMap<string, SystemAttribute | undefined> = new Map<string, SystemAttribute | undefined>([
  ['All', undefined],
  ['SenderId', ({ row }) => row.sender],
  ['ApproximateFirstReceiveTimestamp', ({ row }) => String(row.firstMs)],
  ['ApproximateReceiveCount', ({ row }) => String(row.receives)],
  ['SentTimestamp', ({ row }) => String(row.sentMs)],
  ['SequenceNumber', ({ sequence }) => (sequence === undefined ? undefined : formatSequenceNumber(sequence))],
  ['MessageDeduplicationId', ({ row }) => ('dedupId' in row ? row.dedupId : undefined)],
  ['MessageGroupId', ({ group }) => group],
  ['AWSTraceHeader', ({ row }) => row.trace],
  ['DeadLetterQueueSourceArn', ({ row }) => row.deadOf],
]);

/** The system attributes of a message among `names`, as everybody is told them who receives it. */
export function systemAttributesOf(message: Received, names: readonly string[]): Record<string, string> | undefined {
  if (names.length === 0) return undefined;
  const all = names.includes('All');
  const told: Record<string, string> = {};
  for (const [name, read] of systemAttributes) {
    const value = all || names.includes(name) ? read?.(message) : undefined;
    if (value !== undefined) told[name] = value;
  }
  return Object.keys(told).length === 0 ? undefined : told;
}

function describe(message: Received, systemNames: readonly string[], attributeNames: readonly string[] | undefined) {
  const { messageId, receiptHandle, content, row } = message;
  const selected = selectAttributes(content.attributes, attributeNames);
  const system = systemAttributesOf(message, systemNames);
  const md5 = md5OfAttributes(selected);
  return {
    MessageId: messageId,
    ReceiptHandle: receiptHandle,
    MD5OfBody: row.md5,
    Body: content.body,
    ...(system === undefined ? {} : { Attributes: system }),
    ...(selected === undefined ? {} : { MessageAttributes: formatAttributes(selected) }),
    ...(md5 === undefined ? {} : { MD5OfMessageAttributes: md5 }),
  };
}
