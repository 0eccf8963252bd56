import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness, lambdaTrust } from '../testing/harness.ts';

const basic = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

test('deleteRole waits until its policies are detached', async () => {
  const { iam } = createHarness();
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  await iam('AttachRolePolicy', { RoleName: 'worker', PolicyArn: basic });
  await assert.rejects(iam('DeleteRole', { RoleName: 'worker' }), {
    code: 'DeleteConflictException',
    message: 'Cannot delete entity, must detach all policies first.',
  });
  await iam('DetachRolePolicy', { RoleName: 'worker', PolicyArn: basic });
  await assert.rejects(iam('DetachRolePolicy', { RoleName: 'worker', PolicyArn: basic }), {
    code: 'NoSuchEntityException',
    message: `Policy ${basic} was not found.`,
  });
  await iam('DeleteRole', { RoleName: 'worker' });
  await assert.rejects(iam('GetRole', { RoleName: 'worker' }), { code: 'NoSuchEntityException' });
});
