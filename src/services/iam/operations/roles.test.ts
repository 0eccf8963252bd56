import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness, lambdaTrust } from '../testing/harness.ts';

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

test('updateRole sets the duration and keeps the description', async () => {
  const { iam } = createHarness();
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust, Description: 'works' });
  await iam('UpdateRole', { RoleName: 'worker', MaxSessionDuration: 7_200 });
  const { Role: role } = await iam('GetRole', { RoleName: 'WORKER' });
  assert.deepEqual([role?.RoleName, role?.Description, role?.MaxSessionDuration, role?.RoleLastUsed], ['worker', 'works', 7_200, {}]);
});

test('updateAssumeRolePolicy replaces the trust policy', async () => {
  const { iam, identity } = createHarness();
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  await iam('UpdateAssumeRolePolicy', { RoleName: 'worker', PolicyDocument: lambdaTrust.replace('lambda', 'states') });
  const role = await identity.findRole(`arn:aws:iam::${account}:role/worker`);
  assert.ok(role);
  assert.equal(identity.trustsService(role, 'lambda.amazonaws.com'), false);
  await assert.rejects(iam('UpdateAssumeRolePolicy', { RoleName: 'worker', PolicyDocument: '{' }), {
    code: 'MalformedPolicyDocumentException',
    message: 'This policy contains invalid Json',
  });
});

test('putRolePolicy keeps inline policies within 10,240 characters', async () => {
  const { iam } = createHarness();
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  const document = (chars: number): string => `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:${'a'.repeat(chars)}","Resource":"*"}]}`;
  await iam('PutRolePolicy', { RoleName: 'worker', PolicyName: 'one', PolicyDocument: document(5_000) });
  await iam('PutRolePolicy', { RoleName: 'worker', PolicyName: 'two', PolicyDocument: document(5_000) });
  await iam('PutRolePolicy', { RoleName: 'worker', PolicyName: 'two', PolicyDocument: document(4_999) });
  await assert.rejects(iam('PutRolePolicy', { RoleName: 'worker', PolicyName: 'three', PolicyDocument: document(100) }), {
    code: 'LimitExceededException',
    message: 'Maximum policy size of 10240 bytes exceeded for role worker',
  });
  assert.deepEqual(await iam('ListRolePolicies', { RoleName: 'worker' }), { PolicyNames: ['one', 'two'], IsTruncated: false });
  const found = await iam('GetRolePolicy', { RoleName: 'worker', PolicyName: 'two' });
  assert.deepEqual([found.RoleName, decodeURIComponent(found.PolicyDocument ?? '')], ['worker', document(4_999)]);
  await assert.rejects(iam('DeleteRole', { RoleName: 'worker' }), { code: 'DeleteConflictException', message: 'Cannot delete entity, must delete policies first.' });
  for (const PolicyName of ['one', 'two']) await iam('DeleteRolePolicy', { RoleName: 'worker', PolicyName });
  await assert.rejects(iam('DeleteRolePolicy', { RoleName: 'worker', PolicyName: 'two' }), {
    code: 'NoSuchEntityException',
    message: 'The role policy with name two cannot be found.',
  });
  await iam('DeleteRole', { RoleName: 'worker' });
});

test('tagRole merges tags without regard to case', async () => {
  const { iam } = createHarness();
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust, Tags: [{ Key: 'Team', Value: 'blue' }] });
  await iam('TagRole', { RoleName: 'worker', Tags: [{ Key: 'team', Value: 'red' }, { Key: 'cost', Value: '1' }] });
  assert.deepEqual(await iam('ListRoleTags', { RoleName: 'worker' }), {
    Tags: [{ Key: 'cost', Value: '1' }, { Key: 'team', Value: 'red' }],
    IsTruncated: false,
  });
  await iam('UntagRole', { RoleName: 'worker', TagKeys: ['COST', 'none'] });
  assert.deepEqual((await iam('GetRole', { RoleName: 'worker' })).Role?.Tags, [{ Key: 'team', Value: 'red' }]);
  const many = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: '' }));
  await assert.rejects(iam('TagRole', { RoleName: 'worker', Tags: many }), { code: 'LimitExceededException' });
});

test('getRole may be allowed by a tag of the role', async () => {
  const { iam, createUser } = createHarness();
  const condition = { StringEquals: { 'aws:ResourceTag/team': 'blue' } };
  const alice = await createUser('alice', [{ Effect: 'Allow', Action: 'iam:GetRole', Resource: '*', Condition: condition }]);
  await iam('CreateRole', { RoleName: 'blue', AssumeRolePolicyDocument: lambdaTrust, Tags: [{ Key: 'team', Value: 'blue' }] });
  await iam('CreateRole', { RoleName: 'red', AssumeRolePolicyDocument: lambdaTrust });
  await iam('GetRole', { RoleName: 'blue' }, alice);
  await assert.rejects(iam('GetRole', { RoleName: 'red' }, alice), { code: 'AccessDenied' });
});

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

test('getUser describes the caller, the root user included', async () => {
  const { iam, createUser } = createHarness();
  const alice = await createUser('alice', [{ Effect: 'Allow', Action: 'iam:GetUser', Resource: '*' }]);
  assert.equal((await iam('GetUser', {}, alice)).User?.UserName, 'alice');
  assert.equal((await iam('GetUser', {})).User?.Arn, `arn:aws:iam::${account}:root`);
});

test('deleteGroup waits until its users are gone', async () => {
  const { iam, createUser } = createHarness();
  await createUser('alice', []);
  await iam('CreateGroup', { GroupName: 'staff' });
  await iam('AddUserToGroup', { GroupName: 'Staff', UserName: 'Alice' });
  assert.deepEqual((await iam('ListGroupsForUser', { UserName: 'alice' })).Groups?.map(({ GroupName }) => GroupName), ['staff']);
  await assert.rejects(iam('DeleteGroup', { GroupName: 'staff' }), { message: 'Cannot delete entity, must remove users from group first.' });
  await assert.rejects(iam('DeleteUser', { UserName: 'alice' }), { message: 'Cannot delete entity, must remove users from group first.' });
  await iam('RemoveUserFromGroup', { GroupName: 'staff', UserName: 'alice' });
  await iam('DeleteGroup', { GroupName: 'staff' });
  await iam('DeleteUser', { UserName: 'alice' });
});
