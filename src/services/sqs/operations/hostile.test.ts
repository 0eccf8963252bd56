import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../base/errors.ts';
import { withSqs } from '../testSqs.ts';

const nasty = ['', ' ', '\u0000', '\ud800', '__proto__', 'constructor', '../..', '%2e', 'x'.repeat(5_000), '한글', '{}', '[]', 'null', '-1', '1e9', 'arn:aws:sqs:::', `arn:aws:sqs:${'r'.repeat(3_000)}:000000000000:q`, `/queue/${'r'.repeat(2_000)}/000000000000/q`];

test('sendMessage and all the others answer hostile text with a refusal, never with a bug', () =>
  withSqs(async ({ run, create }) => {
    const QueueUrl = await create('q');
    const fifoUrl = await create('f.fifo', { FifoQueue: 'true' });
    const attempt = async (name: string, input: object): Promise<void> => {
      try {
        await run(name as never, input as never);
      } catch (error) {
        assert.ok(error instanceof ServiceError, `${name} ${JSON.stringify(input).slice(0, 200)}: ${error instanceof Error ? error.stack : String(error)}`);
      }
    };
    for (const text of nasty) {
      for (const name of ['SendMessage', 'ReceiveMessage', 'DeleteQueue', 'GetQueueAttributes', 'ListQueueTags', 'PurgeQueue']) {
        if (text !== '') await attempt(name, { QueueUrl: text, MessageBody: 'x' });
      }
      await attempt('CreateQueue', { QueueName: text, Attributes: { [text]: text } });
      for (const name of ['Policy', 'RedrivePolicy', 'RedriveAllowPolicy', 'KmsMasterKeyId', 'DelaySeconds', 'FifoQueue', text]) await attempt('SetQueueAttributes', { QueueUrl, Attributes: { [name]: text } });
      await attempt('GetQueueUrl', { QueueName: text, QueueOwnerAWSAccountId: text });
      await attempt('GetQueueUrl', { QueueName: text });
      await attempt('GetQueueAttributes', { QueueUrl, AttributeNames: [text] });
      await attempt('ListQueues', { QueueNamePrefix: text, NextToken: text, MaxResults: 1 });
      await attempt('ListDeadLetterSourceQueues', { QueueUrl, NextToken: text });
      await attempt('SendMessage', { QueueUrl, MessageBody: text, MessageGroupId: text, MessageAttributes: { [text]: { DataType: text, StringValue: text } } });
      await attempt('SendMessage', { QueueUrl: fifoUrl, MessageBody: 'x', MessageGroupId: text, MessageDeduplicationId: text });
      await attempt('SendMessage', { QueueUrl, MessageBody: 'x', MessageSystemAttributes: { [text]: { DataType: 'String', StringValue: text } } });
      await attempt('SendMessageBatch', { QueueUrl, Entries: [{ Id: text, MessageBody: text }] });
      await attempt('ReceiveMessage', { QueueUrl: fifoUrl, ReceiveRequestAttemptId: text, AttributeNames: [text], MessageAttributeNames: [text] });
      await attempt('DeleteMessage', { QueueUrl, ReceiptHandle: text });
      await attempt('ChangeMessageVisibility', { QueueUrl, ReceiptHandle: text, VisibilityTimeout: 1 });
      await attempt('TagQueue', { QueueUrl, Tags: { [text]: text } });
      await attempt('UntagQueue', { QueueUrl, TagKeys: [text] });
      await attempt('AddPermission', { QueueUrl, Label: text, AWSAccountIds: [text], Actions: [text] });
      await attempt('RemovePermission', { QueueUrl, Label: text });
      await attempt('StartMessageMoveTask', { SourceArn: text, DestinationArn: text });
      await attempt('ListMessageMoveTasks', { SourceArn: text });
      await attempt('CancelMessageMoveTask', { TaskHandle: text });
      await attempt('CancelMessageMoveTask', { TaskHandle: Buffer.from(text).toString('base64') });
    }
  }));
