// Sending, receiving and deleting through the JavaScript SDK, which verifies the MD5s of bodies itself.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { uniqueName } from '../../support/functions.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();

const sqs = () => scene().aws.sqs;

async function createQueue(attributes: Record<string, string> = {}): Promise<string> {
  const QueueName = uniqueName('q') + (attributes['FifoQueue'] === 'true' ? '.fifo' : '');
  return (await sqs().send(new CreateQueueCommand({ QueueName, Attributes: attributes }))).QueueUrl ?? '';
}

suite('messages', () => {
  test('go in and out with attributes, and are gone once deleted', async () => {
    const QueueUrl = await createQueue();
    const MessageAttributes = {
      city: { DataType: 'String', StringValue: '서울' },
      count: { DataType: 'Number.int', StringValue: '3' },
      photo: { DataType: 'Binary', BinaryValue: Buffer.from([0, 1, 255]) },
    };
    const sent = await sqs().send(new SendMessageCommand({ QueueUrl, MessageBody: '하늘 <&> "', MessageAttributes, MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: 'Root=1-5759e988-bd862e3fe1be46a994272793' } } }));
    assert.match(sent.MessageId ?? '', /^[0-9a-f-]{36}$/);
    const { Messages: [message] = [] } = await sqs().send(new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'] }));
    assert.equal(message?.Body, '하늘 <&> "');
    assert.equal(message.MD5OfMessageAttributes, sent.MD5OfMessageAttributes);
    assert.deepEqual(message.MessageAttributes?.['city'], MessageAttributes.city);
    assert.deepEqual(Buffer.from(message.MessageAttributes?.['photo']?.BinaryValue ?? []), MessageAttributes.photo.BinaryValue);
    assert.equal(message.Attributes?.SenderId, '000000000000');
    assert.equal(message.Attributes?.AWSTraceHeader, 'Root=1-5759e988-bd862e3fe1be46a994272793');
    await sqs().send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    assert.equal((await sqs().send(new ReceiveMessageCommand({ QueueUrl }))).Messages, undefined);
  });
  test('are waited for', async () => {
    const QueueUrl = await createQueue({ ReceiveMessageWaitTimeSeconds: '20' });
    const waiting = sqs().send(new ReceiveMessageCommand({ QueueUrl }));
    await sqs().send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    assert.equal((await waiting).Messages?.[0]?.Body, 'x');
  });
  test('of a FIFO queue carry sequence numbers, in order', async () => {
    const QueueUrl = await createQueue({ FifoQueue: 'true', ContentBasedDeduplication: 'true' });
    const sent = await sqs().send(new SendMessageBatchCommand({ QueueUrl, Entries: ['a', 'b', 'c'].map((body) => ({ Id: body, MessageBody: body, MessageGroupId: 'g' })) }));
    const numbers = sent.Successful?.map(({ SequenceNumber }) => SequenceNumber ?? '') ?? [];
    assert.deepEqual(numbers, [...numbers].sort());
    assert.match(numbers[0] ?? '', /^\d{20}$/);
    const { Messages = [] } = await sqs().send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, AttributeNames: ['All'] }));
    assert.deepEqual(Messages.map(({ Body, Attributes }) => [Body, Attributes?.SequenceNumber]), ['a', 'b', 'c'].map((body, at) => [body, numbers[at]]));
    assert.equal(Messages[0]?.Attributes?.MessageGroupId, 'g');
    const Entries = Messages.map(({ ReceiptHandle }, at) => ({ Id: `${at}`, ReceiptHandle }));
    assert.equal((await sqs().send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries: Entries.map((entry) => ({ ...entry, VisibilityTimeout: 60 })) }))).Successful?.length, 3);
    assert.equal((await sqs().send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))).Successful?.length, 3);
  });
  test('are hidden for another time', async () => {
    const QueueUrl = await createQueue();
    await sqs().send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    const { Messages: [message] = [] } = await sqs().send(new ReceiveMessageCommand({ QueueUrl }));
    await sqs().send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout: 0 }));
    assert.equal((await sqs().send(new ReceiveMessageCommand({ QueueUrl }))).Messages?.length, 1);
    await sqs().send(new PurgeQueueCommand({ QueueUrl }));
    await expectRefusal(sqs().send(new PurgeQueueCommand({ QueueUrl })), { name: /PurgeQueueInProgress/, status: 403 });
  });
});

suite('refusals', () => {
  test('name the error, its code in the query protocol and its status', async () => {
    const QueueUrl = await createQueue();
    const absent = `${QueueUrl}-absent`;
    await expectRefusal(sqs().send(new SendMessageCommand({ QueueUrl: absent, MessageBody: 'x' })), { name: /QueueDoesNotExist|NonExistentQueue/, status: 400, message: 'The specified queue does not exist.' });
    await expectRefusal(sqs().send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'x' })), { name: 'ReceiptHandleIsInvalid', status: 404 });
    await expectRefusal(sqs().send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 11 })), {
      name: /InvalidParameterValue/,
      status: 400,
      message: 'Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.',
    });
    await expectRefusal(sqs().send(new SendMessageCommand({ QueueUrl, MessageBody: '' })), { name: /MissingParameter|MissingRequiredParameter/, status: 400, message: 'The request must contain the parameter MessageBody.' });
    await sqs().send(new DeleteQueueCommand({ QueueUrl }));
  });
});
