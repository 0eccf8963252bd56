// Names that users give and that JavaScript has a meaning for come back as they were given, from the wire to the disk and back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { GetBucketTaggingCommand, GetObjectTaggingCommand, HeadObjectCommand, PutBucketTaggingCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { createFunction, uniqueName } from '../support/functions.ts';
import { useServer } from '../support/useServer.ts';
import { makeBucket } from './s3/support.ts';

const scene = useServer();
/** A member of its own, which `{ __proto__: value }` would not make. */
const named = <Value>(value: Value): Record<string, Value> => Object.fromEntries([['__proto__', value], ['constructor', value], ['toString', value]]);
const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
const sorted = (entries: readonly (readonly [string | undefined, unknown])[]): unknown => [...entries].sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
const expected = [['__proto__', 'x'], ['constructor', 'x'], ['toString', 'x']];

test('metadata and tags of S3', async () => {
  const { s3 } = scene().aws;
  const Bucket = await makeBucket(s3);
  const TagSet = expected.map(([Key = '', Value = '']) => ({ Key, Value }));
  await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
  await s3.send(new PutObjectCommand({ Bucket, Key: '__proto__', Body: 'x', Metadata: named('x'), Tagging: '__proto__=x&constructor=x&toString=x' }));
  const head = await fetch(`${scene().server.endpoint}/${Bucket}/__proto__`, { method: 'HEAD', headers: { authorization: 'AWS test:x' } });
  assert.deepEqual(['__proto__', 'constructor', 'tostring'].map((name) => head.headers.get(`x-amz-meta-${name}`)), ['x', 'x', 'x']);
  assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key: '__proto__' }))).ContentLength, 1);
  const pairs = (tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = []) => sorted(tags.map(({ Key, Value }) => [Key, Value]));
  assert.deepEqual(pairs((await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet), expected);
  assert.deepEqual(pairs((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: '__proto__' }))).TagSet), expected);
});
test('attributes and tags of SQS', async () => {
  const { sqs } = scene().aws;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: uniqueName('q') }));
  // Through fetch: how the client makes and reads such members is not in question.
  const ask = async (target: string, body: object): Promise<unknown> => {
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${target}`, authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0', 'x-amz-date': date };
    const answer = await fetch(scene().server.endpoint, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    return text === '' ? {} : JSON.parse(text);
  };
  await ask('TagQueue', { QueueUrl, Tags: named('x') });
  await ask('SendMessage', { QueueUrl, MessageBody: 'x', MessageAttributes: named({ DataType: 'String', StringValue: 'x' }) });
  const { Messages } = (await ask('ReceiveMessage', { QueueUrl, MessageAttributeNames: ['All'] })) as { Messages: { MessageAttributes: Record<string, { StringValue: string }> }[] };
  assert.deepEqual(sorted(Object.entries(Messages[0]?.MessageAttributes ?? {}).map(([name, { StringValue }]) => [name, StringValue])), expected);
  const { Tags } = (await ask('ListQueueTags', { QueueUrl })) as { Tags: Record<string, string> };
  assert.deepEqual(sorted(Object.entries(Tags)), expected);
});
test('tags and variables of functions', async () => {
  const { lambda } = scene().aws;
  // A variable's name begins with a letter.
  const Variables = { constructor: 'x', toString: 'x', hasOwnProperty: 'x' } as unknown as Record<string, string>;
  const FunctionName = await createFunction(lambda, { Role: scene().roleArn, Environment: { Variables }, files: { 'index.mjs': 'export const handler = async () => 1;' } });
  const { FunctionArn = '', Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  assert.deepEqual(sorted(Object.entries(Environment?.Variables ?? {})), [['constructor', 'x'], ['hasOwnProperty', 'x'], ['toString', 'x']]);
  const url = `${scene().server.endpoint}/2017-03-31/tags/${encodeURIComponent(FunctionArn)}`;
  const authorization = 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0';
  const put = await fetch(url, { method: 'POST', headers: { authorization, 'x-amz-date': date, 'content-type': 'application/json' }, body: JSON.stringify({ Tags: named('x') }) });
  assert.equal(put.status, 204, await put.text());
  const { Tags } = JSON.parse(await (await fetch(url, { headers: { authorization, 'x-amz-date': date } })).text()) as { Tags: Record<string, string> };
  assert.deepEqual(sorted(Object.entries(Tags)), expected);
});
