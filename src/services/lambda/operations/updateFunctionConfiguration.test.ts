import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, helloFunction, withLambda } from '../testing/testLambda.ts';

test('UpdateFunctionConfiguration changes what it names and keeps the rest', async () => {
  await withLambda(async ({ call, clock }) => {
    await call('CreateFunction', { ...helloFunction, Description: 'kept', Environment: { Variables: { A: '1' } } });
    const before = await call('GetFunctionConfiguration', { FunctionName: 'hello' });
    clock.advance(1_000);
    await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Timeout: 9, MemorySize: 320, EphemeralStorage: { Size: 600 } });
    const { RevisionId, ...after } = await call('GetFunctionConfiguration', { FunctionName: 'hello' });
    assert.notEqual(RevisionId, before.RevisionId);
    const { RevisionId: _old, ...kept } = before;
    assert.deepEqual(after, { ...kept, Timeout: 9, MemorySize: 320, EphemeralStorage: { Size: 600 }, LastModified: '2026-01-01T00:00:01.000+0000' });
  });
});

test('UpdateFunctionConfiguration gives the next invocation an environment with the new variables', async () => {
  await withLambda(async ({ call, sandbox }) => {
    await call('CreateFunction', { ...helloFunction, Environment: { Variables: { A: '1', B: '2' } } });
    await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Environment: { Variables: { A: '9' } } });
    await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    assert.deepEqual(sandbox.started.map(({ spec }) => [spec.variables.A, spec.variables.B]), [['1', '2'], ['9', undefined]]);
    assert.equal(sandbox.alive(), 1);
    await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Environment: { Variables: {} } });
    assert.deepEqual((await call('GetFunctionConfiguration', { FunctionName: 'hello' })).Environment, { Variables: {} });
  });
});

test('UpdateFunctionConfiguration holds the limits of creation and changes nothing on a refusal', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    const before = await call('GetFunctionConfiguration', { FunctionName: 'hello' });
    const refused = (change: object): Promise<unknown> => call('UpdateFunctionConfiguration', { FunctionName: 'hello', ...change });
    await assert.rejects(refused({ MemorySize: 64 }), { code: 'ValidationException' });
    await assert.rejects(refused({ Runtime: 'python2.7' }), /no longer supported for creating or updating/);
    await assert.rejects(refused({ Environment: { Variables: { _HANDLER: 'x' } } }), /Reserved keys/);
    await assert.rejects(refused({ Role: `arn:aws:iam::${account}:role/stranger` }), /cannot be assumed by Lambda/);
    await assert.rejects(refused({ RevisionId: 'other', Timeout: 4 }), { code: 'PreconditionFailedException' });
    await assert.rejects(refused({ SnapStart: { ApplyOn: 'PublishedVersions' } }), /nodejs22\.x is not supported for SnapStart enabled functions/);
    await assert.rejects(refused({ FunctionName: 'absent', Timeout: 4 }), { code: 'ResourceNotFoundException' });
    assert.deepEqual(await call('GetFunctionConfiguration', { FunctionName: 'hello' }), before);
  });
});

test('UpdateFunctionConfiguration accepts the revision it answered last', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    const first = await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Timeout: 4 });
    const second = await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Timeout: 5, RevisionId: first.RevisionId });
    assert.equal(second.Timeout, 5);
  });
});
