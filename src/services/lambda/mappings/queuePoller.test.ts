import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeEncryption } from '../../../framework/testing/fakeEncryption.ts';
import type { MetricDatum, MetricRecorder } from '../../../ports/metrics.ts';
import { createFakeQueues } from '../testing/fakeQueues.ts';
import type { FakeQueues } from '../testing/fakeQueues.ts';
import type { LambdaDeps } from '../createLambda.ts';
import { account, helloFunction, withLambda } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';
import { turns, until } from '../testing/until.ts';
import { findMapping } from './mappingStore.ts';

const arn = `arn:aws:sqs:us-east-1:${account}:orders`;
const key = `arn:aws:kms:us-east-1:${account}:key/one`;
const mapping = { FunctionName: 'hello', EventSourceArn: arn } as const;
const onlyA = { Filters: [{ Pattern: '{"body":[{"prefix":"a"}]}' }] };

type Bench = TestLambda & { readonly queues: FakeQueues };

async function withQueue(run: (bench: Bench) => Promise<void>, overrides: Partial<LambdaDeps> = {}): Promise<void> {
  const queues = createFakeQueues();
  queues.descriptions.set(arn, { fifo: false, visibilityTimeoutSeconds: 30 });
  await withLambda(async (bench) => {
    await bench.call('CreateFunction', helloFunction);
    bench.lambda.startPolling();
    await run({ ...bench, queues });
  }, { queues, ...overrides });
}

/** Invocations that end when they are told to. */
function holdInvocations({ sandbox }: Bench): { readonly underWay: (() => void)[]; endAll(failed?: boolean): void } {
  const underWay: (() => void)[] = [];
  let outcome: 'response' | 'function-error' = 'response';
  sandbox.behaviour.invoke = () => new Promise((resolve) => underWay.push(() => resolve({ kind: outcome, payload: Buffer.from('null') })));
  return {
    underWay,
    endAll(failed = false) {
      outcome = failed ? 'function-error' : 'response';
      for (const end of underWay.splice(0)) end();
    },
  };
}

test('startQueuePoller begins with five batches at once, adds one for each that goes well, up to MaximumConcurrency, and halves when one fails', () =>
  withQueue(async (bench) => {
    const { underWay, endAll } = holdInvocations(bench);
    for (let index = 0; index < 60; index += 1) bench.queues.send(`${index}`);
    await bench.call('CreateEventSourceMapping', { ...mapping, BatchSize: 1, ScalingConfig: { MaximumConcurrency: 12 } });
    const widths: number[] = [];
    for (const expected of [5, 10, 12]) {
      await until(() => underWay.length === expected);
      await turns(50);
      widths.push(underWay.length);
      endAll();
    }
    assert.deepEqual(widths, [5, 10, 12]);
    await until(() => underWay.length === 12);
    endAll(true);
    await until(() => underWay.length > 0);
    await turns(50);
    assert.equal(underWay.length, 1, 'twelve failures');
    endAll();
  }));

test('startQueuePoller in provisioned mode keeps ten batches for each of its least pollers, whatever fails', () =>
  withQueue(async (bench) => {
    const { underWay, endAll } = holdInvocations(bench);
    for (let index = 0; index < 60; index += 1) bench.queues.send(`${index}`);
    const { ProvisionedPollerConfig } = await bench.call('CreateEventSourceMapping', { ...mapping, BatchSize: 1, ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 3 } });
    assert.deepEqual(ProvisionedPollerConfig, { MinimumPollers: 2, MaximumPollers: 3 });
    await until(() => underWay.length === 20);
    endAll(true);
    await until(() => underWay.length === 20);
    await turns(50);
    assert.equal(underWay.length, 20);
    endAll();
  }));

test('CreateEventSourceMapping refuses too few pollers, too many at least, and pollers beside MaximumConcurrency', () =>
  withQueue(async ({ call }) => {
    const refused = (more: object, message: RegExp): Promise<void> => assert.rejects(call('CreateEventSourceMapping', { ...mapping, ...more }), { code: 'InvalidParameterValueException', message });
    await refused({ ProvisionedPollerConfig: { MinimumPollers: 1 } }, /at least 2/);
    await refused({ ProvisionedPollerConfig: { MinimumPollers: 5, MaximumPollers: 4 } }, /must not be greater/);
    await refused({ ProvisionedPollerConfig: { MinimumPollers: 2 }, ScalingConfig: { MaximumConcurrency: 2 } }, /cannot be set together/);
    const { UUID, ProvisionedPollerConfig } = await call('CreateEventSourceMapping', { ...mapping, Enabled: false, ProvisionedPollerConfig: { MaximumPollers: 9 } });
    assert.deepEqual(ProvisionedPollerConfig, { MinimumPollers: 2, MaximumPollers: 9 });
    assert.equal((await call('UpdateEventSourceMapping', { UUID, ProvisionedPollerConfig: {} })).ProvisionedPollerConfig, undefined);
  }));

test('startQueuePoller counts events for CloudWatch when MetricsConfig asks for it, and else does not', async () => {
  const recorded: MetricDatum[] = [];
  const recorder: MetricRecorder = { record: (datum) => void recorded.push(datum), series: () => ({ record: () => undefined }) };
  await withQueue(async ({ call, queues, sandbox }) => {
    const counts = (): Record<string, number> => {
      const sums: Record<string, number> = {};
      for (const { name, value, dimensions } of recorded) if (dimensions['EventSourceMappingUUID'] !== undefined) sums[name] = (sums[name] ?? 0) + value;
      return sums;
    };
    let runs = 0;
    sandbox.behaviour.invoke = () => ({ kind: (runs += 1) === 2 ? 'function-error' : 'response', payload: Buffer.from('null') });
    const { UUID } = await call('CreateEventSourceMapping', { ...mapping, FilterCriteria: onlyA });
    queues.send('a0');
    await until(() => queues.deleted.length === 1);
    assert.deepEqual(counts(), {});
    const { MetricsConfig } = await call('UpdateEventSourceMapping', { UUID, MetricsConfig: { Metrics: ['EventCount'] }, BatchSize: 1 });
    assert.deepEqual(MetricsConfig, { Metrics: ['EventCount'] });
    await until(async () => (await call('GetEventSourceMapping', { UUID })).State === 'Enabled');
    for (const body of ['a1', 'b', 'a2']) {
      queues.send(body);
      await until(() => queues.waiting().length === 0);
      await turns();
    }
    await until(() => counts()['DeletedEventCount'] === 1);
    assert.deepEqual(counts(), { PolledEventCount: 3, FilteredOutEventCount: 1, InvokedEventCount: 2, FailedInvokeEventCount: 1, DeletedEventCount: 1 });
  }, { recorder });
});

test('createFilterVault keeps filters under a KMS key: they act, are shown to who may decrypt, and are nowhere in the store', async () => {
  const encryption = createFakeEncryption();
  encryption.keys.add(key);
  await withQueue(async ({ call, queues, store }) => {
    const { UUID = '', FilterCriteria, KMSKeyArn } = await call('CreateEventSourceMapping', { ...mapping, FilterCriteria: onlyA, KMSKeyArn: key });
    assert.deepEqual([FilterCriteria, KMSKeyArn], [onlyA, key]);
    const row = await store.read((tx) => findMapping(tx, { account, region: 'us-east-1', uuid: UUID }));
    assert.deepEqual(row?.filters, []);
    assert.equal(Buffer.from(row?.sealedFilters ?? []).includes('prefix'), false);
    for (const body of ['b', 'a']) queues.send(body);
    await until(() => queues.deleted.length === 2);
    assert.deepEqual((await call('GetEventSourceMapping', { UUID })).FilterCriteria, onlyA);
    assert.equal((await call('ListEventSourceMappings', {})).EventSourceMappings?.[0]?.FilterCriteria, undefined);
    encryption.denied.add(key);
    const told = await call('GetEventSourceMapping', { UUID });
    assert.deepEqual([told.FilterCriteria, told.FilterCriteriaError?.ErrorCode, told.KMSKeyArn], [undefined, 'AccessDeniedException', key]);
    await assert.rejects(call('UpdateEventSourceMapping', { UUID, FilterCriteria: onlyA }), { code: 'InvalidParameterValueException', message: /unable to encrypt the filter criteria/ });
    encryption.denied.clear();
    const open = await call('UpdateEventSourceMapping', { UUID, KMSKeyArn: '' });
    assert.deepEqual([open.FilterCriteria, open.KMSKeyArn], [onlyA, undefined]);
  }, { encryption });
});

test('createMappingRunner reads nothing for a mapping whose filters it cannot decrypt, says so, and goes on when it can', async () => {
  const encryption = createFakeEncryption();
  encryption.keys.add(key);
  await withQueue(async ({ call, queues, clock, warnings }) => {
    const { UUID } = await call('CreateEventSourceMapping', { ...mapping, FilterCriteria: onlyA, KMSKeyArn: key, Enabled: false });
    encryption.denied.add(key);
    queues.send('a');
    await call('UpdateEventSourceMapping', { UUID, Enabled: true });
    await until(() => warnings.some(({ text }) => text === 'an event source mapping waits: its filter criteria cannot be decrypted'));
    assert.match((await call('GetEventSourceMapping', { UUID })).LastProcessingResult ?? '', /^PROBLEM: The filter criteria could not be decrypted/);
    assert.deepEqual(queues.waiting(), ['a']);
    encryption.denied.clear();
    await until(() => {
      clock.advance(20_000);
      return queues.deleted.length === 1;
    });
  }, { encryption });
});
