import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness, lambdaTrust } from '../testing/harness.ts';

const InstanceProfileName = 'Web';

test('CreateInstanceProfile, AddRoleToInstanceProfile, GetInstanceProfile, RemoveRoleFromInstanceProfile and DeleteInstanceProfile keep one role', async () => {
  const { iam } = createHarness();
  for (const RoleName of ['worker', 'other']) await iam('CreateRole', { RoleName, AssumeRolePolicyDocument: lambdaTrust });
  const { InstanceProfile } = await iam('CreateInstanceProfile', { InstanceProfileName, Path: '/team/' });
  assert.deepEqual([InstanceProfile?.Arn, InstanceProfile?.Roles], [`arn:aws:iam::${account}:instance-profile/team/Web`, []]);
  assert.match(InstanceProfile?.InstanceProfileId ?? '', /^AIPA[A-Z2-7]{17}$/);
  await assert.rejects(iam('CreateInstanceProfile', { InstanceProfileName: 'WEB' }), { code: 'EntityAlreadyExistsException', message: 'Instance Profile WEB already exists.' });
  await iam('AddRoleToInstanceProfile', { InstanceProfileName, RoleName: 'worker' });
  await assert.rejects(iam('AddRoleToInstanceProfile', { InstanceProfileName, RoleName: 'other' }), { code: 'LimitExceededException', message: 'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1' });
  assert.deepEqual((await iam('GetInstanceProfile', { InstanceProfileName: 'web' })).InstanceProfile?.Roles?.map(({ RoleName }) => RoleName), ['worker']);
  assert.deepEqual((await iam('ListInstanceProfilesForRole', { RoleName: 'worker' })).InstanceProfiles?.map((profile) => profile.InstanceProfileName), ['Web']);
  const inUse = { code: 'DeleteConflictException', message: 'Cannot delete entity, must remove roles from instance profile first.' };
  await assert.rejects(iam('DeleteRole', { RoleName: 'worker' }), inUse);
  await assert.rejects(iam('DeleteInstanceProfile', { InstanceProfileName }), inUse);
  await assert.rejects(iam('RemoveRoleFromInstanceProfile', { InstanceProfileName, RoleName: 'other' }), { code: 'NoSuchEntityException' });
  await iam('RemoveRoleFromInstanceProfile', { InstanceProfileName, RoleName: 'worker' });
  await iam('DeleteRole', { RoleName: 'worker' });
  await iam('DeleteInstanceProfile', { InstanceProfileName });
  await assert.rejects(iam('GetInstanceProfile', { InstanceProfileName }), { code: 'NoSuchEntityException', message: 'Instance Profile Web cannot be found.' });
});

test('AddRoleToInstanceProfile needs iam:PassRole on the role', async () => {
  const { iam, createUser } = createHarness();
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  await iam('CreateInstanceProfile', { InstanceProfileName });
  const ann = await createUser('ann', [{ Effect: 'Allow', Action: 'iam:AddRoleToInstanceProfile', Resource: '*' }]);
  await assert.rejects(iam('AddRoleToInstanceProfile', { InstanceProfileName, RoleName: 'worker' }, ann), { code: 'AccessDenied', message: /iam:PassRole/ });
});

test('ListInstanceProfiles pages and filters by path; TagInstanceProfile, UntagInstanceProfile and ListInstanceProfileTags keep tags', async () => {
  const { iam } = createHarness();
  for (const name of ['a', 'b', 'c']) await iam('CreateInstanceProfile', { InstanceProfileName: name, Path: name === 'c' ? '/x/' : '/' });
  const first = await iam('ListInstanceProfiles', { MaxItems: 2 });
  assert.deepEqual([first.InstanceProfiles?.length, first.IsTruncated], [2, true]);
  assert.deepEqual((await iam('ListInstanceProfiles', { Marker: first.Marker })).InstanceProfiles?.map((profile) => profile.InstanceProfileName), ['c']);
  assert.equal((await iam('ListInstanceProfiles', { PathPrefix: '/x/' })).InstanceProfiles?.length, 1);
  await iam('TagInstanceProfile', { InstanceProfileName: 'a', Tags: [{ Key: 'k', Value: 'v' }, { Key: 'l', Value: 'w' }] });
  await iam('UntagInstanceProfile', { InstanceProfileName: 'a', TagKeys: ['K'] });
  assert.deepEqual((await iam('ListInstanceProfileTags', { InstanceProfileName: 'a' })).Tags, [{ Key: 'l', Value: 'w' }]);
});
