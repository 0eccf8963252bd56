import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, alice, createHarness, mfaSerial, roleArn, root, session } from '../testing/harness.ts';

const trustAccount = [{ Effect: 'Allow', Principal: { AWS: account }, Action: ['sts:AssumeRole', 'sts:TagSession'] }];
const mayAssume = [{ Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Resource: roleArn }];
const input = { RoleArn: roleArn, RoleSessionName: 'hello' };
const denied = {
  code: 'AccessDenied',
  message: `User: arn:aws:iam::${account}:user/alice is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
};

test('assumeRole needs the trust policy and the caller to allow', async () => {
  const { sts, grants, clock } = createHarness({ trust: trustAccount, permissions: mayAssume });
  assert.deepEqual(await sts('AssumeRole', input, alice), {
    Credentials: { AccessKeyId: 'ASIAISSUED', SecretAccessKey: 'secret', SessionToken: 'token', Expiration: new Date(clock.now() + 3_600_000) },
    AssumedRoleUser: { AssumedRoleId: 'AROAWORKER:hello', Arn: `arn:aws:sts::${account}:assumed-role/worker/hello` },
  });
  assert.deepEqual(grants, [
    {
      caller: {
        kind: 'role-session',
        account,
        arn: `arn:aws:sts::${account}:assumed-role/worker/hello`,
        userId: 'AROAWORKER:hello',
        roleArn,
        roleName: 'worker',
        sessionName: 'hello',
      },
      durationSeconds: 3_600,
      conditions: {},
    },
  ]);
  await assert.rejects(createHarness({ trust: trustAccount }).sts('AssumeRole', input, alice), denied);
  const trustService = [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }];
  await assert.rejects(createHarness({ trust: trustService, permissions: mayAssume }).sts('AssumeRole', input, alice), denied);
});

test('assumeRole is allowed by a trust policy that names the user, without a policy of its own', async () => {
  const trust = [{ Effect: 'Allow', Principal: { AWS: alice.kind === 'user' ? alice.arn : '' }, Action: 'sts:AssumeRole' }];
  await createHarness({ trust }).sts('AssumeRole', input, alice);
});

test('assumeRole by root needs the trust policy', async () => {
  await createHarness({ trust: trustAccount }).sts('AssumeRole', input, root);
  const trust = [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }];
  await assert.rejects(createHarness({ trust }).sts('AssumeRole', input, root), { code: 'AccessDenied' });
});

test('assumeRole answers a role that does not exist like one that is not allowed', async () => {
  const { sts } = createHarness({ permissions: mayAssume });
  const RoleArn = `arn:aws:iam::${account}:role/nobody`;
  await assert.rejects(sts('AssumeRole', { ...input, RoleArn }, alice), { code: 'AccessDenied', message: denied.message.replace('worker', 'nobody') });
  await assert.rejects(sts('AssumeRole', { ...input, RoleArn: 'this-is-not-an-arn-at-all' }, alice), {
    code: 'ValidationError',
    message: 'this-is-not-an-arn-at-all is invalid',
  });
});

test('assumeRole checks the external id of the trust policy', async () => {
  const { sts } = createHarness({ permissions: mayAssume, trust: [{ ...trustAccount[0], Condition: { StringEquals: { 'sts:ExternalId': 'secret' } } }] });
  await assert.rejects(sts('AssumeRole', input, alice), denied);
  await assert.rejects(sts('AssumeRole', { ...input, ExternalId: 'wrong' }, alice), denied);
  await sts('AssumeRole', { ...input, ExternalId: 'secret' }, alice);
});

test('assumeRole stops at the duration of the role, and at one hour when chained', async () => {
  const { sts, grants } = createHarness({ trust: trustAccount, permissions: mayAssume, maxSessionSeconds: 7_200 });
  await sts('AssumeRole', { ...input, DurationSeconds: 7_200 }, alice);
  assert.equal(grants[0]?.durationSeconds, 7_200);
  await assert.rejects(sts('AssumeRole', { ...input, DurationSeconds: 7_201 }, alice), {
    code: 'ValidationError',
    message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  });
  await assert.rejects(sts('AssumeRole', { ...input, DurationSeconds: 3_601 }, session), {
    code: 'ValidationError',
    message: 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
  });
});

test('assumeRole keeps the policies that narrow the session', async () => {
  const { sts, grants } = createHarness({ trust: trustAccount, permissions: mayAssume });
  const Policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}';
  const arn = 'arn:aws:iam::aws:policy/PowerUserAccess';
  const answer = await sts('AssumeRole', { ...input, Policy, PolicyArns: [{ arn }] }, alice);
  assert.equal(answer.PackedPolicySize, 7);
  assert.deepEqual(grants[0]?.policies?.map(({ source }) => source), ['inline:session', arn]);
  await assert.rejects(sts('AssumeRole', { ...input, Policy: '{' }, alice), { code: 'MalformedPolicyDocumentException', message: 'Syntax errors in policy.' });
});

test('assumeRole makes session tags conditions of the request and of the session', async () => {
  const trust = [{ ...trustAccount[0], Condition: { StringEquals: { 'aws:RequestTag/team': 'blue' } } }];
  const { sts, grants } = createHarness({ trust, permissions: mayAssume });
  await sts('AssumeRole', { ...input, Tags: [{ Key: 'team', Value: 'blue' }] }, alice);
  assert.deepEqual(grants[0]?.conditions, { 'aws:PrincipalTag/team': 'blue' });
  await assert.rejects(sts('AssumeRole', { ...input, Tags: [{ Key: 'team', Value: 'red' }] }, alice), denied);
  const withoutTagging = createHarness({ trust: [{ ...trustAccount[0], Action: 'sts:AssumeRole' }], permissions: mayAssume });
  await assert.rejects(withoutTagging.sts('AssumeRole', { ...input, Tags: [{ Key: 'team', Value: 'blue' }] }, alice), { message: /perform: sts:TagSession/ });
});

test('assumeRole checks the code of a device and lets trust policies ask for it', async () => {
  const trust = [{ ...trustAccount[0], Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' }, NumericLessThan: { 'aws:MultiFactorAuthAge': '60' } } }];
  const { sts, grants } = createHarness({ trust, permissions: mayAssume });
  await assert.rejects(sts('AssumeRole', input, alice), denied);
  await sts('AssumeRole', { ...input, SerialNumber: mfaSerial, TokenCode: '123456' }, alice);
  assert.equal(grants[0]?.conditions?.['aws:MultiFactorAuthPresent'], 'true');
  const refuse = (given: object, message: RegExp) => assert.rejects(sts('AssumeRole', { ...input, ...given }, alice), { code: 'AccessDenied', message });
  await refuse({ SerialNumber: mfaSerial, TokenCode: '000000' }, /^MultiFactorAuthentication failed with invalid MFA one time pass code\. $/);
  await refuse({ SerialNumber: mfaSerial }, /must provide both/);
  await refuse({ SerialNumber: `${mfaSerial}2`, TokenCode: '123456' }, /verify your MFA serial number is valid/);
});

test('assumeRole hands transitive tags and the source identity on to the roles assumed from the session', async () => {
  const trust = [{ ...trustAccount[0], Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'] }];
  const permissions = [{ Effect: 'Allow', Action: 'sts:*', Resource: '*' }];
  const { sts, grants } = createHarness({ trust, permissions });
  await sts('AssumeRole', { ...input, Tags: [{ Key: 'team', Value: 'blue' }, { Key: 'own', Value: '1' }], TransitiveTagKeys: ['team'], SourceIdentity: 'ann' }, alice);
  const first = grants[0]?.caller;
  assert.ok(first?.kind === 'role-session');
  assert.deepEqual(first.carried, { tags: { team: 'blue' }, sourceIdentity: 'ann' });
  const { SourceIdentity } = await sts('AssumeRole', input, first);
  assert.deepEqual([grants[1]?.conditions, SourceIdentity], [{ 'aws:PrincipalTag/team': 'blue', 'aws:SourceIdentity': 'ann' }, 'ann']);
  await assert.rejects(sts('AssumeRole', { ...input, Tags: [{ Key: 'Team', Value: 'red' }] }, first), { code: 'InvalidParameterValue', message: /conflicts with a transitive tag key/ });
  await assert.rejects(sts('AssumeRole', { ...input, SourceIdentity: 'bob' }, first), { code: 'AccessDenied' });
  await assert.rejects(sts('AssumeRole', { ...input, TransitiveTagKeys: ['absent'] }, alice), { code: 'InvalidParameterValue' });
});

test('assumeRole refuses what it does not serve', async () => {
  const { sts } = createHarness({ trust: trustAccount, permissions: mayAssume });
  await sts('AssumeRole', { ...input, MinimumSessionTokenSize: 256 }, alice);
  await assert.rejects(sts('AssumeRole', { ...input, MinimumSessionTokenSize: 257 }, alice), { code: 'ValidationError', message: /MinimumSessionTokenSize/ });
  await assert.rejects(sts('AssumeRole', { ...input, ProvidedContexts: [{ ProviderArn: 'arn:aws:iam::aws:contextProvider/IdentityCenter', ContextAssertion: 'abcd' }] }, alice), { code: 'ValidationError' });
});
