import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestS3, type TestS3 } from '../testing/testS3.ts';

const Bucket = 'my-bucket';
const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:allowed';
const queueArn = 'arn:aws:sqs:us-east-1:000000000000:allowed';

async function withBucket(): Promise<TestS3> {
  const s3 = createTestS3();
  await s3.run('CreateBucket', { Bucket });
  return s3;
}

interface Told {
  readonly Records?: readonly { readonly eventName: string; readonly s3: { readonly configurationId: string; readonly object: { readonly key: string; readonly size?: number } } }[];
  readonly Event?: string;
}

const rule = (Events: string[], filter: Record<string, string> = {}) => ({
  Events: Events as 's3:ObjectCreated:*'[],
  Filter: { Key: { FilterRules: Object.entries(filter).map(([Name, Value]) => ({ Name: Name as 'prefix', Value })) } },
});

test('putBucketNotificationConfiguration tells functions and queues of what they asked for, with the change itself', async () => {
  const s3 = await withBucket();
  await s3.run('PutBucketNotificationConfiguration', {
    Bucket,
    NotificationConfiguration: {
      LambdaFunctionConfigurations: [{ Id: 'f', LambdaFunctionArn: functionArn, ...rule(['s3:ObjectCreated:*'], { prefix: 'raw/', suffix: '.jpg' }) }],
      QueueConfigurations: [{ Id: 'q', QueueArn: queueArn, ...rule(['s3:ObjectRemoved:*']) }],
    },
  });
  assert.deepEqual(s3.told.map(({ draft, payload }) => [draft.target, (payload as Told).Event]), [[queueArn, 's3:TestEvent']]);
  await s3.run('PutObject', { Bucket, Key: 'raw/a b+ü.jpg', Body: '12345' });
  await s3.run('PutObject', { Bucket, Key: 'raw/a.png', Body: 'x' });
  await s3.run('DeleteObject', { Bucket, Key: 'raw/a.png' });
  await s3.run('DeleteObject', { Bucket, Key: 'absent' });
  const told = s3.told.slice(1).map(({ draft, payload }) => ({ draft, record: (payload as Told).Records?.[0] }));
  assert.deepEqual(
    told.map(({ draft, record }) => [draft.target, draft.callingPrincipal, draft.sourceArn, record?.eventName, record?.s3.configurationId, record?.s3.object.key, record?.s3.object.size]),
    [
      [functionArn, 's3.amazonaws.com', 'arn:aws:s3:::my-bucket', 'ObjectCreated:Put', 'f', 'raw/a+b%2B%C3%BC.jpg', 5],
      [queueArn, 's3.amazonaws.com', 'arn:aws:s3:::my-bucket', 'ObjectRemoved:Delete', 'q', 'raw/a.png', undefined],
    ],
  );
  const found = await s3.run('GetBucketNotificationConfiguration', { Bucket });
  assert.deepEqual(found.LambdaFunctionConfigurations?.[0]?.Filter?.Key?.FilterRules, [{ Name: 'Prefix', Value: 'raw/' }, { Name: 'Suffix', Value: '.jpg' }]);
  await s3.run('PutBucketNotificationConfiguration', { Bucket, NotificationConfiguration: {} });
  assert.deepEqual((await s3.run('GetBucketNotificationConfiguration', { Bucket })).QueueConfigurations, []);
});

test('putBucketNotificationConfiguration refuses destinations that are not there or do not let S3 in', async () => {
  const s3 = await withBucket();
  for (const name of ['absent', 'denied']) {
    const given = { LambdaFunctionConfigurations: [{ LambdaFunctionArn: functionArn.replace('allowed', name), ...rule(['s3:ObjectCreated:*']) }] };
    await assert.rejects(s3.run('PutBucketNotificationConfiguration', { Bucket, NotificationConfiguration: given }), { code: 'InvalidArgument', message: 'Unable to validate the following destination configurations' });
  }
  const topic = { TopicConfigurations: [{ TopicArn: 'arn:aws:sns:us-east-1:000000000000:t', ...rule(['s3:ObjectCreated:*']) }] };
  await assert.rejects(s3.run('PutBucketNotificationConfiguration', { Bucket, NotificationConfiguration: topic }), { code: 'NotImplemented' });
});

test('putBucketNotificationConfiguration refuses rules that overlap', async () => {
  const s3 = await withBucket();
  const put = (...rules: ReturnType<typeof rule>[]) =>
    s3.run('PutBucketNotificationConfiguration', { Bucket, NotificationConfiguration: { LambdaFunctionConfigurations: rules.map((one) => ({ LambdaFunctionArn: functionArn, ...one })) } });
  await put(rule(['s3:ObjectCreated:*'], { prefix: 'a/' }), rule(['s3:ObjectCreated:*'], { prefix: 'b/' }), rule(['s3:ObjectRemoved:*'], { prefix: 'a/' }));
  await put(rule(['s3:ObjectCreated:*'], { prefix: 'a/', suffix: '.jpg' }), rule(['s3:ObjectCreated:*'], { prefix: 'a/', suffix: '.png' }));
  await assert.rejects(put(rule(['s3:ObjectCreated:*'], { prefix: 'a' }), rule(['s3:ObjectCreated:Put'], { prefix: 'a/b' })), { code: 'InvalidArgument', message: /ambiguously defined/ });
  await assert.rejects(put(rule(['s3:Nothing:*'])), { code: 'InvalidArgument', message: 'The event is not supported for notifications' });
});

test('putBucketNotificationConfiguration hands the trace of a request on with its events', async () => {
  const s3 = await withBucket();
  await s3.run('PutBucketNotificationConfiguration', { Bucket, NotificationConfiguration: { LambdaFunctionConfigurations: [{ LambdaFunctionArn: functionArn, ...rule(['s3:ObjectCreated:*']) }] } });
  await s3.run('PutObject', { Bucket, Key: 'a', Body: 'x' }, { 'x-amzn-trace-id': 'Root=1-a;Lineage=1:f:2' });
  await s3.run('PutObject', { Bucket, Key: 'b', Body: 'x' });
  assert.deepEqual(s3.told.map(({ draft }) => draft.traceHeader), ['Root=1-a;Lineage=1:f:2', undefined]);
});
