import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, helloFunction, withLambda } from '../testing/testLambda.ts';

test('GetFunctionCodeSigningConfig answers that there is none, of a function that exists', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    assert.deepEqual(await call('GetFunctionCodeSigningConfig', { FunctionName: 'hello' }), {});
    await assert.rejects(call('GetFunctionCodeSigningConfig', { FunctionName: 'absent' }), { code: 'ResourceNotFoundException' });
  });
});

test('GetRuntimeManagementConfig answers the default, of a function or version that exists', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', { ...helloFunction, Publish: true });
    const FunctionArn = `arn:aws:lambda:us-east-1:${account}:function:hello`;
    assert.deepEqual(await call('GetRuntimeManagementConfig', { FunctionName: 'hello' }), { UpdateRuntimeOn: 'Auto', FunctionArn });
    assert.deepEqual(await call('GetRuntimeManagementConfig', { FunctionName: 'hello', Qualifier: '1' }), { UpdateRuntimeOn: 'Auto', FunctionArn: `${FunctionArn}:1` });
    await assert.rejects(call('GetRuntimeManagementConfig', { FunctionName: 'hello', Qualifier: '2' }), { code: 'ResourceNotFoundException' });
  });
});
