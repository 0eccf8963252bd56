// The real clients of AWS against our codecs: what they send is understood, and what we answer is what they hand to their callers.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CloudWatchLogsClient, FilterLogEventsCommand, PutLogEventsCommand, StartLiveTailCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateRoleCommand, GetRoleCommand, IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { CreateFunctionCommand, GetFunctionCommand, InvokeCommand, InvokeWithResponseStreamCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ReceiveMessageCommand, SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { ServiceError } from '../base/errors.ts';
import { loadModel } from './model.ts';
import { startTestServer, testSecret } from './testServer.ts';
import type { Seen, TestServer } from './testServer.ts';

let server: TestServer;
let answer: (seen: Seen) => object = () => ({});

before(async () => {
  server = await startTestServer(['lambda', 'iam', 'sts', 'logs', 'sqs', 'dynamodb'].map(loadModel), (seen) => answer(seen));
});

after(() => server.close());

function settings() {
  return { endpoint: server.endpoint, region: 'us-east-1', credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: testSecret }, maxAttempts: 1 };
}

function lastSeen(): Seen {
  const seen = server.seen.at(-1);
  assert.ok(seen);
  return seen;
}

test('restJson1 carries labels, query, headers, payload and body of the Lambda client', async () => {
  const client = new LambdaClient(settings());
  answer = () => ({ FunctionName: 'f', Timeout: 3, CodeSize: 12, Environment: { Variables: { A: 'ü' } }, Layers: [{ Arn: 'a', CodeSize: 1 }] });
  const created = await client.send(
    new CreateFunctionCommand({ FunctionName: 'f', Role: 'arn:aws:iam::000000000000:role/r', Runtime: 'nodejs22.x', Code: { ZipFile: new Uint8Array([1, 2, 255]) }, Environment: { Variables: { A: 'ü' } } }),
  );
  assert.equal(lastSeen().operation, 'CreateFunction');
  assert.deepEqual(lastSeen().input['Environment'], { Variables: { A: 'ü' } });
  assert.deepEqual([...((lastSeen().input['Code'] as { ZipFile: Uint8Array }).ZipFile)], [1, 2, 255]);
  assert.equal(created.$metadata.httpStatusCode, 201);
  assert.deepEqual(created.Environment, { Variables: { A: 'ü' } });

  answer = () => ({ StatusCode: 200, FunctionError: 'Unhandled', LogResult: 'bG9n', ExecutedVersion: '$LATEST', Payload: Buffer.from('{"a":1}') });
  const invoked = await client.send(new InvokeCommand({ FunctionName: 'arn:aws:lambda:us-east-1:000000000000:function:f', Qualifier: 'live', LogType: 'Tail', Payload: Buffer.from('[1]') }));
  const { input } = lastSeen();
  assert.deepEqual({ ...input, Payload: Buffer.from(input['Payload'] as Uint8Array).toString() }, {
    FunctionName: 'arn:aws:lambda:us-east-1:000000000000:function:f', Qualifier: 'live', LogType: 'Tail', Payload: '[1]',
  });
  assert.equal(invoked.FunctionError, 'Unhandled');
  assert.equal(invoked.Payload?.transformToString(), '{"a":1}');

  answer = () => ({ Functions: [], NextMarker: 'm' });
  const listed = await client.send(new ListFunctionsCommand({ MaxItems: 5, Marker: 'a b/+' }));
  assert.deepEqual(lastSeen().input, { MaxItems: 5, Marker: 'a b/+' });
  assert.equal(listed.NextMarker, 'm');
});

test('restJson1 errors reach the Lambda client as its own error classes', async () => {
  const client = new LambdaClient(settings());
  answer = () => {
    throw new ServiceError('ResourceNotFoundException', 'Function not found: x');
  };
  await assert.rejects(client.send(new GetFunctionCommand({ FunctionName: 'x' })), {
    name: 'ResourceNotFoundException', message: 'Function not found: x', Type: 'User', $metadata: { httpStatusCode: 404, requestId: '00000000-0000-4000-8000-000000000000', attempts: 1, totalRetryDelay: 0, cfId: undefined, extendedRequestId: undefined },
  });
});

test('awsQuery carries lists, structures and timestamps of the IAM client', async () => {
  const client = new IAMClient(settings());
  const role = { Path: '/', RoleName: 'r', RoleId: 'AROA', Arn: 'arn:aws:iam::000000000000:role/r', CreateDate: new Date(1_700_000_000_000), AssumeRolePolicyDocument: '%7B%7D' };
  answer = () => ({ Role: { ...role, Tags: [{ Key: 'a<b', Value: '"&' }] } });
  const created = await client.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: '{"a": "b&c"}', Tags: [{ Key: 'k', Value: 'v w' }, { Key: 'k2', Value: '' }] }));
  assert.deepEqual(lastSeen().input, { RoleName: 'r', AssumeRolePolicyDocument: '{"a": "b&c"}', Tags: [{ Key: 'k', Value: 'v w' }, { Key: 'k2', Value: '' }] });
  assert.deepEqual(created.Role?.CreateDate, role.CreateDate);
  assert.deepEqual(created.Role?.Tags, [{ Key: 'a<b', Value: '"&' }]);
  answer = () => ({ Roles: [role, role], IsTruncated: false });
  const listed = await client.send(new ListRolesCommand({}));
  assert.equal(listed.Roles?.length, 2);
  answer = () => {
    throw new ServiceError('NoSuchEntityException', 'The role with name x cannot be found.');
  };
  await assert.rejects(client.send(new GetRoleCommand({ RoleName: 'x' })), { name: 'NoSuchEntityException', message: 'The role with name x cannot be found.' });
});

test('awsQuery serves signed and unsigned calls of the STS client', async () => {
  const client = new STSClient(settings());
  answer = () => ({ Account: '000000000000', UserId: 'AIDA', Arn: 'arn:aws:iam::000000000000:root' });
  assert.equal((await client.send(new GetCallerIdentityCommand({}))).Account, '000000000000');
  answer = () => ({ Credentials: { AccessKeyId: 'a', SecretAccessKey: 's', SessionToken: 't', Expiration: new Date(0) } });
  const assumed = await client.send(new AssumeRoleWithWebIdentityCommand({ RoleArn: 'arn:aws:iam::000000000000:role/r', RoleSessionName: 's', WebIdentityToken: 'token' }));
  assert.equal(lastSeen().head.headers['authorization'], undefined);
  assert.equal(lastSeen().operation, 'AssumeRoleWithWebIdentity');
  assert.equal(assumed.Credentials?.SessionToken, 't');
});

test('awsJson1_1 serves the CloudWatch Logs client', async () => {
  const client = new CloudWatchLogsClient(settings());
  answer = () => ({ nextSequenceToken: 'n' });
  await client.send(new PutLogEventsCommand({ logGroupName: 'g', logStreamName: 's', logEvents: [{ timestamp: 1_700_000_000_000, message: 'hello\n' }] }));
  assert.deepEqual(lastSeen().input, { logGroupName: 'g', logStreamName: 's', logEvents: [{ timestamp: 1_700_000_000_000, message: 'hello\n' }] });
  answer = () => ({ events: [{ message: 'x', timestamp: 1 }] });
  assert.deepEqual((await client.send(new FilterLogEventsCommand({ logGroupName: 'g' }))).events, [{ message: 'x', timestamp: 1 }]);
  answer = () => {
    throw new ServiceError('ResourceNotFoundException', 'The specified log group does not exist.');
  };
  await assert.rejects(client.send(new FilterLogEventsCommand({ logGroupName: 'g' })), { name: 'ResourceNotFoundException', message: 'The specified log group does not exist.' });
});

test('awsJson1_0 serves the DynamoDB client, recursive values included', async () => {
  const client = new DynamoDBClient(settings());
  const item = { id: { S: '1' }, m: { M: { l: { L: [{ N: '1.5' }, { NULL: true }, { B: new Uint8Array([9]) }] } } }, __proto: { BOOL: false } };
  answer = (seen) => ({ Attributes: seen.input['Item'] });
  const put = await client.send(new PutItemCommand({ TableName: 't', Item: item }));
  assert.deepEqual(put.Attributes, item);
  answer = () => {
    throw new ServiceError('ConditionalCheckFailedException', 'The conditional request failed', { members: { Item: { id: { S: '1' } } } });
  };
  await assert.rejects(client.send(new GetItemCommand({ TableName: 't', Key: { id: { S: '1' } } })), { name: 'ConditionalCheckFailedException', Item: { id: { S: '1' } } });
});

test('awsJson1_0 serves the SQS client with its query-compatible error codes', async () => {
  const client = new SQSClient({ ...settings(), md5: false });
  answer = () => ({ MessageId: 'id' });
  const attributes = { a: { DataType: 'Binary', BinaryValue: new Uint8Array([1]) } };
  assert.equal((await client.send(new SendMessageCommand({ QueueUrl: 'http://q', MessageBody: 'b', MessageAttributes: attributes }))).MessageId, 'id');
  assert.equal(lastSeen().protocol, 'awsJson1_0');
  assert.deepEqual(lastSeen().input['MessageAttributes'], { a: { DataType: 'Binary', BinaryValue: Buffer.from([1]) } });
  answer = () => {
    throw new ServiceError('QueueDoesNotExist', 'The specified queue does not exist.');
  };
  await assert.rejects(client.send(new ReceiveMessageCommand({ QueueUrl: 'http://q' })), { name: 'QueueDoesNotExist', Code: 'AWS.SimpleQueueService.NonExistentQueue', Type: 'Sender' });
});

test('verify refuses the request of a client that has another secret, in the words of the protocol', async () => {
  const client = new LambdaClient({ ...settings(), credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'other' } });
  await assert.rejects(client.send(new ListFunctionsCommand({})), { name: 'InvalidSignatureException', message: /^The request signature we calculated does not match/ });
  const iam = new IAMClient({ ...settings(), credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'other' } });
  await assert.rejects(iam.send(new ListRolesCommand({})), { name: 'SignatureDoesNotMatch', message: /The String-to-Sign should have been/ });
});

test('restJson1 streams events to the Lambda client', async () => {
  const client = new LambdaClient(settings());
  answer = () => ({
    StatusCode: 200,
    EventStream: (async function* () {
      yield { PayloadChunk: { Payload: Buffer.from('one') } };
      yield { PayloadChunk: { Payload: Buffer.from('ü') } };
      yield { InvokeComplete: { LogResult: 'bG9n' } };
    })(),
  });
  const { EventStream } = await client.send(new InvokeWithResponseStreamCommand({ FunctionName: 'f' }));
  assert.ok(EventStream);
  const seen: unknown[] = [];
  for await (const event of EventStream) seen.push(event.PayloadChunk ? Buffer.from(event.PayloadChunk.Payload ?? []).toString() : event.InvokeComplete);
  assert.deepEqual(seen, ['one', 'ü', { LogResult: 'bG9n' }]);
});

test('awsJson1_1 streams events to the CloudWatch Logs client, an error as the last of them', async () => {
  const client = new CloudWatchLogsClient({ ...settings(), disableHostPrefix: true });
  answer = () => ({
    responseStream: (async function* () {
      yield { sessionStart: { sessionId: 's', requestId: 'r' } };
      yield { sessionUpdate: { sessionResults: [{ message: 'm', timestamp: 1 }] } };
      throw new ServiceError('SessionTimeoutException', 'over');
    })(),
  });
  const { responseStream } = await client.send(new StartLiveTailCommand({ logGroupIdentifiers: ['arn'] }));
  assert.ok(responseStream);
  const seen: unknown[] = [];
  await assert.rejects(
    async () => {
      for await (const event of responseStream) seen.push(event);
    },
    { name: 'SessionTimeoutException', message: 'over' },
  );
  assert.deepEqual(seen, [{ sessionStart: { sessionId: 's', requestId: 'r' } }, { sessionUpdate: { sessionResults: [{ message: 'm', timestamp: 1 }] } }]);
});
