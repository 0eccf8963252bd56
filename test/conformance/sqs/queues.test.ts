// Queues, their settings, dead letters and move tasks through the JavaScript SDK.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  CancelMessageMoveTaskCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  StartMessageMoveTaskCommand,
  TagQueueCommand,
  UntagQueueCommand,
} from '@aws-sdk/client-sqs';
import { uniqueName } from '../../support/functions.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const arnOf = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;

suite('queues', () => {
  test('are made once, found, listed page by page, and deleted', async () => {
    const { sqs } = scene().aws;
    const prefix = uniqueName('list');
    const urls: string[] = [];
    for (const at of [1, 2, 3]) urls.push((await sqs.send(new CreateQueueCommand({ QueueName: `${prefix}-${at}`, tags: { at: String(at) } }))).QueueUrl ?? '');
    assert.equal((await sqs.send(new GetQueueUrlCommand({ QueueName: `${prefix}-1` }))).QueueUrl, urls[0]);
    const first = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: prefix, MaxResults: 2 }));
    const second = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: prefix, MaxResults: 2, NextToken: first.NextToken }));
    assert.deepEqual([...(first.QueueUrls ?? []), ...(second.QueueUrls ?? [])], urls);
    assert.equal(second.NextToken, undefined);
    await sqs.send(new DeleteQueueCommand({ QueueUrl: urls[0] }));
    await expectRefusal(sqs.send(new CreateQueueCommand({ QueueName: `${prefix}-1` })), {
      name: /QueueDeletedRecently/,
      status: 400,
      message: 'You must wait 60 seconds after deleting a queue before you can create another with the same name.',
    });
    await expectRefusal(sqs.send(new CreateQueueCommand({ QueueName: `${prefix}-2`, Attributes: { DelaySeconds: '1' } })), { name: /QueueNameExists|QueueAlreadyExists/, status: 400 });
  });
  test('have settings and tags', async () => {
    const { sqs } = scene().aws;
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${uniqueName('q')}.fifo`, Attributes: { FifoQueue: 'true' } }));
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { ContentBasedDeduplication: 'true', SqsManagedSseEnabled: 'false' } }));
    const Attributes: Record<string, string> = (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))).Attributes ?? {};
    assert.deepEqual(
      ['FifoQueue', 'ContentBasedDeduplication', 'DeduplicationScope', 'FifoThroughputLimit', 'SqsManagedSseEnabled', 'MaximumMessageSize'].map((name) => Attributes[name]),
      ['true', 'true', 'queue', 'perQueue', 'false', '1048576'],
    );
    await sqs.send(new TagQueueCommand({ QueueUrl, Tags: { a: '1', b: '2' } }));
    await sqs.send(new UntagQueueCommand({ QueueUrl, TagKeys: ['a'] }));
    assert.deepEqual((await sqs.send(new ListQueueTagsCommand({ QueueUrl }))).Tags, { b: '2' });
  });
});

suite('dead letters', () => {
  test('are moved aside, and back by a task', async () => {
    const { sqs } = scene().aws;
    const [name, deadName] = [uniqueName('work'), uniqueName('dead')];
    const { QueueUrl: deadUrl } = await sqs.send(new CreateQueueCommand({ QueueName: deadName }));
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arnOf(deadName), maxReceiveCount: 1 });
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { RedrivePolicy, VisibilityTimeout: '0' } }));
    assert.deepEqual((await sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: deadUrl }))).queueUrls, [QueueUrl]);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'bad' }));
    assert.equal((await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages?.length, 1);
    assert.equal((await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages, undefined);
    const { Messages: [letter] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: deadUrl, VisibilityTimeout: 0, MessageSystemAttributeNames: ['All'] }));
    assert.equal(letter?.Attributes?.DeadLetterQueueSourceArn, arnOf(name));
    const { TaskHandle } = await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arnOf(deadName) }));
    const { Messages: [back] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
    assert.equal(back?.Body, 'bad');
    const { Results: [task] = [] } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn: arnOf(deadName) }));
    assert.deepEqual([task?.Status, task?.ApproximateNumberOfMessagesMoved], ['COMPLETED', 1]);
    await expectRefusal(sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle })), { name: /UnsupportedOperation/, status: 400 });
  });
  test('go only to queues that exist and take them', async () => {
    const { sqs } = scene().aws;
    const deadName = uniqueName('dead');
    const policy = JSON.stringify({ deadLetterTargetArn: arnOf(deadName), maxReceiveCount: 1 });
    await expectRefusal(sqs.send(new CreateQueueCommand({ QueueName: uniqueName('q'), Attributes: { RedrivePolicy: policy } })), {
      name: /InvalidParameterValue/,
      message: `Value ${policy} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.`,
    });
    await sqs.send(new CreateQueueCommand({ QueueName: deadName, Attributes: { RedriveAllowPolicy: '{"redrivePermission":"denyAll"}' } }));
    await expectRefusal(sqs.send(new CreateQueueCommand({ QueueName: uniqueName('q'), Attributes: { RedrivePolicy: policy } })), { name: /InvalidParameterValue/ });
  });
});
