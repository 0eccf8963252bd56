import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

test('tagLogGroup puts tags over those that are there, by the name of the group', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: 'g', tags: { a: '1' } });
  await logs.run('TagLogGroup', { logGroupName: 'g', tags: { a: '2', b: '3' } });
  assert.deepEqual((await logs.run('ListTagsLogGroup', { logGroupName: 'g' })).tags, { a: '2', b: '3' });
  await assert.rejects(logs.run('TagLogGroup', { logGroupName: 'x', tags: {} }), { code: 'ResourceNotFoundException' });
});
