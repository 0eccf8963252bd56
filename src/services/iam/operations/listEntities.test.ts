import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness, lambdaTrust } from '../testing/harness.ts';

test('listRoles pages by name and filters by path', async () => {
  const { iam } = createHarness();
  for (let number = 0; number < 120; number += 1) {
    const Path = number % 10 === 0 ? '/tenth/' : '/';
    await iam('CreateRole', { RoleName: `role-${String(number).padStart(3, '0')}`, Path, AssumeRolePolicyDocument: lambdaTrust });
  }
  const first = await iam('ListRoles', {});
  assert.equal(first.Roles?.length, 100);
  const second = await iam('ListRoles', { Marker: first.Marker });
  assert.deepEqual([second.Roles?.length, second.Roles?.[0]?.RoleName, second.IsTruncated], [20, 'role-100', false]);
  const tenths = await iam('ListRoles', { PathPrefix: '/tenth/', MaxItems: 11 });
  assert.deepEqual([tenths.Roles?.length, tenths.IsTruncated], [11, true]);
  assert.deepEqual((await iam('ListRoles', { PathPrefix: '/tenth/', MaxItems: 11, Marker: tenths.Marker })).Roles?.length, 1);
  assert.equal(first.Roles[0]?.MaxSessionDuration, 3_600);
  await assert.rejects(iam('ListRoles', { Marker: 'nonsense' }), { code: 'ValidationError' });
});
