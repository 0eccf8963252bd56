import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helloFunction, withLambda } from '../testing/testLambda.ts';

test('GetAccountSettings answers the quotas and what is used of them, versions included', async () => {
  await withLambda(async ({ call }) => {
    assert.deepEqual(await call('GetAccountSettings', {}), {
      AccountLimit: {
        TotalCodeSize: 80_530_636_800,
        CodeSizeUnzipped: 262_144_000,
        CodeSizeZipped: 52_428_800,
        ConcurrentExecutions: 1_000,
        UnreservedConcurrentExecutions: 1_000,
      },
      AccountUsage: { TotalCodeSize: 0, FunctionCount: 0 },
    });
    await call('CreateFunction', { ...helloFunction, Publish: true });
    const { length } = helloFunction.Code.ZipFile;
    assert.deepEqual((await call('GetAccountSettings', {})).AccountUsage, { TotalCodeSize: 2 * length, FunctionCount: 1 });
    await call('DeleteFunction', { FunctionName: 'hello', Qualifier: '1' });
    assert.deepEqual((await call('GetAccountSettings', {})).AccountUsage, { TotalCodeSize: length, FunctionCount: 1 });
  });
});
