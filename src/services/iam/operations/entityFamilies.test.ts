// Operations that are one for every kind of entity, each named once for each kind.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness, lambdaTrust } from '../testing/harness.ts';

const PolicyArn = 'arn:aws:iam::aws:policy/IAMReadOnlyAccess';
const attached = [{ PolicyName: 'IAMReadOnlyAccess', PolicyArn }];
const PolicyDocument = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}';
const [UserName, GroupName, RoleName, PolicyName] = ['ann', 'people', 'worker', 'own'];

async function createScene() {
  const harness = createHarness();
  await harness.iam('CreateUser', { UserName });
  await harness.iam('CreateGroup', { GroupName });
  await harness.iam('CreateRole', { RoleName, AssumeRolePolicyDocument: lambdaTrust });
  return harness;
}

test('AttachUserPolicy, AttachGroupPolicy and their like attach, list and detach', async () => {
  const { iam } = await createScene();
  await iam('AttachUserPolicy', { UserName, PolicyArn });
  await iam('AttachGroupPolicy', { GroupName, PolicyArn });
  assert.deepEqual((await iam('ListAttachedUserPolicies', { UserName })).AttachedPolicies, attached);
  assert.deepEqual((await iam('ListAttachedGroupPolicies', { GroupName })).AttachedPolicies, attached);
  await iam('DetachUserPolicy', { UserName, PolicyArn });
  await iam('DetachGroupPolicy', { GroupName, PolicyArn });
  await assert.rejects(iam('DetachUserPolicy', { UserName, PolicyArn }), { code: 'NoSuchEntityException' });
  await assert.rejects(iam('DetachRolePolicy', { RoleName, PolicyArn }), { code: 'NoSuchEntityException' });
  assert.deepEqual((await iam('ListAttachedGroupPolicies', { GroupName })).AttachedPolicies, []);
});

test('PutUserPolicy, PutGroupPolicy and their like keep, list, give back and delete inline policies', async () => {
  const { iam } = await createScene();
  await iam('PutUserPolicy', { UserName, PolicyName, PolicyDocument });
  await iam('PutGroupPolicy', { GroupName, PolicyName, PolicyDocument });
  assert.deepEqual((await iam('ListUserPolicies', { UserName })).PolicyNames, [PolicyName]);
  assert.deepEqual((await iam('ListGroupPolicies', { GroupName })).PolicyNames, [PolicyName]);
  assert.equal(decodeURIComponent((await iam('GetUserPolicy', { UserName, PolicyName })).PolicyDocument ?? ''), PolicyDocument);
  assert.equal(decodeURIComponent((await iam('GetGroupPolicy', { GroupName, PolicyName })).PolicyDocument ?? ''), PolicyDocument);
  await iam('DeleteUserPolicy', { UserName, PolicyName });
  await iam('DeleteGroupPolicy', { GroupName, PolicyName });
  await assert.rejects(iam('GetUserPolicy', { UserName, PolicyName }), { code: 'NoSuchEntityException' });
  await assert.rejects(iam('GetGroupPolicy', { GroupName, PolicyName }), { code: 'NoSuchEntityException' });
});

test('ListUsers and ListGroups page by name', async () => {
  const { iam } = await createScene();
  for (const name of ['bob', 'carl']) await iam('CreateUser', { UserName: name });
  await iam('CreateGroup', { GroupName: 'others', Path: '/x/' });
  const first = await iam('ListUsers', { MaxItems: 2 });
  assert.deepEqual([first.Users?.map((user) => user.UserName), first.IsTruncated], [['ann', 'bob'], true]);
  assert.deepEqual((await iam('ListUsers', { Marker: first.Marker })).Users?.map((user) => user.UserName), ['carl']);
  assert.deepEqual((await iam('ListGroups', { PathPrefix: '/x/' })).Groups?.map((group) => group.GroupName), ['others']);
});

test('TagUser, UntagUser, ListUserTags, TagPolicy, UntagPolicy and ListPolicyTags keep tags', async () => {
  const { iam } = await createScene();
  const Tags = [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }];
  await iam('TagUser', { UserName, Tags });
  await iam('UntagUser', { UserName, TagKeys: ['a'] });
  assert.deepEqual((await iam('ListUserTags', { UserName })).Tags, [{ Key: 'b', Value: '2' }]);
  const { Policy } = await iam('CreatePolicy', { PolicyName, PolicyDocument });
  const arn = Policy?.Arn ?? '';
  await iam('TagPolicy', { PolicyArn: arn, Tags });
  await iam('UntagPolicy', { PolicyArn: arn, TagKeys: ['b'] });
  assert.deepEqual((await iam('ListPolicyTags', { PolicyArn: arn })).Tags, [{ Key: 'a', Value: '1' }]);
});

test('UpdateRoleDescription answers the role with its new description', async () => {
  const { iam } = await createScene();
  assert.equal((await iam('UpdateRoleDescription', { RoleName, Description: 'works' })).Role?.Description, 'works');
  await assert.rejects(iam('UpdateRoleDescription', { RoleName: 'absent', Description: '' }), { code: 'NoSuchEntityException' });
});
