import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

test('putRetentionPolicy takes the documented numbers of days and no other', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: 'g' });
  await logs.run('PutRetentionPolicy', { logGroupName: 'g', retentionInDays: 3653 });
  assert.equal((await logs.run('DescribeLogGroups', {})).logGroups?.[0]?.retentionInDays, 3653);
  await assert.rejects(logs.run('PutRetentionPolicy', { logGroupName: 'g', retentionInDays: 2 }), {
    code: 'InvalidParameterException',
    message: /^1 validation error detected: Value '2' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: \[1, 3, 5, /,
  });
  await assert.rejects(logs.run('PutRetentionPolicy', { logGroupName: 'x', retentionInDays: 1 }), { code: 'ResourceNotFoundException' });
});
