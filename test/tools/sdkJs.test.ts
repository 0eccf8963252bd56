import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before } from 'node:test';
import { DescribeLogGroupsCommand, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { AttachRolePolicyCommand, CreateRoleCommand, GenerateOrganizationsAccessReportCommand, GetRoleCommand, ListAttachedRolePoliciesCommand } from '@aws-sdk/client-iam';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  ListFunctionsCommand,
  paginateListFunctions,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { createWalk } from '../support/clientWalk.ts';
import { basicExecutionPolicyArn, invoke, lambdaTrustPolicy, waitUntilUpdated } from '../support/functions.ts';
import { sdkClients, sdkConfig, type SdkClients } from '../support/sdkClients.ts';
import { expectRefusal } from '../support/serviceError.ts';
import { startTestServer, type TestServer } from '../support/testServer.ts';
import { zipFixture } from '../support/zipFolder.ts';

type Json = Record<string, unknown>;

const walk = createWalk('AWS SDK for JavaScript v3');
const roleArn = 'arn:aws:iam::000000000000:role/walk-role';
const functions = [
  { name: 'walk-python', runtime: 'python3.12', handler: 'app.handler', fixture: ['python', 'walk-hello'], errorType: 'ValueError' },
  { name: 'walk-node', runtime: 'nodejs22.x', handler: 'index.handler', fixture: ['node', 'walk-hello'], errorType: 'TypeError' },
  { name: 'walk-shell', runtime: 'provided.al2023', handler: 'bootstrap', fixture: ['custom', 'walk-shell'], errorType: 'Shell.Asked' },
] as const;

let server: TestServer;
let aws: SdkClients;
before(async () => {
  server = await startTestServer();
  aws = sdkClients(server.endpoint);
});
after(async () => {
  aws?.destroy();
  await server?.stop();
});

walk.step('sts get-caller-identity', async () => {
  const { Account, Arn } = await aws.sts.send(new GetCallerIdentityCommand({}));
  assert.deepEqual([Account, Arn], ['000000000000', 'arn:aws:iam::000000000000:root']);
});
walk.step('iam create-role', async () => {
  const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName: 'walk-role', AssumeRolePolicyDocument: lambdaTrustPolicy }));
  assert.equal(Role?.Arn, roleArn);
});
walk.step('iam get-role', async () => {
  const { Role } = await aws.iam.send(new GetRoleCommand({ RoleName: 'walk-role' }));
  assert.match(Role?.RoleId ?? '', /^AROA[A-Z0-9]{17}$/);
  // "Policies returned by this operation are URL-encoded" (IAM API reference, GetRole).
  assert.deepEqual(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')), JSON.parse(lambdaTrustPolicy));
});
walk.step('iam attach-role-policy', async () => {
  await aws.iam.send(new AttachRolePolicyCommand({ RoleName: 'walk-role', PolicyArn: basicExecutionPolicyArn }));
  const { AttachedPolicies } = await aws.iam.send(new ListAttachedRolePoliciesCommand({ RoleName: 'walk-role' }));
  assert.deepEqual(AttachedPolicies, [{ PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: basicExecutionPolicyArn }]);
});
walk.step('sts assume-role', async () => {
  const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }] };
  const made = await aws.iam.send(new CreateRoleCommand({ RoleName: 'walk-people', AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const { Credentials } = await aws.sts.send(new AssumeRoleCommand({ RoleArn: made.Role?.Arn, RoleSessionName: 'walker' }));
  const session = sdkClients(server.endpoint, {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  });
  const { Arn } = await session.sts.send(new GetCallerIdentityCommand({}));
  assert.equal(Arn, 'arn:aws:sts::000000000000:assumed-role/walk-people/walker');
  await expectRefusal(session.lambda.send(new ListFunctionsCommand({})), { name: 'AccessDeniedException', status: 403, message: /lambda:ListFunctions/ });
  session.destroy();
});

for (const { name, runtime, handler, fixture } of functions) {
  walk.step(`lambda create-function (${runtime})`, async () => {
    const made = await aws.lambda.send(
      new CreateFunctionCommand({ FunctionName: name, Runtime: runtime, Role: roleArn, Handler: handler, Code: { ZipFile: zipFixture(fixture[0], fixture[1]) } }),
    );
    assert.equal(made.FunctionArn, `arn:aws:lambda:us-east-1:000000000000:function:${name}`);
    assert.deepEqual([made.MemorySize, made.Timeout, made.Version, made.PackageType], [128, 3, '$LATEST', 'Zip']);
  });
}
walk.step('lambda wait function-active-v2', async () => {
  for (const { name } of functions) await waitUntilFunctionActiveV2({ client: aws.lambda, maxWaitTime: 30, minDelay: 1, maxDelay: 2 }, { FunctionName: name });
});
walk.step('lambda invoke', async () => {
  for (const { name } of functions) {
    const answer = await invoke(aws.lambda, name, { from: name });
    assert.deepEqual([answer.status, answer.functionError, answer.executedVersion], [200, undefined, '$LATEST'], answer.text);
    const { event, functionName, memory, requestId } = answer.payload as Json;
    assert.deepEqual([event, functionName, memory], [{ from: name }, name, 128]);
    assert.equal(requestId, answer.requestId, 'the request id of the invocation is the one the client sees');
  }
});
walk.step('lambda invoke --log-type Tail', async () => {
  for (const { name } of functions) {
    const { logTail, requestId } = await invoke(aws.lambda, name, { from: 'tail' }, { LogType: 'Tail' });
    assert.match(logTail, new RegExp(`START RequestId: ${requestId} Version: \\$LATEST\n[^]*END RequestId: ${requestId}\nREPORT RequestId: ${requestId}\t`));
  }
});
walk.step('lambda invoke, function error', async () => {
  for (const { name, errorType } of functions) {
    const { functionError, payload } = await invoke(aws.lambda, name, { fail: true });
    const { errorMessage, errorType: seen } = payload as Json;
    assert.deepEqual([functionError, errorMessage, seen], ['Unhandled', 'asked to fail', errorType]);
  }
});
walk.step('lambda get-function', async () => {
  const { Configuration, Code } = await aws.lambda.send(new GetFunctionCommand({ FunctionName: 'walk-node' }));
  assert.deepEqual([Configuration?.State, Configuration?.LastUpdateStatus, Code?.RepositoryType], ['Active', 'Successful', 'S3']);
});
walk.step('lambda list-functions', async () => {
  const names: (string | undefined)[] = [];
  for await (const page of paginateListFunctions({ client: aws.lambda, pageSize: 1 }, {})) {
    for (const item of page.Functions ?? []) names.push(item.FunctionName);
  }
  assert.deepEqual(names.sort(), functions.map(({ name }) => name).sort());
});
walk.step('lambda update-function-configuration', async () => {
  for (const { name } of functions) {
    await aws.lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: name, Environment: { Variables: { GREETING: 'hello' } }, MemorySize: 256, Timeout: 10 }),
    );
    await waitUntilUpdated(aws.lambda, name);
    const { greeting, memory } = (await invoke(aws.lambda, name)).payload as Json;
    assert.deepEqual([greeting, memory], ['hello', 256]);
  }
});
walk.step('lambda update-function-code', async () => {
  await aws.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'walk-node', ZipFile: zipFixture('node', 'walk-changed') }));
  await waitUntilUpdated(aws.lambda, 'walk-node');
  assert.deepEqual((await invoke(aws.lambda, 'walk-node')).payload, { changed: true });
});
walk.step('logs describe-log-groups', async () => {
  const { logGroups = [] } = await aws.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/aws/lambda/walk-' }));
  assert.deepEqual(logGroups.map((group) => group.logGroupName).sort(), functions.map(({ name }) => `/aws/lambda/${name}`).sort());
});
walk.step('logs filter-log-events', async () => {
  const messages: string[] = [];
  const filter = { logGroupName: '/aws/lambda/walk-node', filterPattern: '"walk-hello got"' };
  for await (const page of paginateFilterLogEvents({ client: aws.logs }, filter)) for (const event of page.events ?? []) messages.push(event.message ?? '');
  assert.ok(messages.length >= 3, messages.join('\n'));
  // A Node.js line as AWS writes it: time, request id, level, text, separated by tabs.
  for (const message of messages) assert.match(message, /^\d{4}-\d\d-\d\dT[\d:.]+Z\t[0-9a-f-]{36}\tINFO\twalk-hello got \{/);
});
walk.absent('logs tail');
walk.absent('logs tail --follow');
const queue: { client?: SQSClient; url?: string | undefined; handle?: string | undefined } = {};
const sqs = (): SQSClient => (queue.client ??= new SQSClient(sdkConfig(server.endpoint)));
after(() => queue.client?.destroy());
walk.step('sqs create-queue', async () => {
  queue.url = (await sqs().send(new CreateQueueCommand({ QueueName: 'walk-queue', Attributes: { VisibilityTimeout: '60' }, tags: { walk: 'yes' } }))).QueueUrl;
  assert.equal(queue.url, `${server.endpoint}/000000000000/walk-queue`);
});
walk.step('sqs send-message', async () => {
  const MessageAttributes = { city: { DataType: 'String', StringValue: '서울' } };
  const sent = await sqs().send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: '하늘 & <sky>', MessageAttributes }));
  assert.equal(sent.MD5OfMessageBody, createHash('md5').update('하늘 & <sky>').digest('hex'));
});
walk.step('sqs receive-message', async () => {
  const { Messages: [message] = [] } = await sqs().send(new ReceiveMessageCommand({ QueueUrl: queue.url, WaitTimeSeconds: 5, MessageAttributeNames: ['All'] }));
  queue.handle = message?.ReceiptHandle;
  assert.deepEqual([message?.Body, message?.MessageAttributes?.['city']?.StringValue], ['하늘 & <sky>', '서울']);
});
walk.step('sqs delete-message', async () => {
  await sqs().send(new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle: queue.handle }));
  const { Attributes = {} } = await sqs().send(new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] }));
  assert.deepEqual(Attributes, { ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' });
});
walk.step('error: no such queue', async () => {
  await expectRefusal(sqs().send(new GetQueueUrlCommand({ QueueName: 'absent' })), { name: /NonExistentQueue|QueueDoesNotExist/, status: 400, message: /The specified queue does not exist/ });
});
walk.step('error: no such function', async () => {
  const error = await expectRefusal(aws.lambda.send(new GetFunctionCommand({ FunctionName: 'absent' })), {
    name: 'ResourceNotFoundException',
    status: 404,
    message: 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:absent',
  });
  assert.deepEqual([error['Type'], error.$fault], ['User', 'client']);
});
walk.step('error: invalid parameter', async () => {
  await expectRefusal(aws.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'walk-python', Timeout: 901 })), {
    name: 'ValidationException',
    status: 400,
    message: /Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900/,
  });
});
walk.step('error: no such role', async () => {
  await expectRefusal(aws.iam.send(new GetRoleCommand({ RoleName: 'absent' })), {
    name: 'NoSuchEntityException',
    status: 404,
    message: 'The role with name absent cannot be found.',
  });
});
walk.step('not implemented: an operation of iam (query)', async () => {
  const asked = aws.iam.send(new GenerateOrganizationsAccessReportCommand({ EntityPath: 'o-a1b2c3d4e5/r-f6g7' }));
  await expectRefusal(asked, { name: /./, status: 501, message: /GenerateOrganizationsAccessReport/ });
});
walk.step('not implemented: dynamodb (json)', async () => {
  const dynamodb = new DynamoDBClient(sdkConfig(server.endpoint));
  await expectRefusal(dynamodb.send(new ListTablesCommand({})), { name: /./, status: 501, message: /ListTables/ });
  dynamodb.destroy();
});
walk.step('lambda delete-function', async () => {
  for (const { name } of functions) await aws.lambda.send(new DeleteFunctionCommand({ FunctionName: name }));
  const { Functions } = await aws.lambda.send(new ListFunctionsCommand({}));
  assert.deepEqual(Functions, []);
});
