import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness, lambdaTrust } from '../testing/harness.ts';

test('putRolePolicy keeps inline policies within 10,240 characters', async () => {
  const { iam } = createHarness();
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  const document = (chars: number): string => `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:${'a'.repeat(chars)}","Resource":"*"}]}`;
  await iam('PutRolePolicy', { RoleName: 'worker', PolicyName: 'one', PolicyDocument: document(5_000) });
  await iam('PutRolePolicy', { RoleName: 'worker', PolicyName: 'two', PolicyDocument: document(5_000) });
  await iam('PutRolePolicy', { RoleName: 'worker', PolicyName: 'two', PolicyDocument: document(4_999) });
  await assert.rejects(iam('PutRolePolicy', { RoleName: 'worker', PolicyName: 'three', PolicyDocument: document(100) }), {
    code: 'LimitExceededException',
    message: 'Maximum policy size of 10240 bytes exceeded for role worker',
  });
  assert.deepEqual(await iam('ListRolePolicies', { RoleName: 'worker' }), { PolicyNames: ['one', 'two'], IsTruncated: false });
  const found = await iam('GetRolePolicy', { RoleName: 'worker', PolicyName: 'two' });
  assert.deepEqual([found.RoleName, decodeURIComponent(found.PolicyDocument ?? '')], ['worker', document(4_999)]);
  await assert.rejects(iam('DeleteRole', { RoleName: 'worker' }), { code: 'DeleteConflictException', message: 'Cannot delete entity, must delete policies first.' });
  for (const PolicyName of ['one', 'two']) await iam('DeleteRolePolicy', { RoleName: 'worker', PolicyName });
  await assert.rejects(iam('DeleteRolePolicy', { RoleName: 'worker', PolicyName: 'two' }), {
    code: 'NoSuchEntityException',
    message: 'The role policy with name two cannot be found.',
  });
  await iam('DeleteRole', { RoleName: 'worker' });
});
