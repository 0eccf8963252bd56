import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestSsm } from '../testing/testSsm.ts';

test('deleteParameter and deleteParameters take everything of a parameter away', async () => {
  const { run } = createTestSsm();
  for (const Name of ['a', 'b', 'c']) await run('PutParameter', { Name, Value: '1', Type: 'String', Tags: [{ Key: 'k', Value: 'v' }] });
  await run('DeleteParameter', { Name: 'a' });
  await assert.rejects(run('DeleteParameter', { Name: 'a' }), { code: 'ParameterNotFound' });
  assert.deepEqual(await run('DeleteParameters', { Names: ['a', 'b', 'c'] }), { DeletedParameters: ['b', 'c'], InvalidParameters: ['a'] });
  assert.equal((await run('PutParameter', { Name: 'a', Value: '2', Type: 'String' })).Version, 1);
  assert.deepEqual((await run('ListTagsForResource', { ResourceType: 'Parameter', ResourceId: 'a' })).TagList, []);
});

test('addTagsToResource, removeTagsFromResource and listTagsForResource keep a parameter’s tags', async () => {
  const { run } = createTestSsm();
  await run('PutParameter', { Name: '/t/t', Value: '1', Type: 'String' });
  const about = { ResourceType: 'Parameter', ResourceId: '/t/t' } as const;
  await run('AddTagsToResource', { ...about, Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] });
  await run('AddTagsToResource', { ...about, Tags: [{ Key: 'a', Value: '3' }] });
  await run('RemoveTagsFromResource', { ...about, TagKeys: ['b', 'c'] });
  assert.deepEqual((await run('ListTagsForResource', about)).TagList, [{ Key: 'a', Value: '3' }]);
  const many = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: '' }));
  await assert.rejects(run('AddTagsToResource', { ...about, Tags: many }), { code: 'TooManyTagsError' });
  await assert.rejects(run('ListTagsForResource', { ...about, ResourceId: '/t/u' }), { code: 'InvalidResourceId' });
  await assert.rejects(run('ListTagsForResource', { ...about, ResourceType: 'Document' }), { code: 'InvalidResourceType' });
});

test('putResourcePolicy, getResourcePolicies and deleteResourcePolicy keep the policy of an advanced parameter', async () => {
  const { run, access } = createTestSsm();
  await run('PutParameter', { Name: 's', Value: '1', Type: 'String', Tier: 'Advanced' });
  await run('PutParameter', { Name: 'plain', Value: '1', Type: 'String' });
  const ResourceArn = 'arn:aws:ssm:us-east-1:000000000000:parameter/s';
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: '111111111111' }, Action: 'ssm:GetParameter', Resource: ResourceArn }] });
  const { PolicyId, PolicyHash } = await run('PutResourcePolicy', { ResourceArn, Policy });
  assert.deepEqual((await run('GetResourcePolicies', { ResourceArn })).Policies, [{ PolicyId, PolicyHash, Policy }]);
  assert.equal((await access('GetParameter', { Name: ResourceArn }))[0]?.resourcePolicy, Policy);
  await assert.rejects(run('PutResourcePolicy', { ResourceArn, Policy }), { code: 'ResourcePolicyLimitExceededException' });
  await assert.rejects(run('PutResourcePolicy', { ResourceArn, Policy, PolicyId, PolicyHash: 'x' }), { code: 'ResourcePolicyConflictException' });
  await assert.rejects(run('PutResourcePolicy', { ResourceArn, Policy: '{}' }), { code: 'MalformedResourcePolicyDocumentException' });
  await assert.rejects(run('PutResourcePolicy', { ResourceArn: ResourceArn.replace(/s$/, 'plain'), Policy }), { code: 'ResourcePolicyInvalidParameterException' });
  await assert.rejects(run('DeleteResourcePolicy', { ResourceArn, PolicyId: 'x', PolicyHash }), { code: 'ResourcePolicyNotFoundException' });
  await run('DeleteResourcePolicy', { ResourceArn, PolicyId, PolicyHash });
  assert.deepEqual((await run('GetResourcePolicies', { ResourceArn })).Policies, []);
});

test('every operation of a parameter asks for permission on its ARN, whatever names it', async () => {
  const { access } = createTestSsm();
  const arn = 'arn:aws:ssm:us-east-1:000000000000:parameter/a/b';
  const names = [{ Name: '/a/b' }, { Name: '/a/b:3' }, { Name: arn }];
  for (const input of names) assert.deepEqual(await access('GetParameter', input), [{ action: 'ssm:GetParameter', resource: arn, conditions: {} }]);
  assert.equal((await access('DescribeParameters', {}))[0]?.resource, 'arn:aws:ssm:us-east-1:000000000000:*');
  assert.equal((await access('DeleteParameters', { Names: ['/a/b', 'c'] })).length, 2);
});
