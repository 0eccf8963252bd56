import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness } from '../testing/harness.ts';

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

test('UpdateGroup keeps members, policies and id under the new name', async () => {
  const { iam } = createHarness();
  await iam('CreateGroup', { GroupName: 'staff' });
  await iam('CreateUser', { UserName: 'ann' });
  await iam('AddUserToGroup', { GroupName: 'staff', UserName: 'ann' });
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sqs:*', Resource: '*' }] });
  await iam('PutGroupPolicy', { GroupName: 'staff', PolicyName: 'p', PolicyDocument });
  const { Policy } = await iam('CreatePolicy', { PolicyName: 'managed', PolicyDocument });
  await iam('AttachGroupPolicy', { GroupName: 'staff', PolicyArn: Policy?.Arn });
  const { Group: before } = await iam('GetGroup', { GroupName: 'staff' });
  await iam('CreateGroup', { GroupName: 'other' });
  await assert.rejects(iam('UpdateGroup', { GroupName: 'staff', NewGroupName: 'Other' }), { code: 'EntityAlreadyExistsException' });
  await iam('UpdateGroup', { GroupName: 'staff', NewGroupName: 'crew', NewPath: '/ship/' });
  await assert.rejects(iam('GetGroup', { GroupName: 'staff' }), { code: 'NoSuchEntityException' });
  const { Group, Users } = await iam('GetGroup', { GroupName: 'crew' });
  assert.deepEqual([Group?.GroupId, Group?.Arn, Users?.map(({ UserName }) => UserName)], [before?.GroupId, before?.Arn?.replace('/staff', '/ship/crew'), ['ann']]);
  assert.deepEqual((await iam('ListGroupsForUser', { UserName: 'ann' })).Groups?.map(({ GroupName }) => GroupName), ['crew']);
  assert.deepEqual((await iam('ListGroupPolicies', { GroupName: 'crew' })).PolicyNames, ['p']);
  assert.deepEqual((await iam('ListEntitiesForPolicy', { PolicyArn: Policy?.Arn })).PolicyGroups?.map(({ GroupName }) => GroupName), ['crew']);
  await iam('RemoveUserFromGroup', { GroupName: 'crew', UserName: 'ann' });
  await iam('UpdateGroup', { GroupName: 'crew', NewGroupName: 'CREW' });
  assert.equal((await iam('GetGroup', { GroupName: 'crew' })).Group?.GroupName, 'CREW');
});
