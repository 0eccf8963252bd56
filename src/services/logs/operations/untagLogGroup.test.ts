import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

test('untagLogGroup takes off the named tags, by the name of the group', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: 'g', tags: { a: '1', b: '2' } });
  await logs.run('UntagLogGroup', { logGroupName: 'g', tags: ['b', 'absent'] });
  assert.deepEqual((await logs.run('ListTagsLogGroup', { logGroupName: 'g' })).tags, { a: '1' });
  await assert.rejects(logs.run('UntagLogGroup', { logGroupName: 'x', tags: ['a'] }), { code: 'ResourceNotFoundException' });
});
