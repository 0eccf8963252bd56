import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

test('putLogGroupDeletionProtection puts a group under protection and takes it off again, by name or ARN', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: 'g' });
  await logs.run('PutLogGroupDeletionProtection', { logGroupIdentifier: 'g', deletionProtectionEnabled: true });
  assert.equal((await logs.run('DescribeLogGroups', {})).logGroups?.[0]?.deletionProtectionEnabled, true);
  await assert.rejects(logs.run('DeleteLogGroup', { logGroupName: 'g' }), { code: 'ValidationException' });
  const logGroupIdentifier = 'arn:aws:logs:us-east-1:000000000000:log-group:g';
  await logs.run('PutLogGroupDeletionProtection', { logGroupIdentifier, deletionProtectionEnabled: false });
  await logs.run('DeleteLogGroup', { logGroupName: 'g' });
  await assert.rejects(logs.run('PutLogGroupDeletionProtection', { logGroupIdentifier, deletionProtectionEnabled: true }), {
    code: 'ResourceNotFoundException',
  });
});
