import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

const resourceArn = 'arn:aws:logs:us-east-1:000000000000:log-group:g';

test('untagResource takes off the named tags, and none that are not there', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: 'g', tags: { a: '1', b: '2' } });
  await logs.run('UntagResource', { resourceArn, tagKeys: ['a', 'absent'] });
  assert.deepEqual((await logs.run('ListTagsForResource', { resourceArn })).tags, { b: '2' });
  await assert.rejects(logs.run('UntagResource', { resourceArn: `${resourceArn}x`, tagKeys: ['a'] }), { code: 'ResourceNotFoundException' });
});
