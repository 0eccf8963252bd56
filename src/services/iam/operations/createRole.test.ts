import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness, lambdaTrust } from '../testing/harness.ts';

test('createRole answers the role with its trust policy URL-encoded', async () => {
  const { iam } = createHarness();
  const { Role: role } = await iam('CreateRole', { RoleName: 'worker', Path: '/service/', AssumeRolePolicyDocument: lambdaTrust });
  assert.equal(role?.Arn, `arn:aws:iam::${account}:role/service/worker`);
  assert.match(role?.RoleId ?? '', /^AROA[A-Z2-7]{17}$/);
  assert.equal(role?.AssumeRolePolicyDocument, encodeURIComponent(lambdaTrust));
  assert.deepEqual(role?.CreateDate, new Date(Date.UTC(2026, 0, 1)));
  assert.equal(role?.MaxSessionDuration, undefined);
});

test('createRole refuses a name that differs only in case', async () => {
  const { iam } = createHarness();
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  await assert.rejects(iam('CreateRole', { RoleName: 'Worker', AssumeRolePolicyDocument: lambdaTrust }), {
    code: 'EntityAlreadyExistsException',
    message: 'Role with name Worker already exists.',
  });
});

test('createRole refuses a trust policy with a resource', async () => {
  const { iam } = createHarness();
  const statement = { Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole', Resource: '*' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await assert.rejects(iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument }), {
    code: 'MalformedPolicyDocumentException',
    message: 'Has prohibited field Resource',
  });
});

test('createRole refuses a principal of its own account that does not exist', async () => {
  const { iam } = createHarness();
  const trust = (arn: string): string =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: arn }, Action: 'sts:AssumeRole' }] });
  const arn = `arn:aws:iam::${account}:role/nobody`;
  await assert.rejects(iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: trust(arn) }), {
    code: 'MalformedPolicyDocumentException',
    message: `Invalid principal in policy: "AWS":"${arn}"`,
  });
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: trust('arn:aws:iam::222222222222:role/nobody') });
});

test('createRole counts only what is not white space against the size quota', async () => {
  const { iam } = createHarness();
  await iam('CreateRole', { RoleName: 'spaced', AssumeRolePolicyDocument: lambdaTrust + ' '.repeat(3_000) });
  const long = lambdaTrust.replace('"Effect"', `"Sid":"${'a'.repeat(2_000)}","Effect"`);
  await assert.rejects(iam('CreateRole', { RoleName: 'long', AssumeRolePolicyDocument: long }), {
    code: 'LimitExceededException',
    message: 'Cannot exceed quota for ACLSizePerRole: 2048',
  });
});

test('createRole needs the permission for the role it makes', async () => {
  const { iam, createUser } = createHarness();
  const alice = await createUser('alice', [{ Effect: 'Allow', Action: 'iam:CreateRole', Resource: `arn:aws:iam::${account}:role/apps/*` }]);
  await iam('CreateRole', { RoleName: 'worker', Path: '/apps/', AssumeRolePolicyDocument: lambdaTrust }, alice);
  await assert.rejects(iam('CreateRole', { RoleName: 'other', AssumeRolePolicyDocument: lambdaTrust }, alice), {
    code: 'AccessDenied',
    message:
      `User: arn:aws:iam::${account}:user/alice is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::${account}:role/other ` +
      'because no identity-based policy allows the iam:CreateRole action',
  });
});
