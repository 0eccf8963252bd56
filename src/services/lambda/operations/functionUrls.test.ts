import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helloFunction, withLambda } from '../testing/testLambda.ts';

test('CreateFunctionUrlConfig, GetFunctionUrlConfig, UpdateFunctionUrlConfig and DeleteFunctionUrlConfig know the function by every form of its name', async () => {
  await withLambda(async ({ call, clock }) => {
    const { FunctionArn = '' } = await call('CreateFunction', helloFunction);
    const created = await call('CreateFunctionUrlConfig', { FunctionName: FunctionArn, AuthType: 'NONE' });
    assert.equal(created.CreationTime, new Date(clock.now()).toISOString());
    clock.advance(1_000);
    const updated = await call('UpdateFunctionUrlConfig', { FunctionName: '000000000000:function:hello', Cors: { AllowMethods: ['GET'] } });
    assert.deepEqual([updated.CreationTime, updated.LastModifiedTime], [created.CreationTime, new Date(clock.now()).toISOString()]);
    assert.deepEqual((await call('GetFunctionUrlConfig', { FunctionName: 'hello' })).Cors, { AllowMethods: ['GET'] });
    await call('DeleteFunctionUrlConfig', { FunctionName: 'hello' });
    await assert.rejects(call('UpdateFunctionUrlConfig', { FunctionName: 'hello' }), { code: 'ResourceNotFoundException' });
  });
});

test('ListFunctionUrlConfigs pages through those of a function and its aliases', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    await call('PublishVersion', { FunctionName: 'hello' });
    for (const Qualifier of [undefined, 'blue', 'green']) {
      if (Qualifier !== undefined) await call('CreateAlias', { FunctionName: 'hello', Name: Qualifier, FunctionVersion: '1' });
      await call('CreateFunctionUrlConfig', { FunctionName: 'hello', AuthType: 'AWS_IAM', Qualifier });
    }
    const first = await call('ListFunctionUrlConfigs', { FunctionName: 'hello', MaxItems: 2 });
    const second = await call('ListFunctionUrlConfigs', { FunctionName: 'hello', MaxItems: 2, Marker: first.NextMarker });
    const arns = [...(first.FunctionUrlConfigs ?? []), ...(second.FunctionUrlConfigs ?? [])].map(({ FunctionArn }) => FunctionArn?.split(':').slice(6).join(':'));
    assert.deepEqual([arns, second.NextMarker], [['hello', 'hello:blue', 'hello:green'], undefined]);
  });
});

test('CreateFunctionUrlConfig answers an address that the caller can reach', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    const urlAt = async (endpoint: string): Promise<string> => {
      const { FunctionUrl = '' } = await call('CreateFunctionUrlConfig', { FunctionName: 'hello', AuthType: 'NONE' }, { endpoint });
      await call('DeleteFunctionUrlConfig', { FunctionName: 'hello' });
      return FunctionUrl.replace(/[a-z0-9]{32}/, 'ID');
    };
    assert.equal(await urlAt('http://127.0.0.1:4566'), 'http://ID.lambda-url.us-east-1.localhost:4566/');
    assert.equal(await urlAt('https://localhost'), 'https://ID.lambda-url.us-east-1.localhost/');
    assert.equal(await urlAt('https://lambda.us-east-1.amazonaws.com'), 'https://ID.lambda-url.us-east-1.on.aws/');
    assert.equal(await urlAt('http://10.0.0.7:4566'), 'http://10.0.0.7:4566/_haneul/url/ID/');
  });
});
