import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

test('createLogGroup refuses a name in use, a reserved name and every setting that is not there', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: 'g' });
  await assert.rejects(logs.run('CreateLogGroup', { logGroupName: 'g' }), {
    code: 'ResourceAlreadyExistsException',
    message: 'The specified log group already exists',
  });
  const invalid = { code: 'InvalidParameterException' };
  await assert.rejects(logs.run('CreateLogGroup', { logGroupName: 'aws/spans' }), {
    ...invalid,
    message: 'Log groups starting with AWS/ are reserved for AWS.',
  });
  await assert.rejects(logs.run('CreateLogGroup', { logGroupName: 'x', kmsKeyId: 'arn:aws:kms:us-east-1:000000000000:key/k' }), invalid);
  await assert.rejects(logs.run('CreateLogGroup', { logGroupName: 'x', logGroupClass: 'INFREQUENT_ACCESS' }), invalid);
  assert.equal((await logs.run('DescribeLogGroups', {})).logGroups?.length, 1);
});

test('createLogGroup asks for permission on the group and, with tags, for tagging it', async () => {
  const logs = createTestLogs();
  assert.deepEqual(await logs.access('CreateLogGroup', { logGroupName: 'g', tags: { a: '1' } }), [
    { action: 'logs:CreateLogGroup', resource: 'arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:' },
    {
      action: 'logs:TagResource',
      resource: 'arn:aws:logs:us-east-1:000000000000:log-group:g',
      conditions: { 'aws:RequestTag/a': '1', 'aws:TagKeys': ['a'] },
    },
  ]);
});
