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
