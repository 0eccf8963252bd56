// Metrics: users' own, and those of functions, through the client's CBOR and through the query protocol of older ones.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CloudWatchClient, GetMetricDataCommand, GetMetricStatisticsCommand, ListMetricsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { createFunction, invoke } from '../../support/functions.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

let client: CloudWatchClient;
const scene = useServer({}, async ({ server }) => {
  client = new CloudWatchClient(sdkConfig(server.endpoint));
});
after(() => client.destroy());

const lastHour = (): { StartTime: Date; EndTime: Date } => {
  const nowMs = scene().server.clock.now();
  return { StartTime: new Date(nowMs - 3_600_000), EndTime: new Date(nowMs + 60_000) };
};

test('what is put is listed, counted and computed with', async () => {
  const Dimensions = [{ Name: 'Store', Value: 'Seoul' }];
  await client.send(new PutMetricDataCommand({ Namespace: 'Shop', MetricData: [{ MetricName: 'Orders', Dimensions, Values: [1, 2, 3], Counts: [1, 1, 2], Unit: 'Count' }] }));
  const { Metrics } = await client.send(new ListMetricsCommand({ Namespace: 'Shop' }));
  assert.deepEqual(Metrics, [{ Namespace: 'Shop', MetricName: 'Orders', Dimensions }]);
  const asked = { Namespace: 'Shop', MetricName: 'Orders', Dimensions, Period: 3_600, ...lastHour() };
  const { Datapoints: [point] = [] } = await client.send(new GetMetricStatisticsCommand({ ...asked, Statistics: ['Sum', 'SampleCount'], ExtendedStatistics: ['p99'] }));
  assert.deepEqual([point?.Sum, point?.SampleCount, point?.Unit, point?.ExtendedStatistics], [9, 4, 'Count', { p99: 3 }]);
  const { MetricDataResults: [result] = [] } = await client.send(
    new GetMetricDataCommand({
      MetricDataQueries: [
        { Id: 'orders', MetricStat: { Metric: { Namespace: 'Shop', MetricName: 'Orders', Dimensions }, Period: 60, Stat: 'Sum' }, ReturnData: false },
        { Id: 'twice', Expression: 'orders * 2', Label: 'Twice' },
      ],
      ...lastHour(),
    }),
  );
  assert.deepEqual([result?.Id, result?.Label, result?.Values, result?.StatusCode], ['twice', 'Twice', [18], 'Complete']);
  await expectRefusal(client.send(new PutMetricDataCommand({ Namespace: 'AWS/Lambda', MetricData: [{ MetricName: 'Errors', Value: 1 }] })), { name: /InvalidParameterValue/, status: 400 });
});

test('functions tell their invocations, errors and durations', async () => {
  const { aws, roleArn } = scene();
  const FunctionName = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': 'exports.handler = async (event) => { if (event.fail) throw new Error("no"); };' } });
  await invoke(aws.lambda, FunctionName);
  await invoke(aws.lambda, FunctionName, { fail: true });
  const sum = async (MetricName: string): Promise<number> => {
    const { Datapoints = [] } = await client.send(
      new GetMetricStatisticsCommand({ Namespace: 'AWS/Lambda', MetricName, Dimensions: [{ Name: 'FunctionName', Value: FunctionName }], Period: 60, ...lastHour(), Statistics: ['Sum'] }),
    );
    return Datapoints.reduce((total, { Sum = 0 }) => total + Sum, 0);
  };
  assert.deepEqual([await sum('Invocations'), await sum('Errors'), await sum('Throttles'), (await sum('Duration')) > 0], [2, 1, 0, true]);
  await invoke(aws.lambda, FunctionName, {}, { InvocationType: 'Event' });
  while ((await sum('AsyncEventsReceived')) === 0) await new Promise(setImmediate);
  assert.equal(await sum('AsyncEventsReceived'), 1);
  const { Metrics = [] } = await client.send(new ListMetricsCommand({ Namespace: 'AWS/Lambda', MetricName: 'Invocations', Dimensions: [{ Name: 'FunctionName', Value: FunctionName }] }));
  assert.deepEqual(Metrics.map(({ Dimensions = [] }) => Dimensions.map(({ Name }) => Name)).sort((a, b) => a.length - b.length), [['FunctionName'], ['FunctionName', 'Resource']]);
});

test('the query protocol puts and reads the same metrics', async () => {
  const { server } = scene();
  const send = async (form: Record<string, string>): Promise<string> => {
    const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', 'x-amz-date': date, authorization: `AWS4-HMAC-SHA256 Credential=test/${date.slice(0, 8)}/us-east-1/monitoring/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}` };
    const answer = await fetch(server.endpoint, { method: 'POST', headers, body: new URLSearchParams({ Version: '2010-08-01', ...form }) });
    return answer.text();
  };
  const put = { Action: 'PutMetricData', Namespace: 'Old', 'MetricData.member.1.MetricName': 'Calls', 'MetricData.member.1.Value': '7', 'MetricData.member.1.Unit': 'Count' };
  assert.match(await send(put), /<PutMetricDataResponse/);
  assert.match(await send({ Action: 'ListMetrics', Namespace: 'Old' }), /<MetricName>Calls<\/MetricName>/);
  assert.match(await send({ ...put, Namespace: 'AWS/Lambda' }), /<Code>InvalidParameterValue<\/Code>/);
});
