// Notifications to queues and functions, and the walk that everything else is for: upload, function, another object.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { AddPermissionCommand, GetFunctionCommand } from '@aws-sdk/client-lambda';
import { AttachRolePolicyCommand, CreateRoleCommand } from '@aws-sdk/client-iam';
import { DeleteObjectCommand, GetBucketNotificationConfigurationCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createFunction, lambdaTrustPolicy, uniqueName } from '../../support/functions.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { makeBucket, readObject } from './support.ts';

const scene = useServer();
const s3 = () => scene().aws.s3;

async function makeQueue(sqs: SQSClient, bucket?: string): Promise<{ QueueUrl: string; arn: string }> {
  const name = uniqueName('queue');
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const arn = `arn:aws:sqs:us-east-1:000000000000:${name}`;
  if (bucket !== undefined) {
    const Condition = { ArnLike: { 'aws:SourceArn': `arn:aws:s3:::${bucket}` } };
    const Statement = [{ Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: arn, Condition }];
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: JSON.stringify({ Version: '2012-10-17', Statement }) } }));
  }
  return { QueueUrl, arn };
}

async function receive(sqs: SQSClient, QueueUrl: string, count: number): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  while (found.length < count) {
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5, MaxNumberOfMessages: 10 }));
    for (const { Body = '' } of Messages ?? []) found.push(JSON.parse(Body) as Record<string, unknown>);
  }
  return found;
}

suite('notifications', () => {
  test('reach a queue that lets S3 in, beginning with a test event', async () => {
    const sqs = new SQSClient(sdkConfig(scene().server.endpoint));
    const Bucket = await makeBucket(s3());
    const closed = await makeQueue(sqs);
    const configuration = (arn: string) => ({ QueueConfigurations: [{ Id: 'mine', QueueArn: arn, Events: ['s3:ObjectCreated:*' as const, 's3:ObjectRemoved:*' as const], Filter: { Key: { FilterRules: [{ Name: 'prefix' as const, Value: 'raw/' }] } } }] });
    await expectRefusal(s3().send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: configuration(closed.arn) })), {
      name: 'InvalidArgument',
      status: 400,
      message: 'Unable to validate the following destination configurations',
    });
    const open = await makeQueue(sqs, Bucket);
    await s3().send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: configuration(open.arn) }));
    const [first] = await receive(sqs, open.QueueUrl, 1);
    assert.deepEqual([first?.['Service'], first?.['Event'], first?.['Bucket']], ['Amazon S3', 's3:TestEvent', Bucket]);
    const { ETag } = await s3().send(new PutObjectCommand({ Bucket, Key: 'raw/my photo.jpg', Body: '12345' }));
    await s3().send(new PutObjectCommand({ Bucket, Key: 'other', Body: 'x' }));
    await s3().send(new DeleteObjectCommand({ Bucket, Key: 'raw/my photo.jpg' }));
    const told = (await receive(sqs, open.QueueUrl, 2)).flatMap((message) => message['Records'] as Record<string, unknown>[]);
    told.sort((a, b) => (String(a['eventName']) < String(b['eventName']) ? -1 : 1));
    assert.deepEqual(told.map(({ eventName }) => eventName), ['ObjectCreated:Put', 'ObjectRemoved:Delete']);
    const { eventVersion, eventSource, awsRegion, s3: about } = told[0] as { eventVersion: string; eventSource: string; awsRegion: string; s3: { bucket: { name: string; arn: string }; object: object; configurationId: string } };
    assert.deepEqual([eventVersion, eventSource, awsRegion, about.configurationId, about.bucket.name, about.bucket.arn], ['2.1', 'aws:s3', 'us-east-1', 'mine', Bucket, `arn:aws:s3:::${Bucket}`]);
    const { sequencer, ...object } = about.object as { sequencer: string };
    assert.deepEqual(object, { key: 'raw/my+photo.jpg', size: 5, eTag: ETag?.replaceAll('"', '') });
    assert.match(sequencer, /^[0-9A-F]{18}$/);
    sqs.destroy();
  });
  test('start a function that reads the object and writes another', async () => {
    const { aws } = scene();
    const Bucket = await makeBucket(s3());
    const RoleName = uniqueName('role');
    await aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: lambdaTrustPolicy }));
    await aws.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: 'arn:aws:iam::aws:policy/AmazonS3FullAccess' }));
    const code = `
      const { S3Client, GetObjectCommand, PutObjectCommand } = require('@aws-sdk/client-s3');
      const s3 = new S3Client({ forcePathStyle: true });
      exports.handler = async ({ Records: [{ s3: { bucket, object } }] }) => {
        const Key = decodeURIComponent(object.key.replace(/\\+/g, ' '));
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key }));
        await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: 'upper/' + Key.slice(4), Body: (await Body.transformToString()).toUpperCase() }));
      };`;
    const FunctionName = await createFunction(aws.lambda, { Role: `arn:aws:iam::000000000000:role/${RoleName}`, files: { 'index.js': code } });
    const { Configuration } = await aws.lambda.send(new GetFunctionCommand({ FunctionName }));
    const NotificationConfiguration = { LambdaFunctionConfigurations: [{ LambdaFunctionArn: Configuration?.FunctionArn, Events: ['s3:ObjectCreated:*' as const], Filter: { Key: { FilterRules: [{ Name: 'prefix' as const, Value: 'raw/' }] } } }] };
    await expectRefusal(s3().send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration })), { name: 'InvalidArgument', status: 400 });
    await aws.lambda.send(new AddPermissionCommand({ FunctionName, StatementId: 's3', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com', SourceArn: `arn:aws:s3:::${Bucket}`, SourceAccount: '000000000000' }));
    await s3().send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
    assert.equal((await s3().send(new GetBucketNotificationConfigurationCommand({ Bucket }))).LambdaFunctionConfigurations?.length, 1);
    await s3().send(new PutObjectCommand({ Bucket, Key: 'raw/a letter.txt', Body: 'hello' }));
    let text: string | undefined;
    while (text === undefined) text = await readObject(s3(), Bucket, 'upper/a letter.txt').catch(() => undefined);
    assert.equal(text, 'HELLO');
  });
});
