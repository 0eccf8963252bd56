import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListLogGroupsRequest } from '@aws-sdk/client-cloudwatch-logs';
import { createTestLogs } from '../testLogs.ts';

async function prepare() {
  const logs = createTestLogs();
  for (const [logGroupName, team] of [['/aws/lambda/a', 'x'], ['/aws/lambda/b', 'y'], ['my-discovery', undefined]] as const) {
    await logs.run('CreateLogGroup', { logGroupName, ...(team === undefined ? {} : { tags: { team } }) });
  }
  const names = async (input: ListLogGroupsRequest) => ((await logs.run('ListLogGroups', input)).logGroups ?? []).map(({ logGroupName }) => logGroupName);
  return { logs, names };
}

test('listLogGroups answers names, ARNs and classes, in pages', async () => {
  const { logs, names } = await prepare();
  const first = await logs.run('ListLogGroups', { limit: 2 });
  assert.deepEqual(first.logGroups, ['a', 'b'].map((name) => ({
    logGroupName: `/aws/lambda/${name}`,
    logGroupArn: `arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/${name}`,
    logGroupClass: 'STANDARD',
  })));
  assert.deepEqual(await names({ nextToken: first.nextToken }), ['my-discovery']);
});

test('listLogGroups filters by pattern, tags, class, account and field index', async () => {
  const { names } = await prepare();
  assert.deepEqual(await names({ logGroupNamePattern: 'lambda/b' }), ['/aws/lambda/b']);
  assert.deepEqual(await names({ logGroupNamePattern: '^lambda' }), []);
  assert.deepEqual(await names({ logGroupNamePattern: '^/aws/lambda/a|discovery' }), ['/aws/lambda/a', 'my-discovery']);
  assert.deepEqual(await names({ logGroupTags: [{ key: 'team', values: undefined }] }), ['/aws/lambda/a', '/aws/lambda/b']);
  assert.deepEqual(await names({ logGroupTags: [{ key: 'team', values: ['y', 'z'] }] }), ['/aws/lambda/b']);
  assert.deepEqual(await names({ logGroupClass: 'INFREQUENT_ACCESS' }), []);
  assert.deepEqual(await names({ accountIdentifiers: ['111111111111'] }), []);
  assert.deepEqual(await names({ fieldIndexNames: ['requestId'] }), []);
  await assert.rejects(names({ dataSources: [{ name: 'amazon_vpc' }] }), { code: 'InvalidParameterException' });
});
