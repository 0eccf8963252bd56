import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarness } from '../testing/harness.ts';

test('CreateLoginProfile, GetLoginProfile, UpdateLoginProfile and DeleteLoginProfile keep a password that nobody can read', async () => {
  const { iam, clock, createUser } = createHarness();
  await createUser('ann', []);
  const profile = { UserName: 'ann', CreateDate: new Date(clock.now()), PasswordResetRequired: true };
  assert.deepEqual((await iam('CreateLoginProfile', { UserName: 'ann', Password: 'Secret-12', PasswordResetRequired: true })).LoginProfile, profile);
  await assert.rejects(iam('CreateLoginProfile', { UserName: 'ann', Password: 'Secret-12' }), { code: 'EntityAlreadyExistsException', message: 'Login Profile for user ann already exists.' });
  await iam('UpdateLoginProfile', { UserName: 'ann', PasswordResetRequired: false });
  assert.deepEqual(await iam('GetLoginProfile', { UserName: 'ann' }), { LoginProfile: { ...profile, PasswordResetRequired: false } });
  await assert.rejects(iam('DeleteUser', { UserName: 'ann' }), { code: 'DeleteConflictException' });
  await iam('UpdateUser', { UserName: 'ann', NewUserName: 'anna' });
  await iam('DeleteLoginProfile', { UserName: 'anna' });
  await assert.rejects(iam('GetLoginProfile', { UserName: 'anna' }), { code: 'NoSuchEntityException', message: 'Login Profile for User anna cannot be found.' });
});

test('CreateLoginProfile holds passwords against the account\'s policy, or the default one', async () => {
  const { iam, createUser } = createHarness();
  await createUser('ann', []);
  const refuse = (Password: string, message: string) => assert.rejects(iam('CreateLoginProfile', { UserName: 'ann', Password }), { code: 'PasswordPolicyViolationException', message });
  await refuse('Short-1', 'Password should have a minimum length of 8');
  await refuse('alllowercase', 'Password should have at least one uppercase letter');
  await iam('UpdateAccountPasswordPolicy', { MinimumPasswordLength: 10, RequireNumbers: true });
  await refuse('Short-123', 'Password should have a minimum length of 10');
  await refuse('nonumbershere', 'Password should have at least one number');
  await iam('CreateLoginProfile', { UserName: 'ann', Password: 'lower12345' });
});

test('ChangePassword wants the old password, permission, and none of the former ones where the policy forbids them', async () => {
  const { iam, createUser } = createHarness();
  const ann = await createUser('ann', []);
  await iam('CreateLoginProfile', { UserName: 'ann', Password: 'Secret-12' });
  const change = (OldPassword: string, NewPassword: string) => iam('ChangePassword', { OldPassword, NewPassword }, ann);
  await assert.rejects(change('Secret-12', 'Secret-13'), { code: 'AccessDenied', message: /iam:ChangePassword/ });
  await iam('UpdateAccountPasswordPolicy', { AllowUsersToChangePassword: true, PasswordReusePrevention: 1 });
  await assert.rejects(change('Wrong-12', 'Secret-13'), { code: 'AccessDenied', message: 'The old password was incorrect.' });
  await assert.rejects(change('Secret-12', 'Secret-12'), { code: 'PasswordPolicyViolationException' });
  await change('Secret-12', 'Secret-13');
  await assert.rejects(change('Secret-12', 'Secret-14'), { code: 'AccessDenied' });
  await assert.rejects(iam('ChangePassword', { OldPassword: 'a', NewPassword: 'b' }), { code: 'InvalidUserTypeException' });
});
