import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness } from '../testing/harness.ts';

test('createAccessKey makes a key that findCredential knows as its user', async () => {
  const { iam, identity, createUser } = createHarness();
  const alice = await createUser('alice', []);
  const { AccessKey: key } = await iam('CreateAccessKey', { UserName: 'alice' });
  assert.match(key?.AccessKeyId ?? '', /^AKIA[A-Z2-7]{16}$/);
  assert.equal(key?.SecretAccessKey?.length, 40);
  const found = await identity.findCredential(key?.AccessKeyId ?? '');
  assert.deepEqual(found, { accessKeyId: key?.AccessKeyId, secretAccessKey: key?.SecretAccessKey, active: true, caller: alice });
});

test('createAccessKey takes the caller when no user is named, and stops at two keys', async () => {
  const { iam, createUser } = createHarness();
  const alice = await createUser('alice', [{ Effect: 'Allow', Action: 'iam:*AccessKey*', Resource: 'arn:aws:iam::*:user/${aws:username}' }]);
  const { AccessKey: key } = await iam('CreateAccessKey', {}, alice);
  assert.equal(key?.UserName, 'alice');
  await iam('CreateAccessKey', {}, alice);
  await assert.rejects(iam('CreateAccessKey', {}, alice), { code: 'LimitExceededException', message: 'Cannot exceed quota for AccessKeysPerUser: 2' });
  await assert.rejects(iam('CreateAccessKey', {}), { code: 'ValidationError', message: 'Must specify userName when calling with non-User credentials' });
  await createUser('bob', []);
  await assert.rejects(iam('CreateAccessKey', { UserName: 'bob' }, alice), { code: 'AccessDenied' });
});

test('updateAccessKey and deleteAccessKey are seen by findCredential at once', async () => {
  const { iam, identity, createUser } = createHarness();
  await createUser('alice', []);
  await createUser('bob', []);
  const AccessKeyId = (await iam('CreateAccessKey', { UserName: 'alice' })).AccessKey?.AccessKeyId ?? '';
  await iam('UpdateAccessKey', { UserName: 'alice', AccessKeyId, Status: 'Inactive' });
  assert.equal((await identity.findCredential(AccessKeyId))?.active, false);
  const { AccessKeyMetadata: keys } = await iam('ListAccessKeys', { UserName: 'alice' });
  assert.deepEqual(keys, [{ UserName: 'alice', AccessKeyId, Status: 'Inactive', CreateDate: new Date(Date.UTC(2026, 0, 1)) }]);
  await assert.rejects(iam('DeleteAccessKey', { UserName: 'bob', AccessKeyId }), {
    code: 'NoSuchEntityException',
    message: `The Access Key with id ${AccessKeyId} cannot be found.`,
  });
  await assert.rejects(iam('DeleteUser', { UserName: 'alice' }), { message: 'Cannot delete entity, must delete access keys first.' });
  await iam('DeleteAccessKey', { UserName: 'alice', AccessKeyId });
  assert.equal(await identity.findCredential(AccessKeyId), undefined);
  await iam('DeleteUser', { UserName: 'alice' });
});
