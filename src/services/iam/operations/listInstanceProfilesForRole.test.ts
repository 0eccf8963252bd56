import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness, lambdaTrust } from '../testing/harness.ts';

test('listInstanceProfilesForRole is empty for a role that exists', async () => {
  const { iam } = createHarness();
  await assert.rejects(iam('ListInstanceProfilesForRole', { RoleName: 'worker' }), { code: 'NoSuchEntityException' });
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  assert.deepEqual(await iam('ListInstanceProfilesForRole', { RoleName: 'worker' }), { InstanceProfiles: [], IsTruncated: false });
});
