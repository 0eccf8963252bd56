// Durable functions with their official client, unchanged and from the registry:
// https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html and its pages
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { AttachRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CheckpointDurableExecutionCommand, DeleteFunctionCommand, GetDurableExecutionCommand, GetDurableExecutionHistoryCommand, GetDurableExecutionStateCommand, GetFunctionConfigurationCommand, InvokeCommand,
  ListDurableExecutionsByFunctionCommand, SendDurableExecutionCallbackFailureCommand, SendDurableExecutionCallbackHeartbeatCommand, SendDurableExecutionCallbackSuccessCommand,
  StopDurableExecutionCommand, UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { Event, GetDurableExecutionCommandOutput } from '@aws-sdk/client-lambda';
import { buildSync } from 'esbuild';
import { packageRoot } from '../../../src/base/packageRoot.ts';
import { createExecutionRole, createFunction, invoke, uniqueName } from '../../support/functions.ts';
import { useServer } from '../../support/useServer.ts';

let role = '';
let durable = '';
let plain = '';
const scene = useServer({}, async ({ aws }) => {
  role = await createExecutionRole(aws);
  const RoleName = role.split('/').at(-1);
  await aws.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicDurableExecutionRolePolicy' }));
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: 'arn:aws:lambda:*:*:function:function-*' }] });
  await aws.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'chain', PolicyDocument }));
  plain = await createFunction(aws.lambda, { Role: role, files: { 'index.mjs': 'export const handler = async ({ n }) => { if (n < 0) throw new RangeError("below"); return n * 2; };\n' } });
  durable = `${await createFunction(aws.lambda, { Role: role, Timeout: 30, MemorySize: 256, DurableConfig: { ExecutionTimeout: 600, RetentionPeriodInDays: 2 }, files: bundle(workflows) })}:$LATEST`;
});

// One function with a workflow for each test.
const workflows = `
import { withDurableExecution } from '@aws/durable-execution-sdk-js';
const workflows = {
  async order({ n }, context) {
    const first = await context.step('first', async () => ({ made: n + 1, at: Math.random() }));
    await context.wait('pause', { seconds: 60 });
    const again = first.at;
    const second = await context.step('second', async () => first.made * 10);
    return { same: again === first.at, second };
  },
  async retries(event, context) {
    return context.step('flaky', async ({ attempt }) => { if (attempt < 3) throw new TypeError('attempt ' + attempt); return attempt; },
      { retryStrategy: (error, attempt) => ({ shouldRetry: attempt < 5, delay: { seconds: 100 } }) });
  },
  async approval(event, context) {
    return context.waitForCallback('approve', async (id) => { console.log('callback ' + id); }, { timeout: { seconds: 200 }, heartbeatTimeout: { seconds: 100 } });
  },
  async branches({ items }, context) {
    const doubled = await context.map('double', items, async (child, item) => child.step(async () => item * 2));
    const both = await context.parallel('both', [
      async (child) => { await child.wait({ seconds: 30 }); return 'slow'; },
      async (child) => child.runInChildContext('inner', async (inner) => inner.step(async () => 'fast')),
    ]);
    return [doubled.getResults(), both.getResults()];
  },
  async chain({ plain, durable, failing }, context) {
    const two = await context.invoke('plain', plain, { n: 21 });
    const three = durable ? await context.invoke('durable', durable, { kind: 'order', n: two }) : undefined;
    let refused;
    try { if (failing) await context.invoke('failing', failing, { n: -1 }); } catch (error) { refused = error.message; }
    return { two, three, refused };
  },
  async fails() { const error = new RangeError('no stock'); throw error; },
  async large(event, context) {
    const text = await context.step('large', async () => 'x'.repeat(200_000));
    await context.wait({ seconds: 20 });
    return text.length;
  },
};
export const handler = withDurableExecution(async (event, context) => workflows[event.kind](event, context));
`;

/** The function's own code and the client, as a bundler makes them for a deployment. */
function bundle(contents: string): Record<string, string> {
  const stdin = { contents, resolveDir: packageRoot, sourcefile: 'index.mjs' };
  const { outputFiles } = buildSync({ stdin, bundle: true, platform: 'node', target: 'node22', format: 'cjs', write: false, logLevel: 'silent' });
  return { 'index.js': outputFiles[0]?.text ?? '' };
}

async function start(event: object, DurableExecutionName = uniqueName('execution'), FunctionName = durable): Promise<string> {
  const answer = await scene().aws.lambda.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: JSON.stringify(event), DurableExecutionName }));
  assert.equal(answer.StatusCode, 202);
  return answer.DurableExecutionArn ?? '';
}

const describe = (DurableExecutionArn: string): Promise<GetDurableExecutionCommandOutput> => scene().aws.lambda.send(new GetDurableExecutionCommand({ DurableExecutionArn }));

/** The history once it has what is asked for. */
async function waitForEvent(arn: string, isThere: (events: readonly Event[]) => boolean): Promise<readonly Event[]> {
  const endMs = performance.now() + 60_000;
  for (;;) {
    const { Events = [] } = await scene().aws.lambda.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn: arn, MaxItems: 1_000 }));
    if (isThere(Events)) return Events;
    assert.ok(performance.now() < endMs, `never came: ${JSON.stringify(Events)}`);
  }
}

const isSuspended = (runs: number) => (events: readonly Event[]): boolean => events.filter(({ EventType }) => EventType === 'InvocationCompleted').length >= runs;
const hasEnded = (events: readonly Event[]): boolean => events.some(({ EventType = '' }) => /^Execution(Succeeded|Failed|Stopped|TimedOut)$/.test(EventType));
const typesOf = (events: readonly Event[]): string[] => events.map(({ EventType = '' }) => EventType);

const advance = (seconds: number): Promise<void> => scene().server.clock.advance(seconds * 1_000);

suite('durable functions', () => {
  test('an execution suspends for a wait, is resumed by the clock, and runs no step twice', async () => {
    const name = uniqueName('order');
    const arn = await start({ kind: 'order', n: 1 }, name);
    assert.match(arn, new RegExp(`^arn:aws:lambda:us-east-1:000000000000:function:[^:]+:\\$LATEST/durable-execution/${name}/`));
    await waitForEvent(arn, isSuspended(1));
    assert.equal((await describe(arn)).Status, 'RUNNING');
    await advance(61);
    const events = await waitForEvent(arn, (all) => hasEnded(all) && isSuspended(2)(all));
    const order = ['ExecutionStarted', 'StepStarted', 'StepSucceeded', 'WaitStarted', 'InvocationCompleted', 'WaitSucceeded', 'StepStarted', 'StepSucceeded'];
    assert.deepEqual(typesOf(events).slice(0, order.length), order);
    const ended = await describe(arn);
    assert.deepEqual([ended.Status, ended.Result, ended.InputPayload, ended.DurableExecutionName], ['SUCCEEDED', '{"same":true,"second":20}', '{"kind":"order","n":1}', name]);
    assert.ok((ended.EndTimestamp ?? new Date(0)) > (ended.StartTimestamp ?? new Date()));

    const { lambda } = scene().aws;
    const listed = await lambda.send(new ListDurableExecutionsByFunctionCommand({ FunctionName: durable.split(':')[0], DurableExecutionName: name, Statuses: ['SUCCEEDED'] }));
    assert.deepEqual(listed.DurableExecutions?.map(({ DurableExecutionArn }) => DurableExecutionArn), [arn]);
    // The same name and payload is the same execution, another payload is an error (the guide, "Idempotency").
    assert.equal(await start({ kind: 'order', n: 1 }, name), arn);
    await assert.rejects(start({ kind: 'order', n: 2 }, name), { name: 'DurableExecutionAlreadyStartedException' });
    await assert.rejects(lambda.send(new CheckpointDurableExecutionCommand({ DurableExecutionArn: arn, CheckpointToken: 'AAAA', Updates: [] })), /Invalid Checkpoint Token/);
    await assert.rejects(lambda.send(new GetDurableExecutionStateCommand({ DurableExecutionArn: arn, CheckpointToken: 'AAAA' })), /Invalid Checkpoint Token/);
    const newestFirst = await lambda.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn: arn, ReverseOrder: true, MaxItems: 1, IncludeExecutionData: false }));
    assert.equal(newestFirst.Events?.[0]?.EventId, events.length);
    const { Marker, ...older } = { Marker: newestFirst.NextMarker, DurableExecutionArn: arn, ReverseOrder: true, MaxItems: 1 };
    assert.equal((await lambda.send(new GetDurableExecutionHistoryCommand({ ...older, ...(Marker === undefined ? {} : { Marker }) }))).Events?.[0]?.EventId, events.length - 1);
    // Retention ends by the clock as well.
    await advance(2 * 86_400 + 60);
    await assert.rejects(waitForGone(arn), { name: 'ResourceNotFoundException' });
  });

  test('a step that fails is tried again when its strategy says so', async () => {
    const arn = await start({ kind: 'retries' });
    await waitForEvent(arn, isSuspended(1));
    await advance(101);
    await waitForEvent(arn, isSuspended(2));
    await advance(101);
    const events = await waitForEvent(arn, hasEnded);
    assert.equal((await describe(arn)).Result, '3');
    const failures = events.filter(({ EventType }) => EventType === 'StepFailed').map(({ StepFailedDetails }) => StepFailedDetails);
    assert.deepEqual(failures.map((details) => [details?.Error?.Payload?.ErrorMessage, details?.RetryDetails?.CurrentAttempt]), [['attempt 1', 1], ['attempt 2', 2]]);
  });

  test('callbacks succeed, fail, live by heartbeats and time out', async () => {
    const { lambda } = scene().aws;
    const begin = async (): Promise<{ readonly arn: string; readonly CallbackId: string }> => {
      const arn = await start({ kind: 'approval' });
      const events = await waitForEvent(arn, isSuspended(1));
      return { arn, CallbackId: events.find(({ CallbackStartedDetails }) => CallbackStartedDetails !== undefined)?.CallbackStartedDetails?.CallbackId ?? '' };
    };
    const approved = await begin();
    await lambda.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId: approved.CallbackId, Result: Buffer.from('"yes"') }));
    await waitForEvent(approved.arn, hasEnded);
    const success = await describe(approved.arn);
    assert.equal(success.Status, 'SUCCEEDED');
    assert.match(success.Result ?? '', /yes/);
    await assert.rejects(lambda.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId: approved.CallbackId })), { name: 'CallbackTimeoutException' });
    await assert.rejects(lambda.send(new SendDurableExecutionCallbackHeartbeatCommand({ CallbackId: 'AAAA' })), { name: 'InvalidParameterValueException' });

    const [refused, late] = [await begin(), await begin()];
    await lambda.send(new SendDurableExecutionCallbackFailureCommand({ CallbackId: refused.CallbackId, Error: { ErrorType: 'Refused', ErrorMessage: 'not today' } }));
    await waitForEvent(refused.arn, hasEnded);
    const failure = await describe(refused.arn);
    assert.deepEqual([failure.Status, failure.Error?.ErrorMessage], ['FAILED', 'not today']);
    await advance(90);
    await lambda.send(new SendDurableExecutionCallbackHeartbeatCommand({ CallbackId: late.CallbackId }));
    await advance(90);
    assert.equal((await describe(late.arn)).Status, 'RUNNING');
    await advance(90);
    const events = await waitForEvent(late.arn, hasEnded);
    assert.ok(typesOf(events).includes('CallbackTimedOut'));
    assert.equal((await describe(late.arn)).Status, 'FAILED');
  });

  test('branches run in child contexts and wait apart', async () => {
    const arn = await start({ kind: 'branches', items: [1, 2, 3] });
    await waitForEvent(arn, isSuspended(1));
    await advance(31);
    await waitForEvent(arn, hasEnded);
    assert.equal((await describe(arn)).Result, '[[2,4,6],["slow","fast"]]');
  });

  test('a chained invoke runs other functions, durable ones too, and hears of their failures', async () => {
    const arn = await start({ kind: 'chain', plain: `${plain}:$LATEST`, durable, failing: plain });
    const { lambda } = scene().aws;
    const events = await waitForEvent(arn, (all) => all.filter(({ EventType }) => EventType === 'ChainedInvokeStarted').length === 2);
    assert.equal(events.find(({ ChainedInvokeSucceededDetails }) => ChainedInvokeSucceededDetails)?.ChainedInvokeSucceededDetails?.Result?.Payload, '42');
    let child: string | undefined;
    while (child === undefined) {
      const { DurableExecutions = [] } = await lambda.send(new ListDurableExecutionsByFunctionCommand({ FunctionName: durable, ReverseOrder: true, MaxItems: 1 }));
      child = DurableExecutions.map(({ DurableExecutionArn }) => DurableExecutionArn).find((other) => other !== arn);
    }
    await waitForEvent(child, isSuspended(1));
    await advance(61);
    await waitForEvent(arn, hasEnded);
    const { Result } = await describe(arn);
    assert.deepEqual(JSON.parse(Result ?? ''), { two: 42, three: { same: true, second: 430 }, refused: 'below' });
  });

  test('Invoke waits for the end, answers failures as functions do, and refuses what cannot be durable', async () => {
    const { lambda } = scene().aws;
    const failed = await invoke(lambda, durable, { kind: 'fails' });
    assert.deepEqual([failed.status, failed.functionError, (failed.payload as { errorType: string }).errorType, (failed.payload as { errorMessage: string }).errorMessage], [200, 'Unhandled', 'RangeError', 'no stock']);
    await assert.rejects(invoke(lambda, durable.split(':')[0] ?? '', { kind: 'fails' }), { name: 'InvalidParameterValueException', message: 'You cannot invoke a durable function using an unqualified ARN.' });
    await assert.rejects(invoke(lambda, durable, { kind: 'fails' }, { LogType: 'Tail' }), { name: 'InvalidParameterValueException', message: /LogType Tail of a durable function/ });
    await assert.rejects(invoke(lambda, plain, {}, { DurableExecutionName: 'name' }), { name: 'InvalidParameterValueException' });
    await assert.rejects(lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: plain, DurableConfig: { ExecutionTimeout: 60 } })), { name: 'InvalidParameterValueException' });
    const FunctionName = durable.split(':')[0];
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, DurableConfig: { ExecutionTimeout: 3_600 } }));
    assert.deepEqual((await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))).DurableConfig, { ExecutionTimeout: 3_600, RetentionPeriodInDays: 2 });
    await assert.rejects(invoke(lambda, durable, { kind: 'fails' }), { message: 'You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes.' });
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, DurableConfig: { ExecutionTimeout: 600 } }));
  });

  test('an execution is stopped by its operator, times out, and carries large results from run to run', async () => {
    const { lambda } = scene().aws;
    const [stopped, late, large] = [await start({ kind: 'order', n: 5 }), await start({ kind: 'approval' }), await start({ kind: 'large' })];
    for (const arn of [stopped, late, large]) await waitForEvent(arn, isSuspended(1));
    await lambda.send(new StopDurableExecutionCommand({ DurableExecutionArn: stopped, Error: { ErrorType: 'Operator', ErrorMessage: 'enough' } }));
    const ended = await describe(stopped);
    assert.deepEqual([ended.Status, ended.Error?.ErrorMessage], ['STOPPED', 'enough']);
    await advance(21);
    await waitForEvent(large, hasEnded);
    assert.equal((await describe(large)).Result, '200000');
    await advance(700);
    await waitForEvent(late, (events) => typesOf(events).includes('ExecutionTimedOut') || typesOf(events).includes('ExecutionFailed'));
  });

  test('executions go with their function', async () => {
    const { lambda } = scene().aws;
    const name = await createFunction(lambda, { Role: role, Timeout: 30, DurableConfig: { ExecutionTimeout: 600 }, files: bundle(workflows) });
    const arn = await start({ kind: 'order', n: 1 }, 'gone', `${name}:$LATEST`);
    await waitForEvent(arn, isSuspended(1));
    await lambda.send(new DeleteFunctionCommand({ FunctionName: name }));
    await assert.rejects(describe(arn), { name: 'ResourceNotFoundException' });
  });
});

async function waitForGone(arn: string): Promise<never> {
  for (;;) await describe(arn);
}
