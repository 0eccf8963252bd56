// Where asynchronous invocations end: destinations and dead-letter queues.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  DeleteFunctionEventInvokeConfigCommand,
  GetFunctionEventInvokeConfigCommand,
  ListFunctionEventInvokeConfigsCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionEventInvokeConfigCommand,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SetQueueAttributesCommand, type Message } from '@aws-sdk/client-sqs';
import { createExecutionRole, createFunction, invoke, uniqueName } from '../../support/functions.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const arnOf = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

async function createQueue(): Promise<{ readonly url: string; readonly arn: string }> {
  const name = uniqueName('ends');
  const { QueueUrl = '' } = await scene().aws.sqs.send(new CreateQueueCommand({ QueueName: name }));
  return { url: QueueUrl, arn: `arn:aws:sqs:us-east-1:000000000000:${name}` };
}

/** An execution role that may do these things anywhere. */
async function createRole(...actions: readonly string[]): Promise<string> {
  const { aws } = scene();
  const role = await createExecutionRole(aws);
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] });
  await aws.iam.send(new PutRolePolicyCommand({ RoleName: role.split('/').at(-1), PolicyName: 'more', PolicyDocument }));
  return role;
}

async function receive(url: string): Promise<Message> {
  for (let tries = 0; tries < 5; tries += 1) {
    const { Messages: [message] = [] } = await scene().aws.sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 10, MessageAttributeNames: ['All'] }));
    if (message !== undefined) return message;
  }
  assert.fail('no message came');
}

const failing = { 'index.js': 'exports.handler = async () => { throw new Error("broken picture"); };' };

suite('PutFunctionEventInvokeConfig', () => {
  test('a failure reaches its queue with the record that AWS writes', async () => {
    const { aws } = scene();
    const queue = await createQueue();
    const name = await createFunction(aws.lambda, { Role: await createRole('sqs:SendMessage'), files: failing });
    await aws.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: name, MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination: queue.arn } } }));
    const { requestId } = await invoke(aws.lambda, name, { key: '그림 1.png' }, { InvocationType: 'Event' });
    const { Body = '' } = await receive(queue.url);
    const { timestamp, responsePayload, ...record } = JSON.parse(Body) as { timestamp: string; responsePayload: Record<string, unknown>; [member: string]: unknown };
    assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual([responsePayload['errorType'], responsePayload['errorMessage']], ['Error', 'broken picture']);
    assert.deepEqual(record, {
      version: '1.0',
      requestContext: { requestId, functionArn: `${arnOf(name)}:$LATEST`, condition: 'RetriesExhausted', approximateInvokeCount: 1 },
      requestPayload: { key: '그림 1.png' },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    });
  });
  test('a dead-letter queue gets the event itself, with what went wrong in the attributes', async () => {
    const { aws } = scene();
    const queue = await createQueue();
    const name = await createFunction(aws.lambda, { Role: await createRole('sqs:SendMessage'), files: failing, DeadLetterConfig: { TargetArn: queue.arn } });
    await aws.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: name, MaximumRetryAttempts: 0 }));
    const { requestId } = await invoke(aws.lambda, name, { n: 1 }, { InvocationType: 'Event' });
    const { Body, MessageAttributes = {} } = await receive(queue.url);
    assert.equal(Body, '{"n":1}');
    assert.deepEqual(MessageAttributes, {
      RequestID: { DataType: 'String', StringValue: requestId },
      ErrorCode: { DataType: 'Number', StringValue: '200' },
      ErrorMessage: { DataType: 'String', StringValue: 'broken picture' },
    });
  });
  test('a success goes on to another function, and from there to a queue', async () => {
    const { aws } = scene();
    const queue = await createQueue();
    const Role = await createRole('sqs:SendMessage', 'lambda:InvokeFunction');
    const first = await createFunction(aws.lambda, { Role, files: { 'index.js': 'exports.handler = async (event) => event.n + 1;' } });
    const second = await createFunction(aws.lambda, { Role, files: { 'index.js': 'exports.handler = async (event) => event.responsePayload * 10;' } });
    await aws.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: first, DestinationConfig: { OnSuccess: { Destination: arnOf(second) } } }));
    await aws.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: second, DestinationConfig: { OnSuccess: { Destination: queue.arn } } }));
    await invoke(aws.lambda, first, { n: 1 }, { InvocationType: 'Event' });
    const { Body = '' } = await receive(queue.url);
    const record = JSON.parse(Body) as { readonly responsePayload: unknown; readonly requestContext: { readonly condition: string } };
    assert.deepEqual([record.responsePayload, record.requestContext.condition], [20, 'Success']);
  });
  test('a failure is written into a bucket, under the name that AWS gives it', async () => {
    const { aws } = scene();
    const Bucket = uniqueName('failed');
    await aws.s3.send(new CreateBucketCommand({ Bucket }));
    const Destination = `arn:aws:s3:::${Bucket}`;
    const name = await createFunction(aws.lambda, { Role: await createRole('s3:PutObject', 's3:ListBucket'), files: failing });
    await aws.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: name, MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination } } }));
    const { requestId } = await invoke(aws.lambda, name, { n: 1 }, { InvocationType: 'Event' });
    const list = async () => (await aws.s3.send(new ListObjectsV2Command({ Bucket }))).Contents ?? [];
    let objects = await list();
    for (const endMs = Date.now() + 30_000; objects.length === 0 && Date.now() < endMs; objects = await list()) await new Promise((resolve) => setTimeout(resolve, 20));
    const [{ Key = '' } = {}] = objects;
    assert.match(Key, new RegExp(`^aws/lambda/async/${name}/\\d{4}/\\d\\d/\\d\\d/\\d{4}-\\d\\d-\\d\\dT\\d\\d\\.\\d\\d\\.\\d\\d-[0-9a-f-]{36}$`));
    const { Body, ContentType } = await aws.s3.send(new GetObjectCommand({ Bucket, Key }));
    const record = JSON.parse((await Body?.transformToString()) ?? '') as { readonly requestContext: { readonly requestId: string; readonly condition: string } };
    assert.deepEqual([ContentType, record.requestContext.requestId, record.requestContext.condition], ['application/json', requestId, 'RetriesExhausted']);
    // Buckets are for failures only, the page says.
    await expectRefusal(aws.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: name, DestinationConfig: { OnSuccess: { Destination } } })), {
      name: 'InvalidParameterValueException', status: 400, message: `The destination ARN ${Destination} is invalid.`,
    });
  });
  test('a topic gets the record of a failure, and as dead-letter target the event itself', async () => {
    const { aws } = scene();
    const queue = await createQueue();
    const { TopicArn = '' } = await aws.sns.send(new CreateTopicCommand({ Name: uniqueName('ends') }));
    const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: queue.arn }] };
    await aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { Policy: JSON.stringify(policy) } }));
    await aws.sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: queue.arn, Attributes: { RawMessageDelivery: 'true' } }));
    const Role = await createRole('sns:Publish');
    const name = await createFunction(aws.lambda, { Role, files: failing, DeadLetterConfig: { TargetArn: TopicArn } });
    await aws.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: name, MaximumRetryAttempts: 0 }));
    const { requestId } = await invoke(aws.lambda, name, { n: 1 }, { InvocationType: 'Event' });
    const letter = await receive(queue.url);
    assert.deepEqual([letter.Body, letter.MessageAttributes?.['RequestID']?.StringValue, letter.MessageAttributes?.['ErrorMessage']?.StringValue], ['{"n":1}', requestId, 'broken picture']);
    await aws.sqs.send(new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle: letter.ReceiptHandle }));
    const other = await createFunction(aws.lambda, { Role, files: failing });
    await aws.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: other, MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination: TopicArn } } }));
    await invoke(aws.lambda, other, { n: 2 }, { InvocationType: 'Event' });
    const record = JSON.parse((await receive(queue.url)).Body ?? '') as { readonly requestPayload: unknown };
    assert.deepEqual(record.requestPayload, { n: 2 });
  });
  test('refusals: no permission, nothing to deliver to, no such function', async () => {
    const { aws, roleArn } = scene();
    const queue = await createQueue();
    const name = await createFunction(aws.lambda, { Role: roleArn, files: failing });
    const put = (Destination: string) => aws.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: name, DestinationConfig: { OnFailure: { Destination } } }));
    const refusal = { name: 'InvalidParameterValueException', status: 400 };
    await expectRefusal(put(queue.arn), { ...refusal, message: `The function's execution role does not have permissions to call SendMessage on ${queue.arn}` });
    await expectRefusal(put('arn:aws:sns:us-east-1:000000000000:absent'), { ...refusal, message: /^The destination ARN .* is invalid\.$/ });
    await expectRefusal(aws.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: 'absent', MaximumRetryAttempts: 0 })), {
      name: 'ResourceNotFoundException',
      status: 404,
      message: "The function doesn't exist.",
    });
    await expectRefusal(createFunction(aws.lambda, { Role: roleArn, files: failing, DeadLetterConfig: { TargetArn: queue.arn } }), {
      ...refusal,
      message: 'The provided execution role does not have permissions to call SendMessage on SQS',
    });
  });
});

suite('UpdateFunctionEventInvokeConfig, GetFunctionEventInvokeConfig, ListFunctionEventInvokeConfigs, DeleteFunctionEventInvokeConfig', () => {
  test('a configuration is changed, read, listed and deleted', async () => {
    const { aws, roleArn } = scene();
    const name = await createFunction(aws.lambda, { Role: roleArn, files: failing });
    await aws.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: name, MaximumRetryAttempts: 1 }));
    const updated = await aws.lambda.send(new UpdateFunctionEventInvokeConfigCommand({ FunctionName: name, MaximumEventAgeInSeconds: 120 }));
    assert.deepEqual([updated.MaximumRetryAttempts, updated.MaximumEventAgeInSeconds, updated.FunctionArn], [1, 120, `${arnOf(name)}:$LATEST`]);
    const read = await aws.lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName: name }));
    assert.deepEqual([read.MaximumRetryAttempts, read.LastModified], [1, updated.LastModified]);
    const { FunctionEventInvokeConfigs } = await aws.lambda.send(new ListFunctionEventInvokeConfigsCommand({ FunctionName: name }));
    assert.deepEqual(FunctionEventInvokeConfigs?.map(({ FunctionArn }) => FunctionArn), [`${arnOf(name)}:$LATEST`]);
    const deleted = await aws.lambda.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName: name }));
    assert.equal(deleted.$metadata.httpStatusCode, 204);
    await expectRefusal(aws.lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName: name })), { name: 'ResourceNotFoundException', status: 404, message: /doesn't have an EventInvokeConfig$/ });
  });
});
