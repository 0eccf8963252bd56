import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness } from '../testing/harness.ts';

test('deleteUser waits until its policies are gone', async () => {
  const { iam, createUser } = createHarness();
  await createUser('alice', [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
  await assert.rejects(iam('DeleteUser', { UserName: 'alice' }), { code: 'DeleteConflictException', message: 'Cannot delete entity, must delete policies first.' });
  await iam('DeleteUserPolicy', { UserName: 'alice', PolicyName: 'own' });
  await iam('DeleteUser', { UserName: 'alice' });
  await assert.rejects(iam('DeleteUser', { UserName: 'alice' }), { code: 'NoSuchEntityException', message: 'The user with name alice cannot be found.' });
});
