import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, helloFunction, withLambda } from '../testing/testLambda.ts';

test('GetFunctionConfiguration answers what GetFunction answers as Configuration', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', { ...helloFunction, Environment: { Variables: { A: '1' } } });
    const alone = await call('GetFunctionConfiguration', { FunctionName: 'hello' });
    assert.deepEqual(alone, (await call('GetFunction', { FunctionName: 'hello' })).Configuration);
    assert.deepEqual(alone.Environment, { Variables: { A: '1' } });
  });
});

test('GetFunctionConfiguration of an absent function is not found', async () => {
  await withLambda(async ({ call }) => {
    await assert.rejects(call('GetFunctionConfiguration', { FunctionName: 'absent' }), {
      code: 'ResourceNotFoundException',
      status: 404,
      message: `Function not found: arn:aws:lambda:us-east-1:${account}:function:absent`,
    });
  });
});
