import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness, lambdaTrust } from '../testing/harness.ts';

test('getRole may be allowed by a tag of the role', async () => {
  const { iam, createUser } = createHarness();
  const condition = { StringEquals: { 'aws:ResourceTag/team': 'blue' } };
  const alice = await createUser('alice', [{ Effect: 'Allow', Action: 'iam:GetRole', Resource: '*', Condition: condition }]);
  await iam('CreateRole', { RoleName: 'blue', AssumeRolePolicyDocument: lambdaTrust, Tags: [{ Key: 'team', Value: 'blue' }] });
  await iam('CreateRole', { RoleName: 'red', AssumeRolePolicyDocument: lambdaTrust });
  await iam('GetRole', { RoleName: 'blue' }, alice);
  await assert.rejects(iam('GetRole', { RoleName: 'red' }, alice), { code: 'AccessDenied' });
});
