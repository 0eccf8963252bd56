import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness } from '../testing/harness.ts';

const basic = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

test('updateUser moves everything that belongs to the user', async () => {
  const { iam, identity, createUser } = createHarness();
  const alice = await createUser('alice', [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
  await iam('AttachUserPolicy', { UserName: 'alice', PolicyArn: basic });
  await iam('CreateGroup', { GroupName: 'staff' });
  await iam('AddUserToGroup', { GroupName: 'staff', UserName: 'alice' });
  const { AccessKey: key } = await iam('CreateAccessKey', { UserName: 'alice' });
  await iam('UpdateUser', { UserName: 'alice', NewUserName: 'carol', NewPath: '/people/' });

  const found = await identity.findCredential(key?.AccessKeyId ?? '');
  const carol = { ...alice, arn: `arn:aws:iam::${account}:user/people/carol`, userName: 'carol' };
  assert.deepEqual(found?.caller, carol);
  const policies = await identity.policiesOf(carol, found);
  assert.deepEqual(policies.identity.map(({ source }) => source), [basic, 'inline:own']);
  const { Users: members } = await iam('GetGroup', { GroupName: 'staff' });
  assert.deepEqual(members?.map(({ UserName }) => UserName), ['carol']);
  const { PolicyUsers: users } = await iam('ListEntitiesForPolicy', { PolicyArn: basic });
  assert.deepEqual(users?.map(({ UserName }) => UserName), ['carol']);
  await assert.rejects(iam('GetUser', { UserName: 'alice' }), { code: 'NoSuchEntityException' });
});

test('updateUser changes the case of a name, and refuses a name that is taken', async () => {
  const { iam, createUser } = createHarness();
  await createUser('alice', []);
  await createUser('bob', []);
  await iam('UpdateUser', { UserName: 'alice', NewUserName: 'Alice' });
  assert.equal((await iam('GetUser', { UserName: 'Alice' })).User?.UserName, 'Alice');
  await assert.rejects(iam('UpdateUser', { UserName: 'Alice', NewUserName: 'BOB' }), { code: 'EntityAlreadyExistsException' });
});
