import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricDataQuery, MetricDatum } from '@aws-sdk/client-cloudwatch';
import { createTestCloudWatch, testStart } from './testing/testCloudWatch.ts';
import { metricId, readData } from './store.ts';
import type { TestCloudWatch } from './testing/testCloudWatch.ts';

const at = (minutes: number): Date => new Date(testStart + minutes * 60_000);
const hour = { StartTime: at(-60), EndTime: at(1) };

const put = ({ run }: TestCloudWatch, MetricName: string, minutes: number, datum: Partial<MetricDatum>) =>
  run('PutMetricData', { Namespace: 'Shop', MetricData: [{ MetricName, Timestamp: at(minutes), Dimensions: [{ Name: 'Store', Value: 'Seoul' }], ...datum }] });

const metric = (Id: string, MetricName: string, Stat = 'Sum', more: Partial<MetricDataQuery> = {}): MetricDataQuery => ({
  Id,
  MetricStat: { Metric: { Namespace: 'Shop', MetricName, Dimensions: [{ Name: 'Store', Value: 'Seoul' }] }, Period: 60, Stat },
  ...more,
});

async function compute(bench: TestCloudWatch, Expression: string): Promise<(readonly [number, number])[]> {
  const MetricDataQueries = [metric('a', 'Orders', 'Sum', { ReturnData: false }), metric('b', 'Refunds', 'Sum', { ReturnData: false }), { Id: 'e', Expression }];
  const { MetricDataResults = [] } = await bench.run('GetMetricData', { MetricDataQueries, ...hour, ScanBy: 'TimestampAscending' });
  const [result] = MetricDataResults;
  return (result?.Timestamps ?? []).map((time, index) => [(time.getTime() - testStart) / 60_000, Math.round((result?.Values?.[index] ?? NaN) * 1_000) / 1_000]);
}

async function withOrders(): Promise<TestCloudWatch> {
  const bench = createTestCloudWatch();
  for (const [minute, value] of [[-4, 10], [-3, 20], [-1, 60]] as const) await put(bench, 'Orders', minute, { Value: value, Unit: 'Count' });
  for (const [minute, value] of [[-4, 2], [-3, 0], [-2, 4]] as const) await put(bench, 'Refunds', minute, { Value: value, Unit: 'Count' });
  return bench;
}

test('PutMetricData takes values, lists of values and statistic sets, and GetMetricStatistics tells of all', async () => {
  const bench = createTestCloudWatch();
  await put(bench, 'Orders', -5, { Value: 4, Unit: 'Count' });
  await put(bench, 'Orders', -5, { Values: [1, 10], Counts: [3, 1], Unit: 'Count' });
  await put(bench, 'Orders', -3, { StatisticValues: { SampleCount: 2, Sum: 30, Minimum: 10, Maximum: 20 }, Unit: 'Count' });
  const asked = { Namespace: 'Shop', MetricName: 'Orders', Dimensions: [{ Name: 'Store', Value: 'Seoul' }], Period: 60, ...hour };
  const { Datapoints = [], Label } = await bench.run('GetMetricStatistics', { ...asked, Statistics: ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum'], ExtendedStatistics: ['p50', 'p90'] });
  assert.equal(Label, 'Orders');
  assert.deepEqual(Datapoints, [
    { Timestamp: at(-5), SampleCount: 5, Average: 3.4, Sum: 17, Minimum: 1, Maximum: 10, Unit: 'Count', ExtendedStatistics: { p50: 1, p90: 10 } },
    { Timestamp: at(-3), SampleCount: 2, Average: 15, Sum: 30, Minimum: 10, Maximum: 20, Unit: 'Count' },
  ]);
  const whole = await bench.run('GetMetricStatistics', { ...asked, Period: 3_600, Statistics: ['Sum'] });
  assert.deepEqual(whole.Datapoints?.map(({ Sum }) => Sum), [47]);
  await assert.rejects(bench.run('GetMetricStatistics', { ...asked, Statistics: ['Sum'], StartTime: at(-60 * 24 * 2) }), { code: 'InvalidParameterCombinationException' });
});

test('PutMetricData refuses what is no value, is too old or is AWS\'s own', async () => {
  const bench = createTestCloudWatch();
  await assert.rejects(bench.run('PutMetricData', { Namespace: 'AWS/Mine', MetricData: [{ MetricName: 'a', Value: 1 }] }), { code: 'InvalidParameterValueException' });
  await assert.rejects(put(bench, 'a', -60 * 24 * 15, { Value: 1 }), /within the past two weeks/);
  await assert.rejects(put(bench, 'a', 0, {}), { code: 'MissingRequiredParameterException' });
  await assert.rejects(put(bench, 'a', 0, { Value: Infinity }), { code: 'InvalidParameterValueException' });
  await assert.rejects(put(bench, 'a', 0, { Values: [1, 2], Counts: [1] }), { code: 'InvalidParameterCombinationException' });
});

test('ListMetrics finds metrics by namespace, name and dimension, while they are in use', async () => {
  const bench = await withOrders();
  await bench.run('PutMetricData', { Namespace: 'Other', MetricData: [{ MetricName: 'Orders', Value: 1 }] });
  const names = async (input: object): Promise<string[]> => ((await bench.run('ListMetrics', input)).Metrics ?? []).map(({ Namespace, MetricName }) => `${Namespace}/${MetricName}`);
  assert.deepEqual(await names({}), ['Other/Orders', 'Shop/Orders', 'Shop/Refunds']);
  assert.deepEqual(await names({ MetricName: 'Orders', Dimensions: [{ Name: 'Store' }] }), ['Shop/Orders']);
  assert.deepEqual(await names({ Namespace: 'Shop', Dimensions: [{ Name: 'Store', Value: 'Busan' }] }), []);
  bench.clock.advance(5 * 3_600_000);
  assert.deepEqual(await names({ RecentlyActive: 'PT3H' }), []);
  bench.clock.advance(15 * 86_400_000);
  assert.deepEqual(await names({}), []);
});

test('GetMetricData computes with metrics where both have values', async () => {
  const bench = await withOrders();
  assert.deepEqual(await compute(bench, '100 * b / a'), [[-4, 20], [-3, 0]]);
  assert.deepEqual(await compute(bench, '-(a - 15) ^ 2'), [[-4, 25], [-3, 25], [-1, 2025]]);
  assert.deepEqual(await compute(bench, 'SUM([a, b])'), [[-4, 12], [-3, 20], [-2, 4], [-1, 60]]);
  assert.deepEqual(await compute(bench, 'a > 15 AND b == 0'), [[-4, 0], [-3, 1]]);
  assert.deepEqual(await compute(bench, 'IF(a > 15, a, 0)'), [[-4, 0], [-3, 20], [-1, 60]]);
  assert.deepEqual(await compute(bench, 'MAX(METRICS("a"))'), [[-4, 10], [-3, 20], [-1, 60]]);
  assert.deepEqual(await compute(bench, 'RATE(a) * 60'), [[-3, 10], [-1, 20]]);
  assert.deepEqual(await compute(bench, 'RUNNING_SUM(a) / MAX(a)'), [[-4, 0.167], [-3, 0.5], [-1, 1.5]]);
  assert.deepEqual((await compute(bench, 'FILL(a, 0)')).slice(-5), [[-4, 10], [-3, 20], [-2, 0], [-1, 60], [0, 0]]);
  assert.deepEqual((await compute(bench, 'FILL(a, LINEAR)')), [[-4, 10], [-3, 20], [-2, 40], [-1, 60]]);
  assert.deepEqual(await compute(bench, 'SUM(SEARCH(\'{Shop,Store} MetricName=("Orders" OR "Refunds") seoul\', "Sum", 60))'), [[-4, 12], [-3, 20], [-2, 4], [-1, 60]]);
});

test('GetMetricData refuses expressions that mean nothing', async () => {
  const bench = await withOrders();
  for (const [expression, why] of [['a +', /ends too early/], ['c + 1', /no query with the id c/], ['e + 1', /depends on itself/], ['NOPE(a)', /not known/], ['1 + 1', /must be a time series/], ['a b', /Unexpected/]] as const) {
    await assert.rejects(compute(bench, expression), why);
  }
});

test('GetMetricData answers in pages, the newest first', async () => {
  const bench = await withOrders();
  const seen: number[] = [];
  for (let NextToken: string | undefined, round = 0; round === 0 || NextToken !== undefined; round += 1) {
    const page = await bench.run('GetMetricData', { MetricDataQueries: [metric('a', 'Orders'), metric('b', 'Refunds')], ...hour, MaxDatapoints: 2, NextToken });
    seen.push(...(page.MetricDataResults ?? []).flatMap(({ Values = [] }) => Values));
    NextToken = page.NextToken;
    assert.ok(round < 5);
  }
  assert.deepEqual(seen, [60, 20, 10, 4, 0, 2]);
});

test('createRecorder counts the values of services together, and they are there when metrics are read', async () => {
  const bench = createTestCloudWatch();
  const name = { account: '000000000000', region: 'us-east-1', namespace: 'AWS/Lambda', name: 'Duration', dimensions: { FunctionName: 'f' }, unit: 'Milliseconds' };
  const series = bench.cloudWatch.recorder.series(name);
  for (let value = 1; value <= 1_000; value += 1) series.record(value, testStart - 60_000);
  bench.cloudWatch.recorder.record({ ...name, value: 2_000, at: testStart - 60_000 });
  const asked = { Namespace: 'AWS/Lambda', MetricName: 'Duration', Dimensions: [{ Name: 'FunctionName', Value: 'f' }], Period: 60, ...hour };
  const { Datapoints: [point] = [] } = await bench.run('GetMetricStatistics', { ...asked, Statistics: ['SampleCount', 'Maximum'], ExtendedStatistics: ['p90'] });
  assert.deepEqual([point?.SampleCount, point?.Maximum], [1_001, 2_000]);
  assert.ok(Math.abs((point?.ExtendedStatistics?.p90 ?? 0) - 900) < 18, 'to two percent');
});

test('tendMetric makes old minutes coarser and ends them at last', async () => {
  const bench = createTestCloudWatch();
  const scope = { account: '000000000000', region: 'us-east-1' };
  const id = metricId({ namespace: 'Shop', name: 'Orders', dimensions: [['Store', 'Seoul']] });
  const rows = async (): Promise<string[]> =>
    (await bench.store.read((tx) => readData(tx, scope, id, { fromMs: 0, beforeMs: testStart + 3_600_000, limit: 100 }))).map(({ count, sum, seconds }) => `${count} ${sum} ${seconds}`);
  const later = async (days: number): Promise<void> => {
    bench.clock.advance(days * 86_400_000);
    await bench.run('PutMetricData', { Namespace: 'Shop', MetricData: [{ MetricName: 'Orders', Dimensions: [{ Name: 'Store', Value: 'Seoul' }], Value: 1 }] });
  };
  for (const [minute, value] of [[0, 1], [1, 2], [2, 4], [7, 8]] as const) await put(bench, 'Orders', minute, { Value: value });
  assert.deepEqual(await rows(), ['1 1 60', '1 2 60', '1 4 60', '1 8 60']);
  await later(16);
  assert.deepEqual(await rows(), ['3 7 300', '1 8 300']);
  await later(48);
  assert.deepEqual(await rows(), ['4 15 3600']);
  await later(400);
  assert.deepEqual(await rows(), []);
});
