import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

test('deleteRetentionPolicy lets events be kept for ever again', async () => {
  const logs = createTestLogs();
  const stream = { logGroupName: 'g', logStreamName: 's' };
  await logs.run('CreateLogGroup', { logGroupName: 'g' });
  await logs.run('CreateLogStream', stream);
  await logs.run('PutLogEvents', { ...stream, logEvents: [{ timestamp: logs.clock.now(), message: 'm' }] });
  await logs.run('PutRetentionPolicy', { logGroupName: 'g', retentionInDays: 1 });
  logs.clock.advance(2 * 86_400_000);
  assert.equal((await logs.run('GetLogEvents', stream)).events?.length, 0);
  await logs.run('DeleteRetentionPolicy', { logGroupName: 'g' });
  assert.equal((await logs.run('GetLogEvents', stream)).events?.length, 1);
  assert.equal((await logs.run('DescribeLogGroups', {})).logGroups?.[0]?.retentionInDays, undefined);
  await assert.rejects(logs.run('DeleteRetentionPolicy', { logGroupName: 'x' }), { code: 'ResourceNotFoundException' });
});
