import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

const group = { logGroupName: 'g' };

test('createLogStream refuses a name in use, a group that is not there, and a name too long to be a key', async () => {
  const logs = createTestLogs();
  await assert.rejects(logs.run('CreateLogStream', { ...group, logStreamName: 's' }), { message: 'The specified log group does not exist.' });
  await logs.run('CreateLogGroup', group);
  await logs.run('CreateLogStream', { ...group, logStreamName: 's' });
  await assert.rejects(logs.run('CreateLogStream', { ...group, logStreamName: 's' }), {
    code: 'ResourceAlreadyExistsException',
    message: 'The specified log stream already exists',
  });
  await logs.run('CreateLogStream', { ...group, logStreamName: '😀'.repeat(400) });
  await assert.rejects(logs.run('CreateLogStream', { ...group, logStreamName: '😀'.repeat(401) }), { code: 'InvalidParameterException' });
});

test('createLogStream lets one of many callers at once make a stream', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', group);
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => logs.run('CreateLogStream', { ...group, logStreamName: 's' })));
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal((await logs.run('DescribeLogStreams', group)).logStreams?.length, 1);
});

test('createLogStream asks for permission with an empty stream name, which NAME:* covers', async () => {
  const logs = createTestLogs();
  assert.deepEqual(await logs.access('CreateLogStream', { ...group, logStreamName: 's' }), [
    { action: 'logs:CreateLogStream', resource: 'arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:' },
  ]);
});
