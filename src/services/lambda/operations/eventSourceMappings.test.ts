import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InvocationOutcome } from '../../../sandbox/types.ts';
import { createFakeQueues } from '../testing/fakeQueues.ts';
import type { FakeQueues } from '../testing/fakeQueues.ts';
import { account, helloFunction, withLambda } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';
import { turns, until } from '../testing/until.ts';

const arn = `arn:aws:sqs:us-east-1:${account}:orders`;
const failure: InvocationOutcome = { kind: 'function-error', payload: Buffer.from('{"errorType":"Error"}') };

interface MappingBench extends TestLambda {
  readonly queues: FakeQueues;
  /** Bodies of each batch that the function was given, in order. */
  readonly batches: string[][];
  stateOf(uuid: string | undefined): Promise<string | undefined>;
}

/** With a function, a queue, and pollers. */
async function withMappings(run: (bench: MappingBench) => Promise<void>): Promise<void> {
  const queues = createFakeQueues();
  await withLambda(async (bench) => {
    queues.descriptions.set(arn, { fifo: false, visibilityTimeoutSeconds: 30 });
    const batches: string[][] = [];
    bench.sandbox.behaviour.invoke = ({ event }) => {
      batches.push(bodiesOf(event));
      return { kind: 'response', payload: Buffer.from('null') };
    };
    await bench.call('CreateFunction', helloFunction);
    bench.lambda.startPolling();
    const stateOf = async (UUID: string | undefined): Promise<string | undefined> => (await bench.call('GetEventSourceMapping', { UUID })).State;
    await run({ ...bench, queues, batches, stateOf });
  }, { queues });
}

const bodiesOf = (event: Uint8Array): string[] => (JSON.parse(Buffer.from(event).toString()) as { Records: { body: string }[] }).Records.map(({ body }) => body);

test('CreateEventSourceMapping gives a function what a queue has, and deletes it', () =>
  withMappings(async ({ call, queues, batches, stateOf }) => {
    for (const body of ['1', '2', '3']) queues.send(body);
    const { UUID, State } = await call('CreateEventSourceMapping', { FunctionName: 'hello', EventSourceArn: arn, BatchSize: 2 });
    assert.equal(State, 'Creating');
    await until(() => queues.deleted.length === 3);
    assert.deepEqual(batches, [['1', '2'], ['3']]);
    await until(async () => (await stateOf(UUID)) === 'Enabled');
  }));

test('CreateEventSourceMapping leaves a batch alone that the function fails on', () =>
  withMappings(async ({ call, queues, sandbox }) => {
    let runs = 0;
    sandbox.behaviour.invoke = () => {
      runs += 1;
      return failure;
    };
    await call('CreateEventSourceMapping', { FunctionName: 'hello', EventSourceArn: arn });
    queues.send('1');
    await until(() => runs === 1);
    await turns();
    assert.deepEqual([queues.deleted, queues.givenBack], [[], []]);
  }));

test('CreateEventSourceMapping with ReportBatchItemFailures deletes what the function does not name, or nothing when it names a stranger', () =>
  withMappings(async ({ call, queues, sandbox }) => {
    const answers = [['id-2'], ['id-9']];
    let runs = 0;
    sandbox.behaviour.invoke = () => ({ kind: 'response', payload: Buffer.from(JSON.stringify({ batchItemFailures: (answers[runs++] ?? []).map((itemIdentifier) => ({ itemIdentifier })) })) });
    for (const body of ['1', '2', '3', '4']) queues.send(body);
    await call('CreateEventSourceMapping', { FunctionName: 'hello', EventSourceArn: arn, BatchSize: 2, FunctionResponseTypes: ['ReportBatchItemFailures'] });
    await until(() => runs === 2);
    await turns();
    assert.deepEqual(queues.deleted, ['1']);
  }));

test('DeleteEventSourceMapping ends it after what is under way, and a restart goes on with what is enabled', () =>
  withMappings(async ({ call, queues, sandbox, stateOf, lambda, restart, batches }) => {
    let release = (): void => undefined;
    sandbox.behaviour.invoke = () => new Promise((resolve) => (release = () => resolve({ kind: 'response', payload: Buffer.from('null') })));
    const { UUID } = await call('CreateEventSourceMapping', { FunctionName: 'hello', EventSourceArn: arn });
    queues.send('1');
    await until(() => sandbox.alive() === 1);
    await turns();
    assert.equal((await call('DeleteEventSourceMapping', { UUID })).State, 'Deleting');
    await turns();
    assert.equal(await stateOf(UUID), 'Deleting');
    await assert.rejects(call('DeleteEventSourceMapping', { UUID }), { code: 'ResourceInUseException' });
    release();
    await until(async () => (await call('ListEventSourceMappings', {})).EventSourceMappings?.length === 0);
    assert.deepEqual(queues.deleted, ['1']);
    await call('CreateEventSourceMapping', { FunctionName: 'hello', EventSourceArn: arn });
    await lambda.close(0);
    sandbox.behaviour.invoke = ({ event }) => {
      batches.push(bodiesOf(event));
      return { kind: 'response', payload: Buffer.from('null') };
    };
    queues.send('2');
    const second = restart();
    second.startPolling();
    await until(() => queues.deleted.length === 2);
    assert.deepEqual(batches, [['2']]);
    await second.close(0);
  }));

test('GetEventSourceMapping tells what is in the way of a mapping, and the log does', () =>
  withMappings(async ({ call, queues, clock, warnings, batches }) => {
    const { UUID } = await call('CreateEventSourceMapping', { FunctionName: 'hello', EventSourceArn: arn });
    const resultOf = async (): Promise<string | undefined> => (await call('GetEventSourceMapping', { UUID })).LastProcessingResult;
    queues.send('1');
    await until(() => batches.length === 1);
    assert.equal(await resultOf(), undefined);
    queues.descriptions.delete(arn);
    queues.send('2');
    await until(async () => {
      clock.advance(20_000);
      queues.clock.advance(20_000);
      return (await resultOf()) === 'PROBLEM: Queue not found.';
    });
    assert.ok(warnings.some(({ text, fields }) => text === 'an event source mapping waits' && fields['problem'] === 'Queue not found.'));
    queues.descriptions.set(arn, { fifo: false, visibilityTimeoutSeconds: 30 });
    await until(async () => {
      clock.advance(20_000);
      return (await resultOf()) === 'OK';
    });
    await until(() => batches.length === 2);
  }));

test('UpdateEventSourceMapping takes what it names and keeps the rest', () =>
  withMappings(async ({ call, stateOf }) => {
    const { UUID } = await call('CreateEventSourceMapping', { FunctionName: 'hello', EventSourceArn: arn, Enabled: false, ScalingConfig: { MaximumConcurrency: 3 } });
    await until(async () => (await stateOf(UUID)) === 'Disabled');
    const changed = await call('UpdateEventSourceMapping', { UUID, BatchSize: 20, MaximumBatchingWindowInSeconds: 5, FilterCriteria: { Filters: [{ Pattern: '{"body":["x"]}' }] } });
    assert.deepEqual([changed.State, changed.BatchSize, changed.MaximumBatchingWindowInSeconds, changed.ScalingConfig], ['Updating', 20, 5, { MaximumConcurrency: 3 }]);
    const again = await call('UpdateEventSourceMapping', { UUID, ScalingConfig: {}, FilterCriteria: {} });
    assert.deepEqual([again.ScalingConfig, again.FilterCriteria, again.BatchSize], [undefined, undefined, 20]);
    await assert.rejects(call('UpdateEventSourceMapping', { UUID, MaximumBatchingWindowInSeconds: 0 }), { code: 'InvalidParameterValueException' });
  }));

test('CreateEventSourceMapping with a batch window gathers until it is over, or the batch is full', () =>
  withMappings(async ({ call, queues, batches, clock }) => {
    await call('CreateEventSourceMapping', { FunctionName: 'hello', EventSourceArn: arn, BatchSize: 3, MaximumBatchingWindowInSeconds: 60 });
    queues.send('1');
    await turns();
    queues.send('2');
    await turns();
    assert.deepEqual(batches, []);
    queues.send('3');
    await until(() => batches.length === 1);
    queues.send('4');
    await turns();
    clock.advance(60_000);
    queues.clock.advance(60_000);
    await until(() => batches.length === 2);
    assert.deepEqual(batches, [['1', '2', '3'], ['4']]);
  }));

test('CreateEventSourceMapping keeps to MaximumConcurrency', () =>
  withMappings(async ({ call, queues, sandbox }) => {
    const releases: (() => void)[] = [];
    sandbox.behaviour.invoke = () => new Promise((resolve) => releases.push(() => resolve({ kind: 'response', payload: Buffer.from('null') })));
    await call('CreateEventSourceMapping', { FunctionName: 'hello', EventSourceArn: arn, BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } });
    for (const body of ['1', '2', '3', '4']) queues.send(body);
    await until(() => releases.length === 2);
    await turns(200);
    assert.deepEqual([releases.length, queues.waiting()], [2, ['3', '4']]);
    releases[0]?.();
    await until(() => releases.length === 3);
    for (const release of releases) release();
    await until(() => releases.length === 4);
    releases[3]?.();
    await until(() => queues.deleted.length === 4);
  }));

test('CreateEventSourceMapping tries a throttled batch again until its messages are visible to others, and then leaves it', () =>
  withMappings(async ({ call, queues, batches, clock }) => {
    await call('PutFunctionConcurrency', { FunctionName: 'hello', ReservedConcurrentExecutions: 0 });
    await call('CreateEventSourceMapping', { FunctionName: 'hello', EventSourceArn: arn });
    const wait = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        await turns(20);
        clock.advance(1_000);
      }
    };
    queues.send('in time');
    await wait(5);
    await call('DeleteFunctionConcurrency', { FunctionName: 'hello' });
    await wait(20);
    await until(() => queues.deleted.length === 1);
    await call('PutFunctionConcurrency', { FunctionName: 'hello', ReservedConcurrentExecutions: 0 });
    queues.send('too late');
    await wait(40);
    await call('DeleteFunctionConcurrency', { FunctionName: 'hello' });
    await wait(20);
    assert.deepEqual([batches, queues.deleted, queues.givenBack], [[['in time']], ['in time'], []]);
  }));

test('CreateEventSourceMapping gives back what it has collected when it is disabled', () =>
  withMappings(async ({ call, queues, batches, stateOf }) => {
    const { UUID } = await call('CreateEventSourceMapping', { FunctionName: 'hello', EventSourceArn: arn, MaximumBatchingWindowInSeconds: 60 });
    queues.send('1');
    await turns();
    await call('UpdateEventSourceMapping', { UUID, Enabled: false });
    await until(async () => (await stateOf(UUID)) === 'Disabled');
    assert.deepEqual([queues.givenBack, queues.waiting(), batches], [['1'], ['1'], []]);
  }));
