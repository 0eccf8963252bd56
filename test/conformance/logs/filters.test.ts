// What follows a log group: subscription and metric filters, exports, and the policies that let services write.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html, …/SubscriptionFilters.html, …/S3Export.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import {
  AssociateKmsKeyCommand,
  CreateDeliveryCommand,
  DescribeDeliveriesCommand,
  DescribeAccountPoliciesCommand,
  GetQueryResultsCommand,
  PutDataProtectionPolicyCommand,
  PutTransformerCommand,
  CancelExportTaskCommand,
  CreateExportTaskCommand,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteMetricFilterCommand,
  DeleteResourcePolicyCommand,
  DeleteSubscriptionFilterCommand,
  DescribeDestinationsCommand,
  DescribeExportTasksCommand,
  DescribeMetricFiltersCommand,
  DescribeResourcePoliciesCommand,
  DescribeSubscriptionFiltersCommand,
  FilterLogEventsCommand,
  PutDestinationCommand,
  PutLogEventsCommand,
  PutMetricFilterCommand,
  PutResourcePolicyCommand,
  PutSubscriptionFilterCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { AddPermissionCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, GetObjectCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { createFunction, uniqueName } from '../../support/functions.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const account = '000000000000';

async function createGroup(logGroupName = uniqueName('/test/group')) {
  const { logs } = scene().aws;
  const logStreamName = 'one/two';
  await logs.send(new CreateLogGroupCommand({ logGroupName }));
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  const put = (...messages: string[]) => logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents: messages.map((message) => ({ timestamp: Date.now(), message })) }));
  return { logGroupName, put };
}

/** Looks until there is something. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('what was waited for has not come');
}

suite('filters', () => {
  test('forward events to a function that lets the service in', { timeout: 60_000 }, async () => {
    const { aws, roleArn } = scene();
    const { logGroupName, put } = await createGroup();
    const code = "import { gunzipSync } from 'node:zlib'; export const handler = async ({ awslogs }) => { const m = JSON.parse(gunzipSync(Buffer.from(awslogs.data, 'base64')).toString()); console.log(`GOT ${m.messageType} ${m.owner} ${m.logStream} ${m.subscriptionFilters} ${m.logEvents.map((e) => e.message)}`); };";
    const FunctionName = await createFunction(aws.lambda, { Role: roleArn, Runtime: 'nodejs20.x', files: { 'index.mjs': code } });
    const destinationArn = `arn:aws:lambda:us-east-1:${account}:function:${FunctionName}`;
    const filter = { logGroupName, filterName: 'errors', filterPattern: '{ $.level = "ERROR" }', destinationArn };
    await expectRefusal(aws.logs.send(new PutSubscriptionFilterCommand(filter)), { name: 'InvalidParameterException', status: 400, message: 'Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.' });
    // The older of the two principals.
    await aws.lambda.send(new AddPermissionCommand({ FunctionName, StatementId: 'logs', Action: 'lambda:InvokeFunction', Principal: 'logs.us-east-1.amazonaws.com', SourceArn: `arn:aws:logs:us-east-1:${account}:log-group:${logGroupName}:*`, SourceAccount: account }));
    await aws.logs.send(new PutSubscriptionFilterCommand(filter));
    const { subscriptionFilters = [] } = await aws.logs.send(new DescribeSubscriptionFiltersCommand({ logGroupName }));
    assert.deepEqual(subscriptionFilters.map(({ filterName, distribution, destinationArn: arn }) => [filterName, distribution, arn]), [['errors', 'ByLogStream', destinationArn]]);
    await put('{"level":"INFO"}', '{"level":"ERROR","n":1}');
    const line = await until(async () => {
      const { events = [] } = await aws.logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${FunctionName}`, filterPattern: 'GOT' })).catch(() => ({ events: [] }));
      return events[0]?.message;
    });
    assert.match(line, new RegExp(`GOT DATA_MESSAGE ${account} one/two errors \\{"level":"ERROR","n":1\\}`));
    await aws.logs.send(new DeleteSubscriptionFilterCommand({ logGroupName, filterName: 'errors' }));
  });
  test('count in CloudWatch', { timeout: 60_000 }, async () => {
    const { aws, server } = scene();
    const cloudWatch = new CloudWatchClient(sdkConfig(server.endpoint));
    const { logGroupName, put } = await createGroup();
    const metricNamespace = uniqueName('App');
    await aws.logs.send(new PutMetricFilterCommand({ logGroupName, filterName: 'ms', filterPattern: '{ $.ms > 0 }', metricTransformations: [{ metricName: 'Ms', metricNamespace, metricValue: '$.ms', dimensions: { Path: '$.path' }, unit: 'Milliseconds' }] }));
    await put('{"ms":10,"path":"/a"}', '{"ms":30,"path":"/a"}', '{"ms":7,"path":"/b"}', 'other');
    const statistics = async (Namespace: string, MetricName: string, name: string, value: string) => {
      const range = { StartTime: new Date(Date.now() - 7_200_000), EndTime: new Date(Date.now() + 7_200_000), Period: 86_400 };
      const { Datapoints = [] } = await cloudWatch.send(new GetMetricStatisticsCommand({ Namespace, MetricName, Dimensions: [{ Name: name, Value: value }], Statistics: ['Sum', 'Maximum'], ...range }));
      return Datapoints.length === 0 ? undefined : [Datapoints.reduce((sum, point) => sum + (point.Sum ?? 0), 0), Math.max(...Datapoints.map((point) => point.Maximum ?? 0))];
    };
    assert.deepEqual(await until(() => statistics(metricNamespace, 'Ms', 'Path', '/a')), [40, 30]);
    assert.deepEqual(await until(() => statistics('AWS/Logs', 'IncomingLogEvents', 'LogGroupName', logGroupName)), [4, 4]);
    const { metricFilters = [] } = await aws.logs.send(new DescribeMetricFiltersCommand({ metricName: 'Ms', metricNamespace }));
    assert.deepEqual(metricFilters.map(({ filterName }) => filterName), ['ms']);
    await aws.logs.send(new DeleteMetricFilterCommand({ logGroupName, filterName: 'ms' }));
    await expectRefusal(aws.logs.send(new DeleteMetricFilterCommand({ logGroupName, filterName: 'ms' })), { name: 'ResourceNotFoundException', status: 400 });
    cloudWatch.destroy();
  });
});

suite('exports', () => {
  test('write packed files where the bucket lets the service', { timeout: 60_000 }, async () => {
    const { aws } = scene();
    const { logGroupName, put } = await createGroup();
    await put('first', 'second');
    const destination = uniqueName('exports').toLowerCase();
    await aws.s3.send(new CreateBucketCommand({ Bucket: destination }));
    const task = { logGroupName, destination, destinationPrefix: 'logs', from: Date.now() - 3_600_000, to: Date.now() + 60_000 };
    await expectRefusal(aws.logs.send(new CreateExportTaskCommand(task)), { name: 'InvalidParameterException', status: 400, message: 'GetBucketAcl call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to perform this operation.' });
    // The policy of the guide, step 3.
    const Principal = { Service: 'logs.us-east-1.amazonaws.com' };
    const source = { StringEquals: { 'aws:SourceAccount': [account] }, ArnLike: { 'aws:SourceArn': [`arn:aws:logs:us-east-1:${account}:log-group:*`] } };
    const Statement = [
      { Action: 's3:GetBucketAcl', Effect: 'Allow', Resource: `arn:aws:s3:::${destination}`, Principal, Condition: source },
      { Action: 's3:PutObject', Effect: 'Allow', Resource: `arn:aws:s3:::${destination}/*`, Principal, Condition: { ...source, StringEquals: { ...source.StringEquals, 's3:x-amz-acl': 'bucket-owner-full-control' } } },
    ];
    await aws.s3.send(new PutBucketPolicyCommand({ Bucket: destination, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }));
    const { taskId } = await aws.logs.send(new CreateExportTaskCommand(task));
    const done = await until(async () => (await aws.logs.send(new DescribeExportTasksCommand({ taskId }))).exportTasks?.find(({ status }) => status?.code !== 'PENDING' && status?.code !== 'RUNNING'));
    assert.equal(done.status?.code, 'COMPLETED');
    const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket: destination, Key: `logs/${taskId}/one-two/000000.gz` }));
    const text = gunzipSync((await Body?.transformToByteArray()) ?? new Uint8Array()).toString();
    assert.deepEqual(text.split('\n').map((line) => line.split(' ')[1] ?? ''), ['first', 'second', '']);
    await expectRefusal(aws.logs.send(new CancelExportTaskCommand({ taskId })), { name: 'InvalidOperationException', status: 400, message: 'The specified export task has already finished' });
  });
});

suite('resource policies', () => {
  test('let EventBridge write to a group', { timeout: 60_000 }, async () => {
    const { aws, server } = scene();
    const events = new EventBridgeClient(sdkConfig(server.endpoint));
    const { logGroupName } = await createGroup(uniqueName('/aws/events/orders'));
    const source = uniqueName('shop');
    const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: ['events.amazonaws.com', 'delivery.logs.amazonaws.com'] }, Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: `arn:aws:logs:us-east-1:${account}:log-group:/aws/events/*:*` }] });
    const { resourcePolicy } = await aws.logs.send(new PutResourcePolicyCommand({ policyName: source, policyDocument }));
    assert.equal(resourcePolicy?.policyName, source);
    assert.ok((await aws.logs.send(new DescribeResourcePoliciesCommand({}))).resourcePolicies?.some(({ policyName }) => policyName === source));
    await events.send(new PutRuleCommand({ Name: source, EventPattern: JSON.stringify({ source: [source] }) }));
    await events.send(new PutTargetsCommand({ Rule: source, Targets: [{ Id: 'log', Arn: `arn:aws:logs:us-east-1:${account}:log-group:${logGroupName}` }] }));
    await events.send(new PutEventsCommand({ Entries: [{ Source: source, DetailType: 'order', Detail: '{"id":7}' }] }));
    const event = await until(async () => (await aws.logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern: '{ $.detail.id = 7 }' }))).events?.[0]);
    assert.equal((JSON.parse(event.message ?? '{}') as { source?: string }).source, source);
    await aws.logs.send(new DeleteResourcePolicyCommand({ policyName: source }));
    await expectRefusal(aws.logs.send(new DeleteResourcePolicyCommand({ policyName: source })), { name: 'ResourceNotFoundException', status: 400 });
    events.destroy();
  });
  test('and what is not here is refused by name', async () => {
    const { logs } = scene().aws;
    assert.deepEqual((await logs.send(new DescribeDestinationsCommand({}))).destinations, []);
    await expectRefusal(logs.send(new PutDestinationCommand({ destinationName: 'd', roleArn: `arn:aws:iam::${account}:role/r`, targetArn: `arn:aws:kinesis:us-east-1:${account}:stream/s` })), { name: 'InvalidParameterException', status: 400, message: /Kinesis stream/ });
    await expectRefusal(logs.send(new AssociateKmsKeyCommand({ logGroupName: '/none', kmsKeyId: 'k' })), { name: 'InvalidParameterException', status: 400, message: /KMS key is not supported/ });
    await expectRefusal(logs.send(new CreateDeliveryCommand({ deliverySourceName: 'd', deliveryDestinationArn: `arn:aws:logs:us-east-1:${account}:delivery-destination:d` })), { name: 'InvalidParameterException', message: 'Vended log delivery is not supported.' });
    await expectRefusal(logs.send(new PutDataProtectionPolicyCommand({ logGroupIdentifier: 'g', policyDocument: '{}' })), { name: 'InvalidParameterException', message: 'Data protection is not supported.' });
    await expectRefusal(logs.send(new PutTransformerCommand({ logGroupIdentifier: 'g', transformerConfig: [{ parseJSON: {} }] })), { name: 'InvalidParameterException', message: 'Transformation of log events is not supported.' });
    assert.deepEqual((await logs.send(new DescribeDeliveriesCommand({}))).deliveries, []);
    assert.deepEqual((await logs.send(new DescribeAccountPoliciesCommand({ policyType: 'SUBSCRIPTION_FILTER_POLICY' }))).accountPolicies, []);
    await expectRefusal(logs.send(new GetQueryResultsCommand({ queryId: 'none' })), { name: 'ResourceNotFoundException', status: 400 });
  });
});
