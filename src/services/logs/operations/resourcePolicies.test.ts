import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: '*' }] });

test('putResourcePolicy keeps ten, which describeResourcePolicies tells and deleteResourcePolicy removes', async () => {
  const { run } = createTestLogs();
  for (let at = 0; at < 10; at += 1) await run('PutResourcePolicy', { policyName: `p${at}`, policyDocument });
  await run('PutResourcePolicy', { policyName: 'p0', policyDocument });
  await assert.rejects(run('PutResourcePolicy', { policyName: 'p10', policyDocument }), { code: 'LimitExceededException' });
  const { resourcePolicies = [], nextToken } = await run('DescribeResourcePolicies', { limit: 9 });
  assert.deepEqual([resourcePolicies.length, resourcePolicies[0]?.policyName, resourcePolicies[0]?.policyDocument], [9, 'p0', policyDocument]);
  assert.deepEqual((await run('DescribeResourcePolicies', { nextToken })).resourcePolicies?.map(({ policyName }) => policyName), ['p9']);
  await run('DeleteResourcePolicy', { policyName: 'p9' });
  await assert.rejects(run('DeleteResourcePolicy', { policyName: 'p9' }), { code: 'ResourceNotFoundException' });
});

test('putResourcePolicy refuses documents that are none, too long ones, and policies of one group', async () => {
  const { run } = createTestLogs();
  await assert.rejects(run('PutResourcePolicy', { policyName: 'p', policyDocument: '{' }), { code: 'InvalidParameterException' });
  await assert.rejects(run('PutResourcePolicy', { policyDocument }), { code: 'InvalidParameterException' });
  await assert.rejects(run('PutResourcePolicy', { policyName: 'p', policyDocument: policyDocument.padEnd(5_121) }), { code: 'LimitExceededException' });
  await assert.rejects(run('PutResourcePolicy', { policyName: 'p', policyDocument, resourceArn: 'arn:aws:logs:us-east-1:000000000000:log-group:a' }), { code: 'InvalidParameterException' });
});
