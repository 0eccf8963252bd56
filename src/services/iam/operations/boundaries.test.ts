import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness, lambdaTrust } from '../testing/harness.ts';

test('putRolePermissionsBoundary shows in getRole but not in listRoles', async () => {
  const { iam } = createHarness();
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  const PermissionsBoundary = 'arn:aws:iam::aws:policy/PowerUserAccess';
  await iam('PutRolePermissionsBoundary', { RoleName: 'worker', PermissionsBoundary });
  assert.deepEqual((await iam('GetRole', { RoleName: 'worker' })).Role?.PermissionsBoundary, {
    PermissionsBoundaryType: 'Policy',
    PermissionsBoundaryArn: PermissionsBoundary,
  });
  assert.equal((await iam('ListRoles', {})).Roles?.[0]?.PermissionsBoundary, undefined);
  await iam('DeleteRolePermissionsBoundary', { RoleName: 'worker' });
  assert.equal((await iam('GetPolicy', { PolicyArn: PermissionsBoundary })).Policy?.PermissionsBoundaryUsageCount, 0);
});
