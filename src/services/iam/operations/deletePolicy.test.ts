import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness, type Harness } from '../testing/harness.ts';

const PolicyArn = `arn:aws:iam::${account}:policy/team/reader`;
const documentOf = (action: string): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] });

async function withPolicy(): Promise<Harness> {
  const harness = createHarness();
  await harness.iam('CreatePolicy', { PolicyName: 'reader', Path: '/team/', PolicyDocument: documentOf('s3:GetObject'), Description: 'reads' });
  return harness;
}

test('deletePolicy waits until it is detached and has one version', async () => {
  const { iam, createUser } = await withPolicy();
  await createUser('alice', []);
  await iam('PutUserPermissionsBoundary', { UserName: 'alice', PermissionsBoundary: PolicyArn });
  await iam('CreatePolicyVersion', { PolicyArn, PolicyDocument: documentOf('s3:*') });
  await assert.rejects(iam('DeletePolicy', { PolicyArn }), { code: 'DeleteConflictException', message: 'Cannot delete a policy attached to entities.' });
  await iam('DeleteUserPermissionsBoundary', { UserName: 'alice' });
  await assert.rejects(iam('DeletePolicy', { PolicyArn }), { code: 'DeleteConflictException', message: /^This policy has more than one version\./ });
  await iam('DeletePolicyVersion', { PolicyArn, VersionId: 'v2' });
  await iam('DeletePolicy', { PolicyArn });
  await assert.rejects(iam('GetPolicy', { PolicyArn }), { code: 'NoSuchEntityException' });
  await iam('CreatePolicy', { PolicyName: 'reader', Path: '/team/', PolicyDocument: documentOf('s3:*') });
});

test("deletePolicy leaves AWS's own policies alone", async () => {
  const { iam } = createHarness();
  const arn = 'arn:aws:iam::aws:policy/AdministratorAccess';
  await assert.rejects(iam('DeletePolicy', { PolicyArn: arn }), {
    code: 'AccessDenied',
    message: `User: arn:aws:iam::${account}:root is not authorized to perform: iam:DeletePolicy on resource: policy ${arn}`,
  });
  assert.equal((await iam('GetPolicy', { PolicyArn: arn })).Policy?.PolicyName, 'AdministratorAccess');
});
