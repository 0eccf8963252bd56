// What Haneul does not do yet is answered as such, in the protocol of the service: a client sees a proper error, not a crash of
// its parser, and does not retry.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DynamoDBClient, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DisableOrganizationsRootSessionsCommand } from '@aws-sdk/client-iam';
import { CloudWatchLogsClient, DescribeConfigurationTemplatesCommand } from '@aws-sdk/client-cloudwatch-logs';
import { requestHead, sendOne, type RawAnswer } from '../support/rawHttp.ts';
import { sdkConfig } from '../support/sdkClients.ts';
import { expectRefusal } from '../support/serviceError.ts';
import { useServer } from '../support/useServer.ts';

const scene = useServer();

test('REST JSON (API Gateway)', async () => {
  const answer = await sendOne(portOf(scene().server.endpoint), requestHead('GET /restapis', 'apigateway'));
  assert.equal(answer.status, 501, answer.body);
  assert.match(answer.body, /apigateway:GetRestApis/);
});
test('query (IAM)', async () => {
  const { aws } = scene();
  await expectRefusal(aws.iam.send(new DisableOrganizationsRootSessionsCommand({})), { name: 'NotImplemented', status: 501, message: /iam:DisableOrganizationsRootSessions/ });
});
test('JSON 1.1 (CloudWatch Logs)', async () => {
  await expectRefusal(scene().aws.logs.send(new DescribeConfigurationTemplatesCommand({})), { name: 'NotImplemented', status: 501, message: /logs:DescribeConfigurationTemplates/ });
});
test('JSON 1.0 of services that are absent altogether (DynamoDB)', async () => {
  const config = sdkConfig(scene().server.endpoint);
  const dynamodb = new DynamoDBClient(config);
  await expectRefusal(dynamodb.send(new ListTablesCommand({})), { name: 'NotImplemented', status: 501, message: /dynamodb:ListTables/ });
  await expectRefusal(dynamodb.send(new PutItemCommand({ TableName: 't', Item: { id: { S: '1' } } })), { name: 'NotImplemented', status: 501, message: /dynamodb:PutItem/ });
  dynamodb.destroy();
});
test('a refusal is not retried', async () => {
  const logs = new CloudWatchLogsClient({ ...sdkConfig(scene().server.endpoint), maxAttempts: 3 });
  const error = await expectRefusal(logs.send(new DescribeConfigurationTemplatesCommand({})), { name: 'NotImplemented', status: 501 });
  assert.equal((error.$metadata as { attempts?: number }).attempts, 1);
  logs.destroy();
});
test('query of old clients (CloudFormation)', async () => {
  for (const [service, body] of [['cloudformation', 'Action=ListStacks&Version=2010-05-15']] as const) {
    const answer = await post(service, body);
    assert.equal(answer.status, 501, answer.body);
    assert.match(answer.body, /<ErrorResponse[^]*<Error>[^]*<Code>NotImplemented<\/Code>[^]*<RequestId>[0-9a-f-]{36}<\/RequestId>/);
  }
});
test('REST XML (CloudFront)', async () => {
  const answer = await sendOne(portOf(scene().server.endpoint), requestHead('GET /2020-05-31/distribution', 'cloudfront'));
  assert.equal(answer.status, 501, answer.body);
  assert.match(answer.body, /<Error>[^]*<Code>NotImplemented<\/Code>/);
});

function post(service: string, body: string): Promise<RawAnswer> {
  const head = requestHead('POST /', service, { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8', 'Content-Length': body.length });
  return sendOne(portOf(scene().server.endpoint), head + body);
}

function portOf(endpoint: string): number {
  return Number(new URL(endpoint).port);
}
