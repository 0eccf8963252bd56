import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

test('listTagsLogGroup answers what the newer operations have set', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: 'g' });
  assert.deepEqual((await logs.run('ListTagsLogGroup', { logGroupName: 'g' })).tags, {});
  await logs.run('TagResource', { resourceArn: 'arn:aws:logs:us-east-1:000000000000:log-group:g', tags: { a: '1' } });
  assert.deepEqual((await logs.run('ListTagsLogGroup', { logGroupName: 'g' })).tags, { a: '1' });
  await assert.rejects(logs.run('ListTagsLogGroup', { logGroupName: 'x' }), { code: 'ResourceNotFoundException' });
});
