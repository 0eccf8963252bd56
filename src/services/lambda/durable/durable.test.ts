// The protocol between the service and a durable function, spoken by hand; test/conformance/lambda/durable.test.ts has the official client.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helloFunction, withLambda } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';
import { until } from '../testing/until.ts';

interface RunEvent {
  readonly DurableExecutionArn: string;
  readonly CheckpointToken: string;
  readonly UpdatedOperationIds?: readonly string[];
  readonly InitialExecutionState: { readonly Operations: readonly { readonly Id: string; readonly Status: string }[]; readonly NextMarker?: string };
}
type Run = (event: RunEvent) => Promise<object>;

/** A durable function whose runs are answered by `runs`, one after another; the last goes on. */
async function begin(bench: TestLambda, runs: readonly Run[]): Promise<string> {
  let count = 0;
  bench.sandbox.behaviour.invoke = async ({ event }) => {
    const run = runs[Math.min(count, runs.length - 1)];
    count += 1;
    assert.ok(run);
    return { kind: 'response', payload: Buffer.from(JSON.stringify(await run(JSON.parse(Buffer.from(event).toString('utf8')) as RunEvent))) };
  };
  await bench.call('CreateFunction', { ...helloFunction, DurableConfig: { ExecutionTimeout: 1_000, RetentionPeriodInDays: 1 } });
  const { DurableExecutionArn = '' } = await bench.call('Invoke', { FunctionName: 'hello', Qualifier: '$LATEST', InvocationType: 'Event', Payload: Buffer.from('{"n":1}') });
  return DurableExecutionArn;
}

const statusOf = async ({ call }: TestLambda, DurableExecutionArn: string): Promise<string | undefined> => (await call('GetDurableExecution', { DurableExecutionArn })).Status;
const pending = { Status: 'PENDING' };

test('CheckpointDurableExecution answers a repeated request again, and refuses older tokens', () =>
  withLambda(async (bench) => {
    const { call } = bench;
    let event: RunEvent | undefined;
    let finish = (_output: object): void => undefined;
    const arn = await begin(bench, [
      (given) => {
        event = given;
        return new Promise((resolve) => (finish = resolve));
      },
    ]);
    bench.startEvents();
    await until(() => event !== undefined);
    assert.ok(event);
    assert.equal(event.DurableExecutionArn, arn);
    const request = { DurableExecutionArn: arn, CheckpointToken: event.CheckpointToken, ClientToken: 'once', Updates: [{ Id: 'a', Type: 'STEP', Action: 'SUCCEED', Payload: '1' } as const] };
    const first = await call('CheckpointDurableExecution', request);
    assert.deepEqual((await call('CheckpointDurableExecution', request)).CheckpointToken, first.CheckpointToken);
    await assert.rejects(call('CheckpointDurableExecution', { ...request, ClientToken: 'other' }), { message: 'Invalid Checkpoint Token' });
    const next = { DurableExecutionArn: arn, CheckpointToken: first.CheckpointToken };
    // What is over stays as it is.
    await assert.rejects(call('CheckpointDurableExecution', { ...next, Updates: [{ Id: 'a', Type: 'STEP', Action: 'START' }] }), { code: 'InvalidParameterValueException' });
    await assert.rejects(call('CheckpointDurableExecution', { ...next, Updates: [{ Id: 'b', Type: 'WAIT', Action: 'RETRY' }] }), { code: 'InvalidParameterValueException' });
    await assert.rejects(call('CheckpointDurableExecution', { ...next, Updates: [{ Id: 'b', ParentId: 'nobody', Type: 'STEP', Action: 'START' }] }), { code: 'InvalidParameterValueException' });
    const state = await call('GetDurableExecutionState', { DurableExecutionArn: arn, CheckpointToken: first.CheckpointToken, MaxItems: 1 });
    assert.deepEqual([state.Operations?.[0]?.Type, state.NextMarker === undefined], ['EXECUTION', false]);
    finish({ Status: 'SUCCEEDED', Result: '7' });
    await until(async () => (await statusOf(bench, arn)) === 'SUCCEEDED');
    const { Events = [] } = await call('GetDurableExecutionHistory', { DurableExecutionArn: arn });
    assert.deepEqual(Events.map(({ EventType }) => EventType), ['ExecutionStarted', 'StepSucceeded', 'InvocationCompleted', 'ExecutionSucceeded']);
    assert.equal((await call('ListDurableExecutionsByFunction', { FunctionName: 'hello' })).DurableExecutions?.length, 1);
  }));

test('CheckpointDurableExecution tells a run of the timers that fired meanwhile, and what it was not told begins another run', () =>
  withLambda(async (bench) => {
    const { call, clock } = bench;
    const events: RunEvent[] = [];
    const arn = await begin(bench, [
      async (event) => {
        events.push(event);
        const Updates = [{ Id: 'w', Type: 'WAIT', Action: 'START', WaitOptions: { WaitSeconds: 10 } }, { Id: 'v', Type: 'WAIT', Action: 'START', WaitOptions: { WaitSeconds: 20 } }] as const;
        const { CheckpointToken } = await call('CheckpointDurableExecution', { DurableExecutionArn: arn, CheckpointToken: event.CheckpointToken, Updates: [...Updates] });
        const waiting = async (type: number): Promise<boolean> => {
          const { Events = [] } = await call('GetDurableExecutionHistory', { DurableExecutionArn: arn });
          return Events.filter(({ EventType }) => EventType === 'WaitSucceeded').length === type;
        };
        clock.advance(10_001);
        await until(() => waiting(1));
        const polled = await call('CheckpointDurableExecution', { DurableExecutionArn: arn, CheckpointToken });
        assert.deepEqual(polled.NewExecutionState?.Operations?.map(({ Id, Status }) => [Id, Status]), [['w', 'SUCCEEDED']]);
        clock.advance(10_001);
        await until(() => waiting(2));
        return pending;
      },
      async (event) => {
        events.push(event);
        return { Status: 'SUCCEEDED' };
      },
    ]);
    bench.startEvents();
    await until(async () => (await statusOf(bench, arn)) === 'SUCCEEDED');
    assert.deepEqual(events[1]?.UpdatedOperationIds, ['v']);
    assert.deepEqual(events[1]?.InitialExecutionState.Operations.map(({ Status }) => Status), ['STARTED', 'SUCCEEDED', 'SUCCEEDED']);
  }));

test('an execution fails that waits for nothing, that answers nothing known, and whose runs fail five times', async () => {
  const failsWith = (run: Run, message: string): Promise<void> =>
    withLambda(async (bench) => {
      const arn = await begin(bench, [run]);
      bench.startEvents();
      await until(async () => {
        bench.clock.advance(1_000);
        return (await statusOf(bench, arn)) === 'FAILED';
      });
      const { Error: failure } = await bench.call('GetDurableExecution', { DurableExecutionArn: arn });
      assert.equal(failure?.ErrorMessage, message);
    });
  await failsWith(async () => pending, 'Cannot return PENDING status with no pending operations.');
  await failsWith(async () => ({ hello: 'world' }), 'Invalid Status in invocation output.');
  await withLambda(async (bench) => {
    const arn = await begin(bench, [async () => pending]);
    let runs = 0;
    bench.sandbox.behaviour.invoke = () => {
      runs += 1;
      return { kind: 'function-error', payload: Buffer.from('{"errorType":"Crash","errorMessage":"boom"}') };
    };
    bench.startEvents();
    await until(async () => {
      bench.clock.advance(1_000);
      return (await statusOf(bench, arn)) === 'FAILED';
    });
    assert.equal(runs, 5);
    assert.deepEqual((await bench.call('GetDurableExecution', { DurableExecutionArn: arn })).Error, { ErrorType: 'Crash', ErrorMessage: 'boom' });
  });
});

test('an execution goes on after a restart with its operations, and StopDurableExecution ends it', () =>
  withLambda(async (bench) => {
    const { call } = bench;
    const events: RunEvent[] = [];
    const arn = await begin(bench, [
      async (event) => {
        events.push(event);
        const Updates = [{ Id: 'c', Type: 'CALLBACK', Action: 'START', CallbackOptions: { HeartbeatTimeoutSeconds: 60 } }] as const;
        await call('CheckpointDurableExecution', { DurableExecutionArn: arn, CheckpointToken: event.CheckpointToken, Updates: [...Updates] });
        return pending;
      },
      async (event) => {
        events.push(event);
        return events.length === 2 ? pending : { Status: 'SUCCEEDED' };
      },
    ]);
    const again = bench.restart();
    bench.startEvents(again);
    const started = async () => (await call('GetDurableExecutionHistory', { DurableExecutionArn: arn })).Events?.find(({ EventType }) => EventType === 'CallbackStarted');
    await until(async () => (await started()) !== undefined);
    const { CallbackId = '' } = (await started())?.CallbackStartedDetails ?? {};
    await call('SendDurableExecutionCallbackHeartbeat', { CallbackId });
    await call('SendDurableExecutionCallbackFailure', { CallbackId, Error: { ErrorMessage: 'no' } });
    await assert.rejects(call('SendDurableExecutionCallbackSuccess', { CallbackId }), { code: 'CallbackTimeoutException' });
    await until(() => events.length === 2);
    assert.deepEqual(events[1]?.InitialExecutionState.Operations.map(({ Id, Status }) => [Id === 'c', Status]), [[false, 'STARTED'], [true, 'FAILED']]);
    await call('StopDurableExecution', { DurableExecutionArn: arn });
    assert.match((await statusOf(bench, arn)) ?? '', /STOPPED|FAILED/);
    await again.close(0);
  }));
