// An upload that everybody hears of: the bucket tells the default event bus, a rule invokes a function, the function's result goes to a
// bus of its own, and a rule there puts it into a queue.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html, https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreateEventBusCommand, EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AddPermissionCommand, PutFunctionEventInvokeConfigCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { createFunction } from '../support/functions.ts';
import { sdkConfig } from '../support/sdkClients.ts';
import { useServer } from '../support/useServer.ts';

const scene = useServer();
const account = '000000000000';
const arnOf = (resource: string): string => `arn:aws:events:us-east-1:${account}:${resource}`;

interface Told {
  readonly source: string;
  readonly 'detail-type': string;
  readonly resources: readonly string[];
  readonly detail: Record<string, unknown>;
}

test('an upload is heard by a function through a rule, and its result by a queue through another bus', { timeout: 120_000 }, async () => {
  const { aws, roleArn, server } = scene();
  const events = new EventBridgeClient(sdkConfig(server.endpoint));
  const FunctionName = await createFunction(aws.lambda, {
    ...{ Role: roleArn, Runtime: 'nodejs20.x' },
    files: { 'index.mjs': "export const handler = async ({ detail }) => { if (detail.object.key.startsWith('bad')) throw new Error('no'); return { saw: detail.object.key }; };" },
  });
  const functionArn = `arn:aws:lambda:us-east-1:${account}:function:${FunctionName}`;
  await events.send(new CreateEventBusCommand({ Name: 'results' }));
  await aws.iam.send(
    new PutRolePolicyCommand({ RoleName: roleArn.split('/').at(-1), PolicyName: 'tell', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'events:PutEvents', Resource: arnOf('event-bus/results') } }) }),
  );
  const Destination = arnOf('event-bus/results');
  await aws.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 0, DestinationConfig: { OnSuccess: { Destination }, OnFailure: { Destination } } }));
  await aws.lambda.send(
    new AddPermissionCommand({ FunctionName, StatementId: 'rule', Action: 'lambda:InvokeFunction', Principal: 'events.amazonaws.com', SourceArn: arnOf('rule/uploads'), SourceAccount: account }),
  );
  await events.send(new PutRuleCommand({ Name: 'uploads', EventPattern: JSON.stringify({ source: ['aws.s3'], 'detail-type': ['Object Created'], detail: { bucket: { name: ['chain'] } } }) }));
  const queueArn = `arn:aws:sqs:us-east-1:${account}:heard`;
  const { QueueUrl } = await aws.sqs.send(new CreateQueueCommand({ QueueName: 'heard' }));
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: queueArn }] });
  await aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  await events.send(new PutTargetsCommand({ Rule: 'uploads', Targets: [{ Id: 'function', Arn: functionArn }, { Id: 'queue', Arn: queueArn }] }));
  await events.send(new PutRuleCommand({ Name: 'results', EventBusName: 'results', EventPattern: JSON.stringify({ source: ['lambda'] }) }));
  await events.send(new PutTargetsCommand({ Rule: 'results', EventBusName: 'results', Targets: [{ Id: 'queue', Arn: queueArn }] }));
  await aws.s3.send(new CreateBucketCommand({ Bucket: 'chain' }));
  await aws.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: 'chain', NotificationConfiguration: { EventBridgeConfiguration: {} } }));
  for (const Key of ['good.txt', 'bad.txt']) await aws.s3.send(new PutObjectCommand({ Bucket: 'chain', Key, Body: 'hello' }));

  const told: Told[] = [];
  while (told.length < 4) {
    const { Messages = [] } = await aws.sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20, VisibilityTimeout: 600 }));
    told.push(...Messages.map(({ Body = '' }) => JSON.parse(Body) as Told));
  }
  const created = told.find(({ detail }) => (detail['object'] as { key?: string } | undefined)?.key === 'good.txt');
  assert.deepEqual([created?.source, created?.['detail-type'], created?.resources], ['aws.s3', 'Object Created', ['arn:aws:s3:::chain']]);
  const { sequencer, ...object } = created?.detail['object'] as Record<string, unknown>;
  assert.match(String(sequencer), /^[0-9A-F]{18}$/);
  assert.deepEqual(object, { key: 'good.txt', size: 5, etag: '5d41402abc4b2a76b9719d911017c592' });
  assert.deepEqual([created?.detail['version'], created?.detail['reason'], created?.detail['bucket'], created?.detail['requester']], ['0', 'PutObject', { name: 'chain' }, account]);
  const results = told.filter(({ source }) => source === 'lambda').sort((a, b) => (a['detail-type'] < b['detail-type'] ? -1 : 1));
  assert.deepEqual(results.map((result) => result['detail-type']), ['Lambda Function Invocation Result - Failure', 'Lambda Function Invocation Result - Success']);
  assert.deepEqual([...(results[1]?.resources ?? [])].sort(), [Destination, `${functionArn}:$LATEST`].sort());
  assert.deepEqual(results[1]?.detail['responsePayload'], { saw: 'good.txt' });
  assert.equal((results[0]?.detail['requestContext'] as { condition?: string }).condition, 'RetriesExhausted');
  events.destroy();
});
