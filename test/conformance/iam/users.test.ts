// Users, their keys, groups and boundaries.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  GetGroupCommand,
  GetUserCommand,
  ListAccessKeysCommand,
  ListGroupsForUserCommand,
  ListUsersCommand,
  PutUserPermissionsBoundaryCommand,
  UpdateUserCommand,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { uniqueName } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const iamReadOnly = 'arn:aws:iam::aws:policy/IAMReadOnlyAccess';

suite('users: behaviour', () => {
  test('a user is created, listed by path and renamed', async () => {
    const { aws } = scene();
    const UserName = uniqueName('user');
    const Path = `/${uniqueName('people')}/`;
    const { User } = await aws.iam.send(new CreateUserCommand({ UserName, Path }));
    assert.equal(User?.Arn, `arn:aws:iam::000000000000:user${Path}${UserName}`);
    const { Users } = await aws.iam.send(new ListUsersCommand({ PathPrefix: Path }));
    assert.deepEqual(Users?.map((user) => [user.UserName, user.UserId]), [[UserName, User.UserId]]);
    await aws.iam.send(new UpdateUserCommand({ UserName, NewUserName: `${UserName}-new` }));
    const renamed = await aws.iam.send(new GetUserCommand({ UserName: `${UserName}-new` }));
    assert.deepEqual([renamed.User?.UserId, renamed.User?.Path], [User.UserId, Path]);
    await expectRefusal(aws.iam.send(new GetUserCommand({ UserName })), {
      name: 'NoSuchEntityException',
      status: 404,
      message: `The user with name ${UserName} cannot be found.`,
    });
  });
  test('GetUser without a name answers the caller', async () => {
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'iam:GetUser', Resource: '*' }]);
    assert.equal((await user.clients.iam.send(new GetUserCommand({}))).User?.Arn, user.arn);
    assert.equal((await scene().aws.iam.send(new GetUserCommand({}))).User?.Arn, 'arn:aws:iam::000000000000:root');
    user.clients.destroy();
  });
  test('a user has two keys at most, and is deleted only without any', async () => {
    const { aws } = scene();
    const UserName = uniqueName('user');
    await aws.iam.send(new CreateUserCommand({ UserName }));
    const ids: (string | undefined)[] = [];
    for (let count = 0; count < 2; count += 1) ids.push((await aws.iam.send(new CreateAccessKeyCommand({ UserName }))).AccessKey?.AccessKeyId);
    const message = 'Cannot exceed quota for AccessKeysPerUser: 2';
    await expectRefusal(aws.iam.send(new CreateAccessKeyCommand({ UserName })), { name: 'LimitExceededException', status: 409, message });
    const { AccessKeyMetadata } = await aws.iam.send(new ListAccessKeysCommand({ UserName }));
    assert.deepEqual(AccessKeyMetadata?.map((key) => [key.AccessKeyId, key.Status]).sort(), ids.map((id) => [id, 'Active']).sort());
    const conflict = { name: 'DeleteConflictException', status: 409, message: 'Cannot delete entity, must delete access keys first.' };
    await expectRefusal(aws.iam.send(new DeleteUserCommand({ UserName })), conflict);
    for (const AccessKeyId of ids) await aws.iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
    await aws.iam.send(new DeleteUserCommand({ UserName }));
  });
});

suite('what users may do', () => {
  test('a group gives its policies to its users', async () => {
    const { aws } = scene();
    const user = await createLimitedUser(scene(), []);
    const UserName = user.arn.split('/').at(-1) ?? '';
    const GroupName = uniqueName('group');
    await aws.iam.send(new CreateGroupCommand({ GroupName }));
    await aws.iam.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn: iamReadOnly }));
    await expectRefusal(user.clients.iam.send(new ListUsersCommand({})), { name: /^AccessDenied/, status: 403 });
    await aws.iam.send(new AddUserToGroupCommand({ GroupName, UserName }));
    assert.ok(await user.clients.iam.send(new ListUsersCommand({})));
    assert.deepEqual((await aws.iam.send(new GetGroupCommand({ GroupName }))).Users?.map((member) => member.UserName), [UserName]);
    assert.deepEqual((await aws.iam.send(new ListGroupsForUserCommand({ UserName }))).Groups?.map((group) => group.GroupName), [GroupName]);
    user.clients.destroy();
  });
  test('a boundary limits what policies allow', async () => {
    const { aws } = scene();
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
    const UserName = user.arn.split('/').at(-1) ?? '';
    await aws.iam.send(new PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary: iamReadOnly }));
    assert.ok(await user.clients.iam.send(new ListUsersCommand({})));
    const denied = await expectRefusal(user.clients.iam.send(new CreateUserCommand({ UserName: 'nobody' })), { name: /^AccessDenied/, status: 403 });
    assert.match(denied.message, /because no permissions boundary allows the iam:CreateUser action$/);
    assert.equal((await user.clients.sts.send(new GetCallerIdentityCommand({}))).Arn, user.arn);
    user.clients.destroy();
  });
});
