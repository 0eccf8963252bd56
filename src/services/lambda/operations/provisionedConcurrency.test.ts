import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InvocationOutcome } from '../../../sandbox/types.ts';
import { callOperation, helloFunction, withLambda } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';
import { until } from '../testing/until.ts';

const hello = { FunctionName: 'hello' } as const;

async function createWithAlias(bench: TestLambda, alias = 'live'): Promise<void> {
  await bench.call('CreateFunction', { ...helloFunction, Publish: true });
  await bench.call('CreateAlias', { ...hello, Name: alias, FunctionVersion: '1' });
  bench.lambda.startPolling();
}

const put = ({ call }: TestLambda, Qualifier: string, ProvisionedConcurrentExecutions: number) =>
  call('PutProvisionedConcurrencyConfig', { ...hello, Qualifier, ProvisionedConcurrentExecutions });

const isReady = ({ call }: TestLambda, Qualifier: string) => async (): Promise<boolean> =>
  (await call('GetProvisionedConcurrencyConfig', { ...hello, Qualifier })).Status === 'READY';

function holdInvocations({ sandbox }: TestLambda): (() => void)[] {
  const held: (() => void)[] = [];
  sandbox.behaviour.invoke = (request) => new Promise<InvocationOutcome>((resolve) => held.push(() => resolve({ kind: 'response', payload: request.event })));
  return held;
}

test('PutProvisionedConcurrencyConfig starts environments ahead, which serve the alias and spill over to others', async () => {
  await withLambda(async (bench) => {
    const { call, sandbox } = bench;
    await createWithAlias(bench);
    const asked = await put(bench, 'live', 2);
    assert.deepEqual(
      { ...asked, LastModified: undefined },
      { RequestedProvisionedConcurrentExecutions: 2, AllocatedProvisionedConcurrentExecutions: 0, AvailableProvisionedConcurrentExecutions: 0, Status: 'IN_PROGRESS', LastModified: undefined },
    );
    assert.match(asked.LastModified ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/);
    await until(isReady(bench, 'live'));
    const { Status, AvailableProvisionedConcurrentExecutions, AllocatedProvisionedConcurrentExecutions } = await call('GetProvisionedConcurrencyConfig', { ...hello, Qualifier: 'live' });
    assert.deepEqual({ Status, AvailableProvisionedConcurrentExecutions, AllocatedProvisionedConcurrentExecutions }, { Status: 'READY', AvailableProvisionedConcurrentExecutions: 2, AllocatedProvisionedConcurrentExecutions: 2 });
    assert.deepEqual(sandbox.started.map(({ spec }) => spec.variables.AWS_LAMBDA_INITIALIZATION_TYPE), ['provisioned-concurrency', 'provisioned-concurrency']);
    assert.equal(sandbox.started[0]?.spec.initTimeoutMs, 130_000);
    const held = holdInvocations(bench);
    const running = [1, 2, 3].map(() => call('Invoke', { ...hello, Qualifier: 'live', Payload: undefined }));
    await until(() => held.length === 3);
    assert.deepEqual(sandbox.started.slice(2).map(({ spec }) => spec.variables.AWS_LAMBDA_INITIALIZATION_TYPE), ['on-demand']);
    for (const finish of held) finish();
    await Promise.all(running);
    const unaliased = call('Invoke', { ...hello, Qualifier: '1', Payload: undefined });
    await until(() => held.length === 4);
    held[3]?.();
    await unaliased;
    assert.equal(sandbox.started.length, 3, 'the version by its number runs on demand, in the environment that is warm');
    assert.match(bench.logText(), /Duration: 0\.00 ms\tBilled Duration: 1 ms\t.*Init Duration: 12\.50 ms/);
    bench.clock.advance(3_600_000);
    await until(() => sandbox.alive() === 2);
  });
});

test('PutProvisionedConcurrencyConfig replaces what is lost, follows a smaller number, and DeleteProvisionedConcurrencyConfig ends all', async () => {
  await withLambda(async (bench) => {
    const { call, sandbox } = bench;
    await createWithAlias(bench);
    await put(bench, '1', 3);
    await until(isReady(bench, '1'));
    sandbox.started[0]?.exit({ code: 1, signal: undefined, outOfMemory: false });
    await until(async () => sandbox.started.length === 4 && (await isReady(bench, '1')()));
    sandbox.behaviour.invoke = () => ({ kind: 'timeout' });
    await call('Invoke', { ...hello, Qualifier: 'live', Payload: undefined });
    await until(async () => sandbox.started.length === 5 && (await isReady(bench, '1')()));
    await put(bench, '1', 1);
    await until(() => sandbox.alive() === 1);
    assert.equal(((await call('ListProvisionedConcurrencyConfigs', hello)).ProvisionedConcurrencyConfigs ?? [])[0]?.FunctionArn, 'arn:aws:lambda:us-east-1:000000000000:function:hello:1');
    await call('DeleteProvisionedConcurrencyConfig', { ...hello, Qualifier: '1' });
    await until(() => sandbox.alive() === 0);
    await assert.rejects(call('GetProvisionedConcurrencyConfig', { ...hello, Qualifier: '1' }), {
      code: 'ProvisionedConcurrencyConfigNotFoundException',
      status: 404,
      message: 'No Provisioned Concurrency Config found for this function',
    });
    await call('DeleteProvisionedConcurrencyConfig', { ...hello, Qualifier: '1' });
  });
});

test('PutProvisionedConcurrencyConfig of an alias follows it to another version, and ends with it', async () => {
  await withLambda(async (bench) => {
    const { call, sandbox } = bench;
    await createWithAlias(bench);
    await put(bench, 'live', 1);
    await until(isReady(bench, 'live'));
    await call('UpdateFunctionConfiguration', { ...hello, Timeout: 9 });
    await call('PublishVersion', hello);
    await call('UpdateAlias', { ...hello, Name: 'live', FunctionVersion: '2' });
    await until(async () => sandbox.started.length === 2 && sandbox.alive() === 1 && (await isReady(bench, 'live')()));
    assert.equal(sandbox.started[1]?.spec.variables.AWS_LAMBDA_FUNCTION_VERSION, '2');
    await call('DeleteAlias', { ...hello, Name: 'live' });
    await until(() => sandbox.alive() === 0);
    assert.equal((await call('GetAccountSettings', {})).AccountLimit?.UnreservedConcurrentExecutions, 1_000);
  });
});

test('PutProvisionedConcurrencyConfig says FAILED when the code cannot be initialised, and tries again when it is asked again', async () => {
  await withLambda(async (bench) => {
    const { call, sandbox } = bench;
    await createWithAlias(bench);
    sandbox.behaviour.init = () => ({ kind: 'init-error', payload: Buffer.from('{"errorType":"Broken"}'), durationMs: 1 });
    await put(bench, 'live', 1);
    await until(async () => (await call('GetProvisionedConcurrencyConfig', { ...hello, Qualifier: 'live' })).Status === 'FAILED');
    const { StatusReason, AllocatedProvisionedConcurrentExecutions } = await call('GetProvisionedConcurrencyConfig', { ...hello, Qualifier: 'live' });
    assert.deepEqual([StatusReason, AllocatedProvisionedConcurrentExecutions], ['FUNCTION_ERROR_INIT_FAILURE', 0]);
    sandbox.behaviour.init = () => ({ kind: 'ready', durationMs: 1 });
    await put(bench, 'live', 1);
    await until(isReady(bench, 'live'));
  });
});

test('PutProvisionedConcurrencyConfig is kept over a restart of the server', async () => {
  await withLambda(async (bench) => {
    await createWithAlias(bench);
    await put(bench, 'live', 2);
    await until(isReady(bench, 'live'));
    await bench.lambda.close(0);
    assert.equal(bench.sandbox.alive(), 0);
    const next = bench.restart();
    next.startPolling();
    await until(async () => (await callOperation(next, 'GetProvisionedConcurrencyConfig', { ...hello, Qualifier: 'live' }, {})).Status === 'READY');
    assert.equal(bench.sandbox.alive(), 2);
    await next.close(0);
  });
});

test('PutProvisionedConcurrencyConfig takes from the account, and no more than there is or the function has reserved', async () => {
  await withLambda(async (bench) => {
    const { call } = bench;
    await call('CreateFunction', { ...helloFunction, Publish: true });
    await assert.rejects(put(bench, '$LATEST', 1), /^ServiceError: Provisioned Concurrency Configs cannot be applied to unpublished function versions\.$/);
    await assert.rejects(put(bench, '7', 1), { code: 'ResourceNotFoundException' });
    await assert.rejects(put(bench, 'nowhere', 1), /Cannot find alias arn: .*:nowhere$/);
    await assert.rejects(put(bench, '1', 901), /decreases account's UnreservedConcurrentExecution below its minimum value of \[100\]\.$/);
    await put(bench, '1', 10);
    assert.equal((await call('GetAccountSettings', {})).AccountLimit?.UnreservedConcurrentExecutions, 990);
    await assert.rejects(call('PutFunctionConcurrency', { ...hello, ReservedConcurrentExecutions: 9 }), /should not be lower than function's total provisioned concurrency \[10\]\.$/);
    await call('PutFunctionConcurrency', { ...hello, ReservedConcurrentExecutions: 12 });
    assert.equal((await call('GetAccountSettings', {})).AccountLimit?.UnreservedConcurrentExecutions, 988);
    await assert.rejects(put(bench, '1', 13), /should not be greater than the reservedConcurrentExecution for function$/);
    await call('DeleteFunctionConcurrency', hello);
    assert.equal((await call('GetAccountSettings', {})).AccountLimit?.UnreservedConcurrentExecutions, 990);
    await call('DeleteFunction', hello);
    assert.equal((await call('GetAccountSettings', {})).AccountLimit?.UnreservedConcurrentExecutions, 1_000);
  });
});

test('PutProvisionedConcurrencyConfig provisions a version once, for itself or for one alias that leads to it', async () => {
  await withLambda(async (bench) => {
    const { call } = bench;
    await createWithAlias(bench);
    await call('UpdateFunctionConfiguration', { ...hello, Timeout: 9 });
    await call('PublishVersion', hello);
    await put(bench, 'live', 1);
    await assert.rejects(put(bench, '1', 1), { code: 'ResourceConflictException', message: 'Version is pointed by a Provisioned Concurrency alias' });
    await put(bench, '2', 1);
    const refused = { code: 'ResourceConflictException', message: "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version" };
    await assert.rejects(call('UpdateAlias', { ...hello, Name: 'live', FunctionVersion: '2' }), refused);
    await call('CreateAlias', { ...hello, Name: 'next', FunctionVersion: '2' });
    await assert.rejects(put(bench, 'next', 1), refused);
    await call('CreateAlias', { ...hello, Name: 'both', FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { '2': 0.5 } } });
    await assert.rejects(put(bench, 'both', 1), /Invalid alias configuration for Provisioned Concurrency$/);
    await assert.rejects(call('GetProvisionedConcurrencyConfig', { ...hello, Qualifier: '$LATEST' }), /must be an alias or a published version\.$/);
  });
});
