import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness } from '../testing/harness.ts';

test('createUser answers the user with its boundary and tags', async () => {
  const { iam } = createHarness();
  const PermissionsBoundary = 'arn:aws:iam::aws:policy/PowerUserAccess';
  const { User: user } = await iam('CreateUser', { UserName: 'alice', Path: '/people/', PermissionsBoundary, Tags: [{ Key: 'team', Value: 'blue' }] });
  assert.equal(user?.Arn, `arn:aws:iam::${account}:user/people/alice`);
  assert.match(user?.UserId ?? '', /^AIDA[A-Z2-7]{17}$/);
  assert.deepEqual([user?.PermissionsBoundary?.PermissionsBoundaryArn, user?.Tags], [PermissionsBoundary, [{ Key: 'team', Value: 'blue' }]]);
  await assert.rejects(iam('CreateUser', { UserName: 'ALICE' }), { code: 'EntityAlreadyExistsException', message: 'User with name ALICE already exists.' });
});

test('createUser may be bound to a boundary by its maker', async () => {
  const { iam, createUser } = createHarness();
  const boundary = 'arn:aws:iam::aws:policy/PowerUserAccess';
  const Condition = { StringEquals: { 'iam:PermissionsBoundary': boundary } };
  const alice = await createUser('alice', [{ Effect: 'Allow', Action: 'iam:CreateUser', Resource: '*', Condition }]);
  await iam('CreateUser', { UserName: 'bob', PermissionsBoundary: boundary }, alice);
  await assert.rejects(iam('CreateUser', { UserName: 'carol' }, alice), { code: 'AccessDenied' });
});
