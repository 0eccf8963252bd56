import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

const stream = { logGroupName: 'g', logStreamName: 's' };

test('deleteLogStream takes the stream out of every list, and refuses one that is not there', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: 'g' });
  await logs.run('CreateLogStream', stream);
  await logs.run('PutLogEvents', { ...stream, logEvents: [{ timestamp: logs.clock.now(), message: 'm' }] });
  await logs.run('DeleteLogStream', stream);
  assert.deepEqual((await logs.run('DescribeLogStreams', { logGroupName: 'g' })).logStreams, []);
  assert.deepEqual((await logs.run('DescribeLogStreams', { logGroupName: 'g', orderBy: 'LastEventTime' })).logStreams, []);
  assert.deepEqual((await logs.run('FilterLogEvents', { logGroupName: 'g' })).events, []);
  await assert.rejects(logs.run('DeleteLogStream', stream), { message: 'The specified log stream does not exist.' });
});

test('deleteLogStream refuses the stream of a protected group', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: 'g', deletionProtectionEnabled: true });
  await logs.run('CreateLogStream', stream);
  await assert.rejects(logs.run('DeleteLogStream', stream), { code: 'ValidationException' });
});
