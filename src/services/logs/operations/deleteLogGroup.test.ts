import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

test('deleteLogGroup takes the group out of sight, and refuses one that is not there', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: 'g' });
  await logs.run('DeleteLogGroup', { logGroupName: 'g' });
  assert.deepEqual((await logs.run('DescribeLogGroups', {})).logGroups, []);
  await assert.rejects(logs.run('DeleteLogGroup', { logGroupName: 'g' }), {
    code: 'ResourceNotFoundException',
    message: 'The specified log group does not exist.',
  });
});

test('deleteLogGroup refuses a protected group', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: 'g', deletionProtectionEnabled: true });
  await assert.rejects(logs.run('DeleteLogGroup', { logGroupName: 'g' }), { code: 'ValidationException' });
});
