import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness, session } from '../testing/harness.ts';

test('getCallerIdentity answers who signed', async () => {
  const { sts } = createHarness();
  assert.deepEqual(await sts('GetCallerIdentity', {}), { Account: account, Arn: `arn:aws:iam::${account}:root`, UserId: account });
  assert.deepEqual(await sts('GetCallerIdentity', {}, session), {
    Account: account,
    Arn: `arn:aws:sts::${account}:assumed-role/other/run1`,
    UserId: 'AROAOTHER:run1',
  });
});

test('getCallerIdentity refuses an unsigned request', async () => {
  const { sts } = createHarness();
  await assert.rejects(sts('GetCallerIdentity', {}, { kind: 'anonymous', account }), { code: 'MissingAuthenticationToken', status: 403 });
});
