import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../testing/until.ts';
import { helloFunction, withLambda, zipOf } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';
import { requireInvocable, requireSnapStart } from './rules.ts';

const snapStarted = { ...helloFunction, Runtime: 'python3.13', Code: { ZipFile: zipOf({ 'index.py': 'def handler(event, context): return event\n' }) }, SnapStart: { ApplyOn: 'PublishedVersions' } } as const;

async function stateOf({ call }: Pick<TestLambda, 'call'>): Promise<string | undefined> {
  return (await call('GetFunctionConfiguration', { FunctionName: 'hello', Qualifier: '1' })).State;
}

test('requireSnapStart takes what AWS and this server can restore, and nothing else', () => {
  requireSnapStart({ runtime: 'python3.12', ephemeralMegabytes: 512 });
  for (const runtime of ['python3.11', 'nodejs22.x', 'provided.al2023', 'ruby3.4', 'java8.al2', 'dotnet6']) {
    assert.throws(() => requireSnapStart({ runtime, ephemeralMegabytes: 512 }), { message: `${runtime} is not supported for SnapStart enabled functions.` });
  }
  for (const runtime of ['java21', 'dotnet8']) assert.throws(() => requireSnapStart({ runtime, ephemeralMegabytes: 512 }), /Haneul does not implement SnapStart for/);
  assert.throws(() => requireSnapStart({ runtime: 'python3.12', ephemeralMegabytes: 513 }), /Ephemeral storage of 513 MB/);
});

test('requireInvocable refuses a version whose snapshot is not there', () => {
  requireInvocable({}, 'arn');
  requireInvocable({ snapStart: { state: 'off' } }, 'arn');
  assert.throws(() => requireInvocable({ snapStart: { state: 'pending' } }, 'arn'), { code: 'SnapStartNotReadyException' });
  assert.throws(() => requireInvocable({ snapStart: { state: 'failed' } }, 'arn'), { code: 'ResourceConflictException' });
});

test('createSnapshots takes a snapshot that was pending when the server ended, once it is there again', async () => {
  await withLambda(async (bench) => {
    const { sandbox, call, restart } = bench;
    await call('CreateFunction', snapStarted);
    let isThere = false;
    const ready = sandbox.behaviour.init;
    sandbox.behaviour.init = (spec) => (isThere ? ready(spec) : new Promise(() => undefined));
    assert.equal((await call('PublishVersion', { FunctionName: 'hello' })).State, 'Pending');
    await until(() => sandbox.started.length === 1);
    assert.equal(await stateOf(bench), 'Pending');
    await bench.lambda.close(0);
    assert.equal(await stateOf(bench), 'Pending', 'a server that stops decides nothing');
    isThere = true;
    const again = restart();
    await again.recover();
    await until(async () => (await stateOf(bench)) === 'Active');
    assert.equal((await call('GetFunctionConfiguration', { FunctionName: 'hello', Qualifier: '1' })).SnapStart?.OptimizationStatus, 'On');
    await again.close(0);
  });
});
