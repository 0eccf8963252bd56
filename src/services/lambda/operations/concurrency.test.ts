import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helloFunction, withLambda } from '../testing/testLambda.ts';

test('PutFunctionConcurrency limits a function, GetFunctionConcurrency tells, DeleteFunctionConcurrency ends it', async () => {
  await withLambda(async ({ call, sandbox }) => {
    await call('CreateFunction', helloFunction);
    assert.deepEqual(await call('GetFunctionConcurrency', { FunctionName: 'hello' }), {});
    await call('PutFunctionConcurrency', { FunctionName: 'hello', ReservedConcurrentExecutions: 1 });
    assert.deepEqual(await call('GetFunctionConcurrency', { FunctionName: 'hello' }), { ReservedConcurrentExecutions: 1 });
    let finish = (): void => undefined;
    sandbox.behaviour.invoke = (request) => new Promise((done) => (finish = () => done({ kind: 'response', payload: request.event })));
    const first = call('Invoke', { FunctionName: 'hello', Payload: undefined });
    while (sandbox.started.length === 0) await new Promise(setImmediate);
    await assert.rejects(call('Invoke', { FunctionName: 'hello', Payload: undefined }), {
      code: 'TooManyRequestsException',
      status: 429,
      message: 'Rate Exceeded.',
      members: { Type: 'User', Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded', retryAfterSeconds: '1' },
    });
    await new Promise(setImmediate);
    finish();
    await first;
    await call('DeleteFunctionConcurrency', { FunctionName: 'hello' });
    assert.deepEqual(await call('GetFunctionConcurrency', { FunctionName: 'hello' }), {});
  });
});

test('PutFunctionConcurrency of zero stops a function', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    await call('PutFunctionConcurrency', { FunctionName: 'hello', ReservedConcurrentExecutions: 0 });
    assert.deepEqual((await call('GetFunction', { FunctionName: 'hello' })).Concurrency, { ReservedConcurrentExecutions: 0 });
    await assert.rejects(call('Invoke', { FunctionName: 'hello', Payload: undefined }), { code: 'TooManyRequestsException' });
  });
});

test('PutFunctionConcurrency leaves a hundred to all other functions', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    await call('CreateFunction', { ...helloFunction, FunctionName: 'other' });
    await call('PutFunctionConcurrency', { FunctionName: 'hello', ReservedConcurrentExecutions: 800 });
    await call('PutFunctionConcurrency', { FunctionName: 'other', ReservedConcurrentExecutions: 100 });
    await assert.rejects(call('PutFunctionConcurrency', { FunctionName: 'other', ReservedConcurrentExecutions: 101 }), /below its minimum value of \[100\]\.$/);
    assert.equal((await call('GetAccountSettings', {})).AccountLimit?.UnreservedConcurrentExecutions, 100);
    await call('DeleteFunction', { FunctionName: 'hello' });
    assert.equal((await call('GetAccountSettings', {})).AccountLimit?.UnreservedConcurrentExecutions, 900);
  });
});
