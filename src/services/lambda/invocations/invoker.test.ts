import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, helloFunction, withLambda } from '../testing/testLambda.ts';

const invocation = {
  functionArn: `arn:aws:lambda:us-east-1:${account}:function:hello`,
  service: 'secretsmanager.amazonaws.com',
  sourceArn: `arn:aws:secretsmanager:us-east-1:${account}:secret:db-abcdef`,
  sourceAccount: account,
  requestId: '00000000-0000-4000-8000-000000000001',
  payload: Buffer.from('{"Step":"createSecret"}'),
};

test('createFunctionInvoker waits for the answer of a function that lets the service in, and for nothing else', async () => {
  await withLambda(async ({ call, lambda }) => {
    assert.deepEqual(await lambda.invoker.invoke(invocation), { kind: 'refused', reason: 'FunctionNotFound' });
    assert.deepEqual(await lambda.invoker.invoke({ ...invocation, functionArn: 'arn:aws:sqs:us-east-1:1:q' }), { kind: 'refused', reason: 'FunctionNotFound' });
    await call('CreateFunction', helloFunction);
    assert.deepEqual(await lambda.invoker.invoke(invocation), { kind: 'refused', reason: 'AccessDenied' });
    await call('AddPermission', { FunctionName: 'hello', StatementId: 's', Action: 'lambda:InvokeFunction', Principal: invocation.service });
    const answer = await lambda.invoker.invoke(invocation);
    assert.deepEqual([answer.kind, answer.kind === 'answered' && answer.failed], ['answered', false]);
    await call('PutFunctionConcurrency', { FunctionName: 'hello', ReservedConcurrentExecutions: 0 });
    assert.deepEqual(await lambda.invoker.invoke(invocation), { kind: 'refused', reason: 'TooManyRequestsException' });
  });
});
