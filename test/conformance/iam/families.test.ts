// Operations that are one for every kind of entity, for the kinds that the other files leave out.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  AttachUserPolicyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteGroupCommand,
  DeleteGroupPolicyCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteUserPermissionsBoundaryCommand,
  DeleteUserPolicyCommand,
  DetachGroupPolicyCommand,
  DetachUserPolicyCommand,
  GetGroupCommand,
  GetGroupPolicyCommand,
  GetRoleCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  ListAttachedGroupPoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupPoliciesCommand,
  ListGroupsCommand,
  ListPolicyTagsCommand,
  ListRoleTagsCommand,
  ListUserPoliciesCommand,
  ListUserTagsCommand,
  PutGroupPolicyCommand,
  PutRolePermissionsBoundaryCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  RemoveUserFromGroupCommand,
  TagRoleCommand,
  TagUserCommand,
  UntagPolicyCommand,
  UntagRoleCommand,
  UntagUserCommand,
  UpdateRoleCommand,
  UpdateRoleDescriptionCommand,
} from '@aws-sdk/client-iam';
import { lambdaTrustPolicy, uniqueName } from '../../support/functions.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const PolicyArn = 'arn:aws:iam::aws:policy/IAMReadOnlyAccess';
const PolicyName = 'own';
const PolicyDocument = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}';
const missing = { name: 'NoSuchEntityException', status: 404 };

async function createUser(): Promise<string> {
  const UserName = uniqueName('user');
  await scene().aws.iam.send(new CreateUserCommand({ UserName }));
  return UserName;
}

async function createGroup(): Promise<string> {
  const GroupName = uniqueName('group');
  await scene().aws.iam.send(new CreateGroupCommand({ GroupName }));
  return GroupName;
}

async function createRole(): Promise<string> {
  const RoleName = uniqueName('role');
  await scene().aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: lambdaTrustPolicy }));
  return RoleName;
}

suite('users and groups alike', () => {
  test('managed policies are attached, listed and detached', async () => {
    const { iam } = scene().aws;
    const [UserName, GroupName] = [await createUser(), await createGroup()];
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
    await iam.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn }));
    const attached = [{ PolicyName: 'IAMReadOnlyAccess', PolicyArn }];
    assert.deepEqual((await iam.send(new ListAttachedUserPoliciesCommand({ UserName }))).AttachedPolicies, attached);
    assert.deepEqual((await iam.send(new ListAttachedGroupPoliciesCommand({ GroupName }))).AttachedPolicies, attached);
    await iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn }));
    await iam.send(new DetachGroupPolicyCommand({ GroupName, PolicyArn }));
    await expectRefusal(iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn })), missing);
    await expectRefusal(iam.send(new DetachGroupPolicyCommand({ GroupName, PolicyArn })), missing);
  });
  test('inline policies are put, listed, read and deleted', async () => {
    const { iam } = scene().aws;
    const [UserName, GroupName] = [await createUser(), await createGroup()];
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument }));
    await iam.send(new PutGroupPolicyCommand({ GroupName, PolicyName, PolicyDocument }));
    assert.deepEqual((await iam.send(new ListUserPoliciesCommand({ UserName }))).PolicyNames, [PolicyName]);
    assert.deepEqual((await iam.send(new ListGroupPoliciesCommand({ GroupName }))).PolicyNames, [PolicyName]);
    assert.equal(decodeURIComponent((await iam.send(new GetUserPolicyCommand({ UserName, PolicyName }))).PolicyDocument ?? ''), PolicyDocument);
    assert.equal(decodeURIComponent((await iam.send(new GetGroupPolicyCommand({ GroupName, PolicyName }))).PolicyDocument ?? ''), PolicyDocument);
    await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName }));
    await iam.send(new DeleteGroupPolicyCommand({ GroupName, PolicyName }));
    await expectRefusal(iam.send(new GetUserPolicyCommand({ UserName, PolicyName })), missing);
    await expectRefusal(iam.send(new GetGroupPolicyCommand({ GroupName, PolicyName })), missing);
  });
  test('a group is deleted once it has no users', async () => {
    const { iam } = scene().aws;
    const [UserName, GroupName] = [await createUser(), await createGroup()];
    await iam.send(new AddUserToGroupCommand({ GroupName, UserName }));
    assert.ok((await iam.send(new ListGroupsCommand({}))).Groups?.some((group) => group.GroupName === GroupName));
    await expectRefusal(iam.send(new DeleteGroupCommand({ GroupName })), { name: 'DeleteConflictException', status: 409 });
    await iam.send(new RemoveUserFromGroupCommand({ GroupName, UserName }));
    await iam.send(new DeleteGroupCommand({ GroupName }));
    await expectRefusal(iam.send(new GetGroupCommand({ GroupName })), missing);
  });
});

suite('boundaries, tags and descriptions', () => {
  test('a boundary is put and taken away', async () => {
    const { iam } = scene().aws;
    const [UserName, RoleName] = [await createUser(), await createRole()];
    await iam.send(new PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary: PolicyArn }));
    await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: PolicyArn }));
    assert.equal((await iam.send(new GetRoleCommand({ RoleName }))).Role?.PermissionsBoundary?.PermissionsBoundaryArn, PolicyArn);
    await iam.send(new DeleteUserPermissionsBoundaryCommand({ UserName }));
    await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
    assert.equal((await iam.send(new GetUserCommand({ UserName }))).User?.PermissionsBoundary, undefined);
    assert.equal((await iam.send(new GetRoleCommand({ RoleName }))).Role?.PermissionsBoundary, undefined);
  });
  test('tags are put, listed and taken away', async () => {
    const { iam } = scene().aws;
    const [UserName, RoleName] = [await createUser(), await createRole()];
    const Tags = [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }];
    const left = [{ Key: 'b', Value: '2' }];
    await iam.send(new TagUserCommand({ UserName, Tags }));
    await iam.send(new TagRoleCommand({ RoleName, Tags }));
    await iam.send(new UntagUserCommand({ UserName, TagKeys: ['a'] }));
    await iam.send(new UntagRoleCommand({ RoleName, TagKeys: ['a'] }));
    assert.deepEqual((await iam.send(new ListUserTagsCommand({ UserName }))).Tags, left);
    assert.deepEqual((await iam.send(new ListRoleTagsCommand({ RoleName }))).Tags, left);
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: uniqueName('policy'), PolicyDocument, Tags }));
    await iam.send(new UntagPolicyCommand({ PolicyArn: Policy?.Arn, TagKeys: ['a'] }));
    assert.deepEqual((await iam.send(new ListPolicyTagsCommand({ PolicyArn: Policy?.Arn }))).Tags, left);
  });
  test('a role gets another duration and description', async () => {
    const { iam } = scene().aws;
    const RoleName = await createRole();
    await iam.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 7_200, Description: 'one' }));
    assert.equal((await iam.send(new UpdateRoleDescriptionCommand({ RoleName, Description: 'two' }))).Role?.Description, 'two');
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    assert.deepEqual([Role?.MaxSessionDuration, Role?.Description], [7_200, 'two']);
  });
});
