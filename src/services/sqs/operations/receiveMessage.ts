import { formatAttributes, md5OfAttributes, selectAttributes } from '../domain/messageAttributes.ts';
import { invalidValue, unknownAttribute } from '../errors.ts';
import { groupIdLengthMax, receivedMessagesMax, visibilitySecondsMax, waitSecondsMax } from '../limits.ts';
import { systemAttributeNames, systemAttributesOf } from '../messages/systemAttributes.ts';
import { onQueue, operation, queueAccess, sealingCaller } from '../operation.ts';
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
      for (const systemName of systemNames) if (!systemAttributeNames.has(systemName)) throw unknownAttribute(systemName);
      const received = await receiver.receive(name, {
        max,
        visibilityMs: visibility === undefined ? undefined : visibility * 1_000,
        waitMs: wait === undefined ? undefined : wait * 1_000,
        // Asked for only by those that wait: it is not free to make.
        get signal() {
          return call.signal;
        },
        attemptId,
        caller: sealingCaller(call),
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
