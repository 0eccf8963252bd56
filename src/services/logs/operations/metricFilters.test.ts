import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';
import type { TestLogs } from '../testLogs.ts';

const logGroupName = '/app';
const logStreamName = 'one';
const metric = { metricName: 'latency', metricNamespace: 'App', metricValue: '1' };

async function prepare(): Promise<TestLogs> {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName });
  await logs.run('CreateLogStream', { logGroupName, logStreamName });
  return logs;
}

const filter = (logs: TestLogs, filterPattern: string, more: object = {}, filterName = 'f') => logs.run('PutMetricFilter', { logGroupName, filterName, filterPattern, metricTransformations: [{ ...metric, ...more }] });

async function record(logs: TestLogs, ...messages: string[]) {
  logs.recorded.length = 0;
  await logs.run('PutLogEvents', { logGroupName, logStreamName, logEvents: messages.map((message) => ({ timestamp: logs.clock.now(), message })) });
  assert.deepEqual(await logs.forward(), []);
  return logs.recorded.map(({ value, dimensions, unit }) => ({ value, dimensions, unit }));
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
test('putMetricFilter publishes a number for every event that matches', async () => {
  const logs = await prepare();
  await filter(logs, 'ERROR', { unit: 'Count' });
  assert.deepEqual(await record(logs, 'ERROR a', 'INFO', 'ERROR b'), [{ value: 1, dimensions: {}, unit: 'Count' }, { value: 1, dimensions: {}, unit: 'Count' }]);
  assert.deepEqual([logs.recorded[0]?.namespace, logs.recorded[0]?.name, logs.recorded[0]?.at], ['App', 'latency', logs.clock.now()]);
});

test('putMetricFilter reads values and dimensions from JSON', async () => {
  const logs = await prepare();
  await filter(logs, '{ $.latency = * }', { metricValue: '$.latency', dimensions: { Path: '$.path', Code: '$.code' }, unit: 'Milliseconds' });
  const found = await record(logs, '{"latency": 12.5, "path": "/a", "code": 200}', '{"latency": "7", "path": "/b", "code": 500}', '{"latency": 1, "path": "/c"}', '{"latency": "slow", "path": "/c", "code": 1}');
  assert.deepEqual(found, [{ value: 12.5, dimensions: { Path: '/a', Code: '200' }, unit: 'Milliseconds' }, { value: 7, dimensions: { Path: '/b', Code: '500' }, unit: 'Milliseconds' }]);
});

test('putMetricFilter reads values from fields', async () => {
  const logs = await prepare();
  await filter(logs, '[ip, status = 4*, bytes]', { metricValue: '$bytes', dimensions: { Ip: '$ip' } });
  assert.deepEqual(await record(logs, '10.0.0.1 404 120', '10.0.0.1 200 9'), [{ value: 120, dimensions: { Ip: '10.0.0.1' }, unit: 'None' }]);
});

test('putMetricFilter publishes the default value when the minute is over and nothing has matched', async () => {
  const logs = await prepare();
  await filter(logs, 'ERROR', { defaultValue: 0 });
  assert.deepEqual(await record(logs, 'INFO'), []);
  logs.clock.advance(60_000);
  assert.deepEqual(logs.recorded.map(({ value }) => value), [0]);
  assert.deepEqual(await record(logs, 'INFO', 'ERROR'), [{ value: 1, dimensions: {}, unit: 'None' }]);
  logs.clock.advance(60_000);
  assert.equal(logs.recorded.length, 1);
  await record(logs, 'INFO');
  logs.following.close();
  assert.deepEqual(logs.recorded.map(({ value }) => value), [0]);
});

test('putMetricFilter refuses transformations that cannot be', async () => {
  const logs = await prepare();
  const refuse = (pattern: string, more: object, message: RegExp) => assert.rejects(filter(logs, pattern, more), { code: 'InvalidParameterException', message });
  await refuse('ERROR', { metricValue: '$.latency' }, /names no field/);
  await refuse('ERROR', { metricValue: 'many' }, /must be a number/);
  await refuse('{ $.a = 1 }', { dimensions: { A: '$.a' }, defaultValue: 1 }, /mutually exclusive/);
  await refuse('{ $.a = 1 }', { dimensions: { A: '$.a', B: '$.a', C: '$.a', D: '$.a' } }, /at most 3 dimensions/);
  await refuse('{ $.a = 1 }', { dimensions: { A: '$.a[' } }, /Invalid filter pattern/);
  await refuse('ERROR', { metricNamespace: 'AWS/Logs' }, /reserved/);
  await refuse('ERROR', { metricName: '' }, /must not be empty/);
  await refuse('{ $.a', {}, /Invalid filter pattern/);
});

test('describeMetricFilters finds filters by group, prefix and metric, and deleteMetricFilter takes them away', async () => {
  const logs = await prepare();
  await logs.run('CreateLogGroup', { logGroupName: '/b' });
  await filter(logs, 'ERROR', {}, 'one');
  await filter(logs, '', { metricName: 'other', defaultValue: 0 }, 'two');
  await logs.run('PutMetricFilter', { logGroupName: '/b', filterName: 'one', filterPattern: 'x', metricTransformations: [metric] });
  const names = async (input: object) => ((await logs.run('DescribeMetricFilters', input)).metricFilters ?? []).map((found) => `${found.logGroupName} ${found.filterName}`);
  assert.deepEqual(await names({ logGroupName }), ['/app one', '/app two']);
  assert.deepEqual(await names({ filterNamePrefix: 'o' }), ['/app one', '/b one']);
  assert.deepEqual(await names({ metricName: 'latency', metricNamespace: 'App' }), ['/app one', '/b one']);
  await assert.rejects(names({ metricName: 'latency' }), { code: 'InvalidParameterException' });
  const { metricFilters = [], nextToken } = await logs.run('DescribeMetricFilters', { limit: 1 });
  assert.deepEqual(metricFilters[0]?.metricTransformations, [{ ...metric, unit: 'None' }]);
  assert.deepEqual(await names({ nextToken }), ['/app two', '/b one']);
  assert.equal((await logs.run('DescribeLogGroups', {})).logGroups?.[0]?.metricFilterCount, 2);
  await logs.run('DeleteMetricFilter', { logGroupName, filterName: 'one' });
  await assert.rejects(logs.run('DeleteMetricFilter', { logGroupName, filterName: 'one' }), { code: 'ResourceNotFoundException', message: 'The specified metric filter does not exist.' });
  assert.equal((await logs.run('DescribeLogGroups', {})).logGroups?.[0]?.metricFilterCount, 1);
});

test('putMetricFilter allows a hundred in a group', async () => {
  const logs = createTestLogs({ weak: false });
  await logs.run('CreateLogGroup', { logGroupName });
  for (let at = 0; at < 100; at += 1) await filter(logs, 'ERROR', {}, `f${at}`);
  await filter(logs, 'ERROR', { metricValue: '2' }, 'f1');
  await assert.rejects(filter(logs, 'ERROR', {}, 'f100'), { code: 'LimitExceededException' });
});
