import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness, lambdaTrust } from '../testing/harness.ts';

test('updateAssumeRolePolicy replaces the trust policy', async () => {
  const { iam, identity } = createHarness();
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  await iam('UpdateAssumeRolePolicy', { RoleName: 'worker', PolicyDocument: lambdaTrust.replace('lambda', 'states') });
  const role = await identity.findRole(`arn:aws:iam::${account}:role/worker`);
  assert.ok(role);
  assert.equal(identity.trustsService(role, 'lambda.amazonaws.com'), false);
  await assert.rejects(iam('UpdateAssumeRolePolicy', { RoleName: 'worker', PolicyDocument: '{' }), {
    code: 'MalformedPolicyDocumentException',
    message: 'This policy contains invalid Json',
  });
});
