import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness, lambdaTrust } from '../testing/harness.ts';

test('updateRole sets the duration and keeps the description', async () => {
  const { iam } = createHarness();
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust, Description: 'works' });
  await iam('UpdateRole', { RoleName: 'worker', MaxSessionDuration: 7_200 });
  const { Role: role } = await iam('GetRole', { RoleName: 'WORKER' });
  assert.deepEqual([role?.RoleName, role?.Description, role?.MaxSessionDuration, role?.RoleLastUsed], ['worker', 'works', 7_200, {}]);
});
