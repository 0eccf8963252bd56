import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

const resourceArn = 'arn:aws:logs:us-east-1:000000000000:log-group:g';

test('tagResource puts tags over those that are there', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: 'g', tags: { env: 'one' } });
  await logs.run('TagResource', { resourceArn, tags: { a: '1', env: 'two' } });
  assert.deepEqual((await logs.run('ListTagsForResource', { resourceArn })).tags, { env: 'two', a: '1' });
});

test('tagResource refuses a 51st tag, reserved keys and what is no log group', async () => {
  const logs = createTestLogs();
  const tags = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k${at}`, 'v']));
  await logs.run('CreateLogGroup', { logGroupName: 'g', tags });
  await logs.run('TagResource', { resourceArn, tags: { k0: 'changed' } });
  await assert.rejects(logs.run('TagResource', { resourceArn, tags: { more: '' } }), { code: 'TooManyTagsException', members: { resourceName: 'g' } });
  await assert.rejects(logs.run('TagResource', { resourceArn, tags: { 'aws:x': '' } }), { code: 'InvalidParameterException' });
  await assert.rejects(logs.run('TagResource', { resourceArn: 'arn:aws:logs:us-east-1:000000000000:destination:d', tags: {} }), {
    code: 'ResourceNotFoundException',
  });
});

test('tagResource asks for permission on the group, with the tags as conditions', async () => {
  const logs = createTestLogs();
  assert.deepEqual(await logs.access('TagResource', { resourceArn, tags: { a: '1' } }), [
    { action: 'logs:TagResource', resource: resourceArn, conditions: { 'aws:RequestTag/a': '1', 'aws:TagKeys': ['a'] } },
  ]);
});
