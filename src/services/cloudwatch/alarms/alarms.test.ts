import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PutMetricAlarmInput } from '@aws-sdk/client-cloudwatch';
import { decodeTopicMessage } from '../../../ports/topicMessage.ts';
import { createTestCloudWatch } from '../testing/testCloudWatch.ts';
import type { TestCloudWatch } from '../testing/testCloudWatch.ts';

const minute = 60_000;
const topic = 'arn:aws:sns:us-east-1:000000000000:alerts';
const pager = 'arn:aws:lambda:us-east-1:000000000000:function:pager';

const onErrors = (more: Partial<PutMetricAlarmInput> = {}): PutMetricAlarmInput => ({
  AlarmName: 'errors',
  Namespace: 'Shop',
  MetricName: 'Errors',
  Statistic: 'Sum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 0,
  ComparisonOperator: 'GreaterThanThreshold',
  ...more,
});

const fail = ({ run }: TestCloudWatch, Value = 1) => run('PutMetricData', { Namespace: 'Shop', MetricData: [{ MetricName: 'Errors', Value }] });

async function stateOf({ run }: TestCloudWatch, name = 'errors'): Promise<string | undefined> {
  const { MetricAlarms = [], CompositeAlarms = [] } = await run('DescribeAlarms', { AlarmNames: [name] });
  return [...MetricAlarms, ...CompositeAlarms][0]?.StateValue;
}

test('PutMetricAlarm looks at its metric every minute, calls topics and functions, and tells EventBridge', async () => {
  const bench = createTestCloudWatch();
  await bench.run('PutMetricAlarm', onErrors({ AlarmDescription: 'any', AlarmActions: [topic, pager], OKActions: [topic], TreatMissingData: 'notBreaching' }));
  assert.equal(await stateOf(bench), 'INSUFFICIENT_DATA');
  await bench.advance(minute);
  assert.equal(await stateOf(bench), 'OK');
  bench.sent.length = bench.events.length = 0;
  await fail(bench, 3);
  await bench.advance(minute);
  assert.equal(await stateOf(bench), 'ALARM');
  assert.deepEqual(bench.sent.map(({ target, callingPrincipal, sourceArn }) => [target, callingPrincipal, sourceArn]), [
    [topic, 'cloudwatch.amazonaws.com', 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors'],
    [pager, 'lambda.alarms.cloudwatch.amazonaws.com', 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors'],
  ]);
  const { subject, message } = decodeTopicMessage(bench.sent[0]?.payload ?? new Uint8Array());
  assert.equal(subject, 'ALARM: "errors" in US East (N. Virginia)');
  const mail = JSON.parse(message) as { NewStateValue: string; OldStateValue: string; Trigger: { Statistic: string } };
  assert.deepEqual([mail.NewStateValue, mail.OldStateValue, mail.Trigger.Statistic], ['ALARM', 'OK', 'SUM']);
  const event = JSON.parse(Buffer.from(bench.sent[1]?.payload ?? '').toString('utf8')) as { alarmData: { state: { value: string } } };
  assert.equal(event.alarmData.state.value, 'ALARM');
  const [told] = bench.events;
  assert.deepEqual([told?.detailType, (told?.detail as { previousState: { value: string } }).previousState.value], ['CloudWatch Alarm State Change', 'OK']);
  await bench.advance(4 * minute);
  assert.equal(await stateOf(bench), 'OK');
  assert.equal(bench.sent.length, 3);
  const { AlarmHistoryItems = [] } = await bench.run('DescribeAlarmHistory', { AlarmName: 'errors', HistoryItemType: 'StateUpdate' });
  assert.deepEqual(AlarmHistoryItems.map(({ HistorySummary }) => HistorySummary), ['Alarm updated from ALARM to OK', 'Alarm updated from OK to ALARM', 'Alarm updated from INSUFFICIENT_DATA to OK']);
});

test('PutMetricAlarm sees what a jump of the clock has passed over', async () => {
  const bench = createTestCloudWatch();
  await bench.run('PutMetricAlarm', onErrors({ TreatMissingData: 'notBreaching', AlarmActions: [topic], OKActions: [pager] }));
  await fail(bench);
  bench.clock.advance(60 * minute);
  await bench.advance(0);
  assert.deepEqual(bench.sent.map(({ target }) => target), [topic, pager]);
  assert.equal(await stateOf(bench), 'OK');
});

test('PutMetricAlarm judges an expression over metrics', async () => {
  const bench = createTestCloudWatch();
  const metric = (Id: string, MetricName: string) => ({ Id, MetricStat: { Metric: { Namespace: 'Shop', MetricName }, Period: 60, Stat: 'Sum' }, ReturnData: false });
  const { AlarmName, EvaluationPeriods, ComparisonOperator } = onErrors();
  const Metrics = [metric('errors', 'Errors'), metric('calls', 'Calls'), { Id: 'part', Expression: '100 * errors / calls' }];
  await bench.run('PutMetricAlarm', { AlarmName, EvaluationPeriods, ComparisonOperator, Threshold: 10, Metrics });
  const put = (Errors: number, Calls: number) => bench.run('PutMetricData', { Namespace: 'Shop', MetricData: [{ MetricName: 'Errors', Value: Errors }, { MetricName: 'Calls', Value: Calls }] });
  await put(1, 20);
  await bench.advance(minute);
  assert.equal(await stateOf(bench), 'OK');
  await put(3, 20);
  await bench.advance(minute);
  assert.equal(await stateOf(bench), 'ALARM');
  await assert.rejects(bench.run('PutMetricAlarm', { AlarmName, EvaluationPeriods, ComparisonOperator, Threshold: 1, Metrics: Metrics.slice(0, 2) }), /Exactly one element/);
});

test('PutCompositeAlarm follows the states of its alarms', async () => {
  const bench = createTestCloudWatch();
  await assert.rejects(bench.run('PutCompositeAlarm', { AlarmName: 'both', AlarmRule: 'ALARM(nowhere)' }), /does not exist: nowhere/);
  for (const AlarmName of ['a', 'b']) await bench.run('PutMetricAlarm', onErrors({ AlarmName }));
  for (const rule of ['ALARM(a', 'a AND b', 'ALARM("a") b', '', 'MAYBE(a)']) await assert.rejects(bench.run('PutCompositeAlarm', { AlarmName: 'both', AlarmRule: rule }), { code: 'ValidationError' });
  await bench.run('PutCompositeAlarm', { AlarmName: 'both', AlarmRule: 'ALARM("a") AND NOT (OK(arn:aws:cloudwatch:us-east-1:000000000000:alarm:b) OR FALSE)', AlarmActions: [topic] });
  assert.equal(await stateOf(bench, 'both'), 'OK');
  const set = (AlarmName: string, StateValue: 'OK' | 'ALARM') => bench.run('SetAlarmState', { AlarmName, StateValue, StateReason: 'test' });
  await set('a', 'ALARM');
  assert.equal(await stateOf(bench, 'both'), 'ALARM');
  assert.equal(bench.sent.length, 1);
  await set('b', 'OK');
  assert.equal(await stateOf(bench, 'both'), 'OK');
  const children = await bench.run('DescribeAlarms', { ChildrenOfAlarmName: 'both' });
  assert.deepEqual(children.MetricAlarms?.map(({ AlarmName }) => AlarmName), ['a', 'b']);
  await assert.rejects(bench.run('DeleteAlarms', { AlarmNames: ['a'] }), /composite alarm\(s\) depending on it/);
  await bench.run('DeleteAlarms', { AlarmNames: ['a', 'b', 'both'] });
});

test('DisableAlarmActions keeps an alarm from calling anybody until EnableAlarmActions', async () => {
  const bench = createTestCloudWatch();
  await bench.run('PutMetricAlarm', onErrors({ AlarmActions: [topic] }));
  await bench.run('DisableAlarmActions', { AlarmNames: ['errors', 'absent'] });
  await bench.run('SetAlarmState', { AlarmName: 'errors', StateValue: 'ALARM', StateReason: 'test' });
  assert.equal(bench.sent.length, 0);
  await bench.run('EnableAlarmActions', { AlarmNames: ['errors'] });
  await bench.run('SetAlarmState', { AlarmName: 'errors', StateValue: 'OK', StateReason: 'test' });
  await bench.run('SetAlarmState', { AlarmName: 'errors', StateValue: 'ALARM', StateReason: 'test', StateReasonData: '{"a":1}' });
  assert.equal(bench.sent.length, 1);
  await assert.rejects(bench.run('SetAlarmState', { AlarmName: 'errors', StateValue: 'OK', StateReason: 'test', StateReasonData: '{' }), { code: 'InvalidFormatFault' });
  await assert.rejects(bench.run('SetAlarmState', { AlarmName: 'absent', StateValue: 'OK', StateReason: 'test' }), { code: 'ResourceNotFound' });
});

test('DescribeAlarms and DescribeAlarmsForMetric find alarms, in pages', async () => {
  const bench = createTestCloudWatch();
  for (const AlarmName of ['a1', 'a2', 'b1']) await bench.run('PutMetricAlarm', onErrors({ AlarmName, ...(AlarmName === 'b1' ? { MetricName: 'Other' } : {}) }));
  const first = await bench.run('DescribeAlarms', { MaxRecords: 2 });
  assert.deepEqual(first.MetricAlarms?.map(({ AlarmName }) => AlarmName), ['a1', 'a2']);
  assert.deepEqual((await bench.run('DescribeAlarms', { NextToken: first.NextToken })).MetricAlarms?.map(({ AlarmName }) => AlarmName), ['b1']);
  assert.deepEqual((await bench.run('DescribeAlarms', { AlarmNamePrefix: 'b' })).MetricAlarms?.map(({ AlarmName }) => AlarmName), ['b1']);
  assert.deepEqual((await bench.run('DescribeAlarmsForMetric', { Namespace: 'Shop', MetricName: 'Errors' })).MetricAlarms?.map(({ AlarmName }) => AlarmName), ['a1', 'a2']);
});

test('PutMetricAlarm refuses what it would not do', async () => {
  const bench = createTestCloudWatch();
  const refused = (more: Partial<PutMetricAlarmInput>, why: RegExp | object) => assert.rejects(bench.run('PutMetricAlarm', onErrors(more)), why);
  await refused({ AlarmActions: ['arn:aws:automate:us-east-1:ec2:stop'] }, /Haneul does not implement alarm actions of the service automate yet/);
  await refused({ DatapointsToAlarm: 2 }, /less than or equal to EvaluationPeriods/);
  await refused({ Period: 45 }, /10, 20, 30 or a multiple of 60/);
  await refused({ EvaluationPeriods: 1_441 }, /more than a day/);
  await refused({ TreatMissingData: 'maybe' }, { code: 'ValidationError' });
  await refused({ Statistic: undefined, ExtendedStatistic: 'p101' }, /ExtendedStatistic is invalid/);
  await refused({ ComparisonOperator: 'GreaterThanUpperThreshold' }, /anomaly detection/);
});

test('TagResource adds, UntagResource removes and ListTagsForResource tells the tags of an alarm', async () => {
  const bench = createTestCloudWatch();
  await bench.run('PutMetricAlarm', onErrors({ Tags: [{ Key: 'team', Value: 'one' }] }));
  const ResourceARN = 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors';
  await bench.run('TagResource', { ResourceARN, Tags: [{ Key: 'team', Value: 'two' }, { Key: 'stage', Value: 'test' }] });
  await bench.run('UntagResource', { ResourceARN, TagKeys: ['stage'] });
  assert.deepEqual((await bench.run('ListTagsForResource', { ResourceARN })).Tags, [{ Key: 'team', Value: 'two' }]);
  await assert.rejects(bench.run('ListTagsForResource', { ResourceARN: `${ResourceARN}x` }), { code: 'ResourceNotFoundException' });
});
