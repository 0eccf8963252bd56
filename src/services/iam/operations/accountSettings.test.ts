import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness, lambdaTrust } from '../testing/harness.ts';

test('CreateAccountAlias takes the place of the former one; ListAccountAliases and DeleteAccountAlias know it', async () => {
  const { iam } = createHarness();
  for (const AccountAlias of ['first', 'second']) await iam('CreateAccountAlias', { AccountAlias });
  assert.deepEqual(await iam('ListAccountAliases', {}), { AccountAliases: ['second'], IsTruncated: false });
  const other = { kind: 'root', account: '222222222222', arn: 'arn:aws:iam::222222222222:root', userId: '222222222222' } as const;
  await assert.rejects(iam('CreateAccountAlias', { AccountAlias: 'second' }, other), { code: 'EntityAlreadyExistsException' });
  await iam('CreateAccountAlias', { AccountAlias: 'first' }, other);
  await assert.rejects(iam('DeleteAccountAlias', { AccountAlias: 'first' }), { code: 'NoSuchEntityException' });
  await iam('DeleteAccountAlias', { AccountAlias: 'second' });
  assert.deepEqual((await iam('ListAccountAliases', {})).AccountAliases, []);
});

test('UpdateAccountPasswordPolicy puts what is left out back; GetAccountPasswordPolicy and DeleteAccountPasswordPolicy miss none', async () => {
  const { iam } = createHarness();
  const absent = { code: 'NoSuchEntityException', message: `The Password Policy with domain name ${account} cannot be found.` };
  await assert.rejects(iam('GetAccountPasswordPolicy', {}), absent);
  await iam('UpdateAccountPasswordPolicy', { RequireSymbols: true, MaxPasswordAge: 90 });
  assert.deepEqual((await iam('GetAccountPasswordPolicy', {})).PasswordPolicy, {
    MinimumPasswordLength: 6,
    RequireSymbols: true,
    RequireNumbers: false,
    RequireUppercaseCharacters: false,
    RequireLowercaseCharacters: false,
    AllowUsersToChangePassword: false,
    ExpirePasswords: true,
    MaxPasswordAge: 90,
  });
  await iam('UpdateAccountPasswordPolicy', {});
  assert.equal((await iam('GetAccountPasswordPolicy', {})).PasswordPolicy?.RequireSymbols, false);
  await iam('DeleteAccountPasswordPolicy', {});
  await assert.rejects(iam('DeleteAccountPasswordPolicy', {}), absent);
});

test('GetAccountSummary counts what there is', async () => {
  const { iam, createUser } = createHarness();
  await createUser('ann', []);
  await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: lambdaTrust });
  await iam('CreateInstanceProfile', { InstanceProfileName: 'web' });
  await iam('CreateVirtualMFADevice', { VirtualMFADeviceName: 'phone' });
  const PolicyDocument = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}';
  const { Policy } = await iam('CreatePolicy', { PolicyName: 'p', PolicyDocument });
  await iam('CreatePolicyVersion', { PolicyArn: Policy?.Arn ?? '', PolicyDocument });
  const { SummaryMap: summary } = await iam('GetAccountSummary', {});
  const seen = [summary?.Users, summary?.Roles, summary?.Groups, summary?.InstanceProfiles, summary?.MFADevices, summary?.MFADevicesInUse, summary?.Policies, summary?.PolicyVersionsInUse];
  assert.deepEqual(seen, [1, 1, 0, 1, 1, 0, 1, 2]);
});

test('SetSecurityTokenServicePreferences is told in the summary', async () => {
  const { iam } = createHarness();
  const version = async () => (await iam('GetAccountSummary', {})).SummaryMap?.['GlobalEndpointTokenVersion'];
  assert.equal(await version(), 1);
  await iam('SetSecurityTokenServicePreferences', { GlobalEndpointTokenVersion: 'v2Token' });
  assert.equal(await version(), 2);
});
