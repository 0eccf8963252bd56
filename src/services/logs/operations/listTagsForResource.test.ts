import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

const resourceArn = 'arn:aws:logs:us-east-1:000000000000:log-group:g';

test('listTagsForResource answers the tags of a group, with or without the end of its ARN', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: 'g', tags: { a: '1' } });
  assert.deepEqual((await logs.run('ListTagsForResource', { resourceArn })).tags, { a: '1' });
  assert.deepEqual((await logs.run('ListTagsForResource', { resourceArn: `${resourceArn}:*` })).tags, { a: '1' });
});

test('listTagsForResource knows nothing of other resources, accounts and regions', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: 'g' });
  for (const other of ['us-east-1:000000000000:destination:g', 'eu-west-1:000000000000:log-group:g', 'us-east-1:111111111111:log-group:g']) {
    await assert.rejects(logs.run('ListTagsForResource', { resourceArn: `arn:aws:logs:${other}` }), { code: 'ResourceNotFoundException' });
  }
});
