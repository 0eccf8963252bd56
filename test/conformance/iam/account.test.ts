// What an account as a whole has: aliases, passwords, second factors, instance profiles, service-linked roles, reports.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { suite, test } from 'node:test';
import {
  AddRoleToInstanceProfileCommand,
  ChangePasswordCommand,
  CreateAccountAliasCommand,
  CreateInstanceProfileCommand,
  CreateLoginProfileCommand,
  CreateServiceLinkedRoleCommand,
  CreateUserCommand,
  CreateVirtualMFADeviceCommand,
  DeactivateMFADeviceCommand,
  DeleteAccountAliasCommand,
  DeleteAccountPasswordPolicyCommand,
  DeleteInstanceProfileCommand,
  DeleteLoginProfileCommand,
  DeleteServiceLinkedRoleCommand,
  DeleteVirtualMFADeviceCommand,
  EnableMFADeviceCommand,
  GenerateCredentialReportCommand,
  GetAccountAuthorizationDetailsCommand,
  GetAccountPasswordPolicyCommand,
  GetAccountSummaryCommand,
  GetCredentialReportCommand,
  GetInstanceProfileCommand,
  GetLoginProfileCommand,
  GetMFADeviceCommand,
  GetServiceLinkedRoleDeletionStatusCommand,
  ListAccountAliasesCommand,
  ListInstanceProfileTagsCommand,
  ListInstanceProfilesCommand,
  ListInstanceProfilesForRoleCommand,
  ListMFADeviceTagsCommand,
  ListMFADevicesCommand,
  ListUsersCommand,
  ListVirtualMFADevicesCommand,
  RemoveRoleFromInstanceProfileCommand,
  ResyncMFADeviceCommand,
  TagInstanceProfileCommand,
  TagMFADeviceCommand,
  UntagInstanceProfileCommand,
  UntagMFADeviceCommand,
  UpdateAccountPasswordPolicyCommand,
  UpdateLoginProfileCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetAccessKeyInfoCommand, GetCallerIdentityCommand, GetFederationTokenCommand, GetSessionTokenCommand, type Credentials } from '@aws-sdk/client-sts';
import { uniqueName } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { sdkClients, type SdkClients } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const anything = { Effect: 'Allow', Action: '*', Resource: '*' } as const;

function clientsOf(credentials: Credentials | undefined): SdkClients {
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '', SessionToken: sessionToken = '' } = credentials ?? {};
  return sdkClients(scene().server.endpoint, { accessKeyId, secretAccessKey, sessionToken });
}

/** What an authenticator app shows (RFC 6238), worked out apart from the server's own code. */
function shownCode(seed: string, atMs: number): string {
  const bits = [...seed].map((character) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(character).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((octet) => parseInt(octet, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(atMs / 30_000)));
  const digest = createHmac('sha1', key).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 15;
  return String((digest.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

suite('account settings', () => {
  test('an alias is made, listed and deleted', async () => {
    const { iam } = scene().aws;
    await iam.send(new CreateAccountAliasCommand({ AccountAlias: 'our-company' }));
    assert.deepEqual((await iam.send(new ListAccountAliasesCommand({}))).AccountAliases, ['our-company']);
    await iam.send(new DeleteAccountAliasCommand({ AccountAlias: 'our-company' }));
    await expectRefusal(iam.send(new DeleteAccountAliasCommand({ AccountAlias: 'our-company' })), { name: 'NoSuchEntityException', status: 404 });
  });

  test('passwords follow the policy of the account', async () => {
    const { iam } = scene().aws;
    await expectRefusal(iam.send(new GetAccountPasswordPolicyCommand({})), { name: 'NoSuchEntityException', status: 404, message: 'The Password Policy with domain name 000000000000 cannot be found.' });
    await iam.send(new UpdateAccountPasswordPolicyCommand({ MinimumPasswordLength: 12, AllowUsersToChangePassword: true }));
    assert.equal((await iam.send(new GetAccountPasswordPolicyCommand({}))).PasswordPolicy?.MinimumPasswordLength, 12);
    const user = await createLimitedUser(scene(), []);
    const UserName = user.arn.split('/').at(-1) ?? '';
    await expectRefusal(iam.send(new CreateLoginProfileCommand({ UserName, Password: 'too-short' })), { name: 'PasswordPolicyViolationException', status: 400, message: 'Password should have a minimum length of 12' });
    await iam.send(new CreateLoginProfileCommand({ UserName, Password: 'long enough for it' }));
    await iam.send(new UpdateLoginProfileCommand({ UserName, PasswordResetRequired: true }));
    assert.equal((await iam.send(new GetLoginProfileCommand({ UserName }))).LoginProfile?.PasswordResetRequired, true);
    await user.clients.iam.send(new ChangePasswordCommand({ OldPassword: 'long enough for it', NewPassword: 'another one for it' }));
    await expectRefusal(user.clients.iam.send(new ChangePasswordCommand({ OldPassword: 'long enough for it', NewPassword: 'a third one for it' })), { name: 'AccessDenied', status: 403 });
    await iam.send(new DeleteLoginProfileCommand({ UserName }));
    await iam.send(new DeleteAccountPasswordPolicyCommand({}));
    user.clients.destroy();
  });

  test('the summary, the details and the credential report know a new user', async () => {
    const { iam } = scene().aws;
    const before = (await iam.send(new GetAccountSummaryCommand({}))).SummaryMap?.Users ?? 0;
    const UserName = uniqueName('counted');
    await iam.send(new CreateUserCommand({ UserName }));
    assert.equal((await iam.send(new GetAccountSummaryCommand({}))).SummaryMap?.Users, before + 1);
    const { UserDetailList = [] } = await iam.send(new GetAccountAuthorizationDetailsCommand({ Filter: ['User'] }));
    assert.ok(UserDetailList.some((user) => user.UserName === UserName));
    await iam.send(new GenerateCredentialReportCommand({}));
    const { Content, ReportFormat } = await iam.send(new GetCredentialReportCommand({}));
    const text = Buffer.from(Content ?? []).toString();
    assert.equal(ReportFormat, 'text/csv');
    assert.match(text, new RegExp(`^${UserName},arn:aws:iam::000000000000:user/${UserName},`, 'm'));
  });
});

suite('instance profiles and service-linked roles', () => {
  test('an instance profile holds one role', async () => {
    const { aws, roleArn } = scene();
    const RoleName = roleArn.split('/').at(-1) ?? '';
    const InstanceProfileName = uniqueName('profile');
    await aws.iam.send(new CreateInstanceProfileCommand({ InstanceProfileName, Tags: [{ Key: 'team', Value: 'one' }] }));
    await aws.iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
    assert.deepEqual((await aws.iam.send(new GetInstanceProfileCommand({ InstanceProfileName }))).InstanceProfile?.Roles?.map((role) => role.Arn), [roleArn]);
    assert.deepEqual((await aws.iam.send(new ListInstanceProfilesForRoleCommand({ RoleName }))).InstanceProfiles?.map((profile) => profile.InstanceProfileName), [InstanceProfileName]);
    assert.ok((await aws.iam.send(new ListInstanceProfilesCommand({}))).InstanceProfiles?.some((profile) => profile.InstanceProfileName === InstanceProfileName));
    await aws.iam.send(new TagInstanceProfileCommand({ InstanceProfileName, Tags: [{ Key: 'more', Value: 'two' }] }));
    await aws.iam.send(new UntagInstanceProfileCommand({ InstanceProfileName, TagKeys: ['team'] }));
    assert.deepEqual((await aws.iam.send(new ListInstanceProfileTagsCommand({ InstanceProfileName }))).Tags, [{ Key: 'more', Value: 'two' }]);
    await expectRefusal(aws.iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName })), { name: 'DeleteConflictException', status: 409 });
    await aws.iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName }));
    await aws.iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
    await expectRefusal(aws.iam.send(new GetInstanceProfileCommand({ InstanceProfileName })), { name: 'NoSuchEntityException', status: 404, message: `Instance Profile ${InstanceProfileName} cannot be found.` });
  });

  test('a service-linked role is made and deleted by a task', async () => {
    const { iam } = scene().aws;
    const { Role } = await iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: 'ops.apigateway.amazonaws.com' }));
    assert.equal(Role?.Arn, 'arn:aws:iam::000000000000:role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway');
    const { DeletionTaskId } = await iam.send(new DeleteServiceLinkedRoleCommand({ RoleName: Role.RoleName }));
    assert.equal((await iam.send(new GetServiceLinkedRoleDeletionStatusCommand({ DeletionTaskId }))).Status, 'SUCCEEDED');
  });
});

suite('second factors and federated users', () => {
  test('a policy that asks for a second factor is met by a session made with a code, once', async () => {
    const { aws, server } = scene();
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*', Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' }, NumericLessThan: { 'aws:MultiFactorAuthAge': '300' } } }]);
    const UserName = user.arn.split('/').at(-1) ?? '';
    const { VirtualMFADevice } = await aws.iam.send(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: UserName }));
    const SerialNumber = VirtualMFADevice?.SerialNumber ?? '';
    const seed = Buffer.from(VirtualMFADevice?.Base32StringSeed ?? []).toString();
    // The middle of a step, so that no step ends while the test runs.
    const startMs = Math.ceil(Date.now() / 30_000) * 30_000 + 5_000;
    await server.clock.advance(startMs - Date.now());
    const codes = (aheadMs = 0) => ({ AuthenticationCode1: shownCode(seed, startMs + aheadMs - 30_000), AuthenticationCode2: shownCode(seed, startMs + aheadMs) });
    await expectRefusal(aws.iam.send(new EnableMFADeviceCommand({ UserName, SerialNumber, AuthenticationCode1: '000000', AuthenticationCode2: '000000' })), { name: 'InvalidAuthenticationCodeException', status: 403 });
    await aws.iam.send(new EnableMFADeviceCommand({ UserName, SerialNumber, ...codes() }));
    assert.deepEqual((await aws.iam.send(new ListMFADevicesCommand({ UserName }))).MFADevices?.map((device) => device.SerialNumber), [SerialNumber]);
    assert.equal((await aws.iam.send(new GetMFADeviceCommand({ UserName, SerialNumber }))).UserName, UserName);
    assert.ok((await aws.iam.send(new ListVirtualMFADevicesCommand({ AssignmentStatus: 'Assigned' }))).VirtualMFADevices?.some((device) => device.User?.UserName === UserName));

    await expectRefusal(user.clients.iam.send(new ListUsersCommand({})), { name: 'AccessDenied', status: 403 });
    const TokenCode = shownCode(seed, startMs + 30_000);
    const session = clientsOf((await user.clients.sts.send(new GetSessionTokenCommand({ SerialNumber, TokenCode }))).Credentials);
    await session.iam.send(new ListUsersCommand({}));
    await expectRefusal(session.sts.send(new GetSessionTokenCommand({})), { name: 'AccessDenied', status: 403, message: 'Cannot call GetSessionToken with session credentials' });
    await expectRefusal(user.clients.sts.send(new GetSessionTokenCommand({ SerialNumber, TokenCode })), { name: 'AccessDenied', status: 403, message: /^MultiFactorAuthentication failed with invalid MFA one time pass code/ });
    await server.clock.advance(301_000);
    await expectRefusal(session.iam.send(new ListUsersCommand({})), { name: 'AccessDenied', status: 403 });

    await aws.iam.send(new ResyncMFADeviceCommand({ UserName, SerialNumber, ...codes(300_000) }));
    await aws.iam.send(new TagMFADeviceCommand({ SerialNumber, Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] }));
    await aws.iam.send(new UntagMFADeviceCommand({ SerialNumber, TagKeys: ['a'] }));
    assert.deepEqual((await aws.iam.send(new ListMFADeviceTagsCommand({ SerialNumber }))).Tags, [{ Key: 'b', Value: '2' }]);
    await aws.iam.send(new DeactivateMFADeviceCommand({ UserName, SerialNumber }));
    await aws.iam.send(new DeleteVirtualMFADeviceCommand({ SerialNumber }));
    for (const clients of [session, user.clients]) clients.destroy();
  });

  test('a federated user may do what both its user and its session allow', async () => {
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: ['iam:ListUsers', 'iam:GetAccountSummary', 'sts:GetFederationToken', 'sts:GetAccessKeyInfo'], Resource: '*' }]);
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['iam:ListUsers', 'iam:CreateUser'], Resource: '*' }] });
    const { Credentials: keys, FederatedUser } = await user.clients.sts.send(new GetFederationTokenCommand({ Name: 'fred', Policy }));
    assert.deepEqual(FederatedUser, { FederatedUserId: '000000000000:fred', Arn: 'arn:aws:sts::000000000000:federated-user/fred' });
    const session = clientsOf(keys);
    assert.equal((await session.sts.send(new GetCallerIdentityCommand({}))).Arn, FederatedUser?.Arn);
    await session.iam.send(new ListUsersCommand({}));
    await expectRefusal(session.iam.send(new GetAccountSummaryCommand({})), { name: 'AccessDenied', status: 403 });
    await expectRefusal(session.iam.send(new CreateUserCommand({ UserName: 'nobody' })), { name: 'AccessDenied', status: 403 });
    assert.equal((await user.clients.sts.send(new GetAccessKeyInfoCommand({ AccessKeyId: keys?.AccessKeyId }))).Account, '000000000000');
    for (const clients of [session, user.clients]) clients.destroy();
  });

  test('root gives a federated user what the session allows', async () => {
    const { aws, roleArn } = scene();
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [anything] });
    const session = clientsOf((await aws.sts.send(new GetFederationTokenCommand({ Name: 'admin', Policy }))).Credentials);
    await session.iam.send(new ListUsersCommand({}));
    await expectRefusal(session.sts.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'no' })), { name: 'AccessDenied', status: 403 });
    session.destroy();
  });
});
