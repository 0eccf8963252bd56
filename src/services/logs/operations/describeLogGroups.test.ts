import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

const names = (groups: readonly { logGroupName?: string | undefined }[] | undefined): string => (groups ?? []).map(({ logGroupName }) => logGroupName).join(' ');

test('describeLogGroups answers a group as the service does', async () => {
  const logs = createTestLogs();
  await logs.run('CreateLogGroup', { logGroupName: '/aws/lambda/f' });
  await logs.run('PutRetentionPolicy', { logGroupName: '/aws/lambda/f', retentionInDays: 7 });
  const { logGroups } = await logs.run('DescribeLogGroups', { logGroupNamePrefix: '/aws/lambda/' });
  const brief = {
    logGroupName: '/aws/lambda/f',
    creationTime: logs.clock.now(),
    metricFilterCount: 0,
    arn: 'arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f:*',
    logGroupArn: 'arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f',
    logGroupClass: 'STANDARD',
  };
  assert.deepEqual(logGroups, [{ ...brief, retentionInDays: 7, storedBytes: 0, deletionProtectionEnabled: false }]);
  const byPattern = await logs.run('DescribeLogGroups', { logGroupNamePattern: 'lambda' });
  assert.deepEqual(byPattern.logGroups, [brief]);
});

test('describeLogGroups pages in the order of names, by prefix and by pattern', async () => {
  const logs = createTestLogs();
  for (const name of ['b2', 'a1', 'b1', 'a2', 'c']) await logs.run('CreateLogGroup', { logGroupName: name });
  const first = await logs.run('DescribeLogGroups', { limit: 2 });
  assert.equal(names(first.logGroups), 'a1 a2');
  const second = await logs.run('DescribeLogGroups', { limit: 3, nextToken: first.nextToken });
  assert.equal(names(second.logGroups), 'b1 b2 c');
  assert.equal(second.nextToken, undefined);
  assert.equal(names((await logs.run('DescribeLogGroups', { logGroupNamePrefix: 'b' })).logGroups), 'b1 b2');
  const twos = await logs.run('DescribeLogGroups', { logGroupNamePattern: '2', limit: 1 });
  assert.equal(names(twos.logGroups), 'a2');
  assert.equal(names((await logs.run('DescribeLogGroups', { logGroupNamePattern: '2', limit: 1, nextToken: twos.nextToken })).logGroups), 'b2');
  assert.equal(names((await logs.run('DescribeLogGroups', { logGroupIdentifiers: ['c', 'x'] })).logGroups), 'c');
  assert.equal(names((await logs.run('DescribeLogGroups', { logGroupClass: 'DELIVERY' })).logGroups), '');
});

test('describeLogGroups refuses a prefix with a pattern, and foreign tokens', async () => {
  const logs = createTestLogs();
  await assert.rejects(logs.run('DescribeLogGroups', { logGroupNamePrefix: 'a', logGroupNamePattern: 'b' }), {
    code: 'InvalidParameterException',
    message: 'LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.',
  });
  await assert.rejects(logs.run('DescribeLogGroups', { nextToken: 'abc' }), { message: 'The specified nextToken is invalid.' });
});
