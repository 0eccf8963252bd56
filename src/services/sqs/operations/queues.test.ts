import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turns, withSqs } from '../testSqs.ts';

test('createQueue answers the URL on the host of the request, and the same for the same settings', () =>
  withSqs(async ({ run, create }) => {
    const url = await create('q', { VisibilityTimeout: '10' });
    assert.equal(url, 'http://127.0.0.1:4566/000000000000/q');
    assert.equal(await create('q'), url);
    assert.equal(await create('q', { VisibilityTimeout: '10' }), url);
    await assert.rejects(create('q', { VisibilityTimeout: '11' }), {
      code: 'QueueNameExists',
      message: 'A queue already exists with the same name and a different value for attribute VisibilityTimeout',
    });
    assert.deepEqual(await run('GetQueueUrl', { QueueName: 'q' }), { QueueUrl: url });
    await assert.rejects(run('GetQueueUrl', { QueueName: 'p' }), { code: 'QueueDoesNotExist', message: 'The specified queue does not exist.' });
  }));

test('createQueue says what is wrong with a name or an attribute', () =>
  withSqs(async ({ run, create }) => {
    const refused: readonly [string, Record<string, string> | undefined, { code: string; message: string }][] = [
      ['a.b', undefined, { code: 'InvalidParameterValueException', message: 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length' }],
      ['x'.repeat(81), undefined, { code: 'InvalidParameterValueException', message: 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length' }],
      ['q.fifo', undefined, { code: 'InvalidParameterValueException', message: 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length' }],
      ['q', { FifoQueue: 'true' }, { code: 'InvalidParameterValueException', message: 'The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.' }],
      ['q', { FifoQueue: 'false' }, { code: 'InvalidAttributeName', message: 'Unknown Attribute FifoQueue.' }],
      ['q', { Colour: 'red' }, { code: 'InvalidAttributeName', message: 'Unknown Attribute Colour.' }],
      ['q', { QueueArn: 'x' }, { code: 'InvalidAttributeName', message: 'Unknown Attribute QueueArn.' }],
      ['q', { DelaySeconds: '901' }, { code: 'InvalidAttributeValue', message: 'Invalid value for the parameter DelaySeconds.' }],
      ['q', { MaximumMessageSize: '1048577' }, { code: 'InvalidAttributeValue', message: 'Invalid value for the parameter MaximumMessageSize.' }],
      ['q', { Policy: '{"Statement":{}}' }, { code: 'InvalidAttributeValue', message: 'Invalid value for the parameter Policy.' }],
      ['q', { KmsMasterKeyId: 'k', SqsManagedSseEnabled: 'true' }, { code: 'InvalidAttributeName', message: 'You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.' }],
      ['q', { RedrivePolicy: '{"deadLetterTargetArn":"dummy","maxReceiveCount":42}' }, { code: 'InvalidParameterValueException', message: 'Value {"deadLetterTargetArn":"dummy","maxReceiveCount":42} for parameter RedrivePolicy is invalid. Reason: Invalid value for deadLetterTargetArn.' }],
    ];
    for (const [name, attributes, error] of refused) await assert.rejects(create(name, attributes), error, name);
    await assert.rejects(run('CreateQueue', {}), { message: 'Value for parameter QueueName is invalid. Reason: Must specify a queue name.' });
    await create('x'.repeat(80), { DelaySeconds: '900', MaximumMessageSize: '1048576', VisibilityTimeout: '43200' });
  }));

test('deleteQueue takes everything, and its name rests for a minute', () =>
  withSqs(async ({ run, create, advance, store }) => {
    const QueueUrl = await create('q');
    await run('SendMessage', { QueueUrl, MessageBody: 'x' });
    const waiting = run('ReceiveMessage', { QueueUrl: await create('r'), WaitTimeSeconds: 20 });
    await turns();
    await run('DeleteQueue', { QueueUrl });
    await assert.rejects(run('DeleteQueue', { QueueUrl }), { code: 'QueueDoesNotExist' });
    await assert.rejects(create('q'), { code: 'QueueDeletedRecently' });
    await run('DeleteQueue', { QueueUrl: QueueUrl.replace(/q$/, 'r') });
    await assert.rejects(waiting, { code: 'QueueDoesNotExist' });
    await advance(60_000);
    await create('q');
    assert.deepEqual(await run('ReceiveMessage', { QueueUrl }), {});
    await advance(60_000);
    const rows: string[] = [];
    for await (const page of store.exportRows()) for (const { key } of page) rows.push(Buffer.from(key).toString('latin1'));
    assert.deepEqual(rows.filter((key) => key.includes('data') || key.includes('removal')), []);
  }));

test('purgeQueue empties a queue once a minute, and old handles are good for nothing', () =>
  withSqs(async ({ run, create, advance }) => {
    const QueueUrl = await create('q');
    await run('SendMessage', { QueueUrl, MessageBody: 'x' });
    const handle = (await run('ReceiveMessage', { QueueUrl })).Messages?.[0]?.ReceiptHandle ?? '';
    await run('PurgeQueue', { QueueUrl });
    await assert.rejects(run('PurgeQueue', { QueueUrl }), { code: 'PurgeQueueInProgress', message: 'Only one PurgeQueue operation on q is allowed every 60 seconds.' });
    await advance(60_000);
    assert.deepEqual(await run('ReceiveMessage', { QueueUrl }), {});
    await run('DeleteMessage', { QueueUrl, ReceiptHandle: handle });
    await assert.rejects(run('ChangeMessageVisibility', { QueueUrl, ReceiptHandle: handle, VisibilityTimeout: 1 }), { message: /Message does not exist or is not available/ });
    await assert.rejects(run('DeleteMessage', { QueueUrl, ReceiptHandle: 'nonsense' }), { code: 'ReceiptHandleIsInvalid' });
    await run('PurgeQueue', { QueueUrl });
  }));

test('listQueues pages by name and prefix', () =>
  withSqs(async ({ run, create }) => {
    assert.deepEqual(await run('ListQueues', {}), {});
    for (const name of ['b', 'a2', 'a1', 'a3']) await create(name);
    const url = (name: string): string => `http://127.0.0.1:4566/000000000000/${name}`;
    assert.deepEqual(await run('ListQueues', {}), { QueueUrls: ['a1', 'a2', 'a3', 'b'].map(url) });
    const first = await run('ListQueues', { QueueNamePrefix: 'a', MaxResults: 2 });
    assert.deepEqual(first.QueueUrls, [url('a1'), url('a2')]);
    assert.deepEqual(await run('ListQueues', { QueueNamePrefix: 'a', MaxResults: 2, NextToken: first.NextToken }), { QueueUrls: [url('a3')] });
    await assert.rejects(run('ListQueues', { MaxResults: 1_001 }), { code: 'InvalidParameterValueException' });
  }));

test('setQueueAttributes changes what getQueueAttributes tells', () =>
  withSqs(async ({ run, create, advance }) => {
    const QueueUrl = await create('q', { KmsDataKeyReusePeriodSeconds: '60' });
    await advance(5_000);
    await run('SetQueueAttributes', { QueueUrl, Attributes: { VisibilityTimeout: '5', Policy: '{"Version":"2012-10-17","Statement":[]}' } });
    const { Attributes } = await run('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
    assert.deepEqual(Attributes, {
      QueueArn: 'arn:aws:sqs:us-east-1:000000000000:q',
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
      ApproximateNumberOfMessagesDelayed: '0',
      CreatedTimestamp: '1767225600',
      LastModifiedTimestamp: '1767225605',
      VisibilityTimeout: '5',
      MaximumMessageSize: '1048576',
      MessageRetentionPeriod: '345600',
      DelaySeconds: '0',
      ReceiveMessageWaitTimeSeconds: '0',
      Policy: '{"Version":"2012-10-17","Statement":[]}',
      SqsManagedSseEnabled: 'true',
    });
    await run('SetQueueAttributes', { QueueUrl, Attributes: { Policy: '' } });
    assert.deepEqual(await run('GetQueueAttributes', { QueueUrl, AttributeNames: ['Policy'] }), { Attributes: {} });
    await assert.rejects(run('SetQueueAttributes', { QueueUrl, Attributes: { KmsMasterKeyId: 'k' } }), { code: 'KmsNotFound' });
    await assert.rejects(run('GetQueueAttributes', { QueueUrl, AttributeNames: ['Nothing' as 'All'] }), { code: 'InvalidAttributeName' });
    const fifo = await create('f.fifo', { FifoQueue: 'true' });
    await assert.rejects(run('SetQueueAttributes', { QueueUrl: fifo, Attributes: { FifoQueue: 'false' } }), {
      message: 'Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.',
    });
    await assert.rejects(run('SetQueueAttributes', { QueueUrl: fifo, Attributes: { FifoThroughputLimit: 'perMessageGroupId' } }), { code: 'InvalidAttributeValue' });
    await run('SetQueueAttributes', { QueueUrl: fifo, Attributes: { FifoThroughputLimit: 'perMessageGroupId', DeduplicationScope: 'messageGroup' } });
  }));

test('tagQueue, untagQueue and listQueueTags', () =>
  withSqs(async ({ run, create, access }) => {
    const QueueUrl = await create('q');
    await run('TagQueue', { QueueUrl, Tags: { a: '1', b: '' } });
    assert.deepEqual(await run('ListQueueTags', { QueueUrl }), { Tags: { a: '1', b: '' } });
    assert.deepEqual((await access('SendMessage', { QueueUrl })).conditions, { 'aws:ResourceTag/a': '1', 'aws:ResourceTag/b': '' });
    await run('UntagQueue', { QueueUrl, TagKeys: ['b', 'c'] });
    assert.deepEqual(await run('ListQueueTags', { QueueUrl }), { Tags: { a: '1' } });
    await assert.rejects(run('TagQueue', { QueueUrl, Tags: Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`t${at}`, ''])) }), { code: 'InvalidParameterValueException' });
  }));

test('addPermission and removePermission write the policy that requests are judged by', () =>
  withSqs(async ({ run, create, access }) => {
    const QueueUrl = await create('q');
    await run('AddPermission', { QueueUrl, Label: 'one', AWSAccountIds: ['111111111111'], Actions: ['SendMessage'] });
    const { resourcePolicy } = await access('SendMessage', { QueueUrl });
    assert.deepEqual(JSON.parse(resourcePolicy ?? ''), {
      Version: '2008-10-17',
      Id: 'arn:aws:sqs:us-east-1:000000000000:q/SQSDefaultPolicy',
      Statement: [{ Sid: 'one', Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111111111111:root' }, Action: 'SQS:SendMessage', Resource: 'arn:aws:sqs:us-east-1:000000000000:q' }],
    });
    await assert.rejects(run('AddPermission', { QueueUrl, Label: 'one', AWSAccountIds: ['111111111111'], Actions: ['*'] }), { message: 'Value one for parameter Label is invalid. Reason: Already exists.' });
    await assert.rejects(run('AddPermission', { QueueUrl, Label: 'two', AWSAccountIds: ['111111111111'], Actions: ['DeleteQueue'] }), { message: /Only the queue owner/ });
    await run('RemovePermission', { QueueUrl, Label: 'one' });
    await assert.rejects(run('RemovePermission', { QueueUrl, Label: 'one' }), { message: "Value one for parameter Label is invalid. Reason: can't find label." });
  }));
