// GetCallerIdentity and AssumeRole.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { AssumeRoleCommand, AssumeRootCommand, GetCallerIdentityCommand, GetDelegatedAccessTokenCommand, GetWebIdentityTokenCommand, type AssumeRoleCommandInput } from '@aws-sdk/client-sts';
import { lambdaTrustPolicy, uniqueName } from '../../support/functions.ts';
import { createLimitedUser, type Statement } from '../../support/limitedUser.ts';
import { sdkClients, type SdkClients } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();

async function createRole(permissions: readonly Statement[] = [], trust?: string): Promise<{ arn: string; name: string; id: string }> {
  const { aws } = scene();
  const RoleName = uniqueName('role');
  const people = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'sts:AssumeRole' }] };
  const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust ?? JSON.stringify(people) }));
  if (permissions.length > 0) {
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: permissions });
    await aws.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument }));
  }
  return { arn: Role?.Arn ?? '', name: RoleName, id: Role?.RoleId ?? '' };
}

async function assume(clients: SdkClients, input: AssumeRoleCommandInput): Promise<SdkClients> {
  const { Credentials } = await clients.sts.send(new AssumeRoleCommand(input));
  return sdkClients(scene().server.endpoint, {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  });
}

suite('GetCallerIdentity', () => {
  test('an unknown key is the local root user', async () => {
    const { $metadata, ...identity } = await scene().aws.sts.send(new GetCallerIdentityCommand({}));
    assert.equal($metadata.httpStatusCode, 200);
    assert.deepEqual(identity, { UserId: '000000000000', Account: '000000000000', Arn: 'arn:aws:iam::000000000000:root' });
  });
  test('a 12-digit key is the root user of that account', async () => {
    const other = sdkClients(scene().server.endpoint, { accessKeyId: '123456789012', secretAccessKey: 'x' });
    assert.equal((await other.sts.send(new GetCallerIdentityCommand({}))).Arn, 'arn:aws:iam::123456789012:root');
    other.destroy();
  });
  test('a user sees itself, without any permission', async () => {
    // "No permissions are required to perform this operation" (API reference).
    const user = await createLimitedUser(scene(), [{ Effect: 'Deny', Action: '*', Resource: '*' }]);
    const { Arn, UserId } = await user.clients.sts.send(new GetCallerIdentityCommand({}));
    assert.equal(Arn, user.arn);
    assert.match(UserId ?? '', /^AIDA[A-Z0-9]{17}$/);
    user.clients.destroy();
  });
});

suite('AssumeRole', () => {
  test('answers credentials that are the role and last as long as asked', async () => {
    const { aws } = scene();
    const role = await createRole();
    const { Credentials, AssumedRoleUser } = await aws.sts.send(new AssumeRoleCommand({ RoleArn: role.arn, RoleSessionName: 'one', DurationSeconds: 900 }));
    assert.match(Credentials?.AccessKeyId ?? '', /^ASIA[A-Z0-9]{16}$/);
    assert.deepEqual(AssumedRoleUser, { Arn: `arn:aws:sts::000000000000:assumed-role/${role.name}/one`, AssumedRoleId: `${role.id}:one` });
    const leftMs = Number(Credentials?.Expiration?.getTime()) - Date.now();
    assert.ok(Math.abs(leftMs - 900_000) < 60_000, `lasts ${leftMs} ms`);
  });
  test('the session may do what the role may, and nothing else', async () => {
    const { aws } = scene();
    const role = await createRole([{ Effect: 'Allow', Action: 'lambda:ListFunctions', Resource: '*' }]);
    const session = await assume(aws, { RoleArn: role.arn, RoleSessionName: 'two' });
    assert.ok(await session.lambda.send(new ListFunctionsCommand({})));
    await expectRefusal(session.iam.send(new CreateRoleCommand({ RoleName: 'no', AssumeRolePolicyDocument: lambdaTrustPolicy })), {
      name: /^AccessDenied/,
      status: 403,
      message: /^User: arn:aws:sts::000000000000:assumed-role\/role-[0-9a-f]+\/two is not authorized to perform: iam:CreateRole/,
    });
    session.destroy();
  });
  test('a session policy only ever narrows', async () => {
    const { aws } = scene();
    const role = await createRole([{ Effect: 'Allow', Action: 'lambda:ListFunctions', Resource: '*' }]);
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iam:*', Resource: '*' }] });
    const session = await assume(aws, { RoleArn: role.arn, RoleSessionName: 'narrow', Policy });
    await expectRefusal(session.lambda.send(new ListFunctionsCommand({})), { name: 'AccessDeniedException', status: 403 });
    await expectRefusal(session.iam.send(new CreateRoleCommand({ RoleName: 'no', AssumeRolePolicyDocument: lambdaTrustPolicy })), { name: /^AccessDenied/, status: 403 });
    session.destroy();
  });
  test('a session ends when product time has passed it', async () => {
    const { aws, server } = scene();
    const role = await createRole([{ Effect: 'Allow', Action: 'lambda:ListFunctions', Resource: '*' }]);
    const session = await assume(aws, { RoleArn: role.arn, RoleSessionName: 'short', DurationSeconds: 900 });
    assert.ok(await session.lambda.send(new ListFunctionsCommand({})));
    await server.clock.advance(901_000);
    await expectRefusal(session.lambda.send(new ListFunctionsCommand({})), { name: 'ExpiredTokenException', status: 403, message: /^The security token included in the request is expired/ });
    session.destroy();
  });
  test('a token that does not belong to the key is refused', async () => {
    const role = await createRole();
    const { Credentials } = await scene().aws.sts.send(new AssumeRoleCommand({ RoleArn: role.arn, RoleSessionName: 'three' }));
    const forged = sdkClients(scene().server.endpoint, { accessKeyId: Credentials?.AccessKeyId ?? '', secretAccessKey: Credentials?.SecretAccessKey ?? '', sessionToken: 'forged' });
    await expectRefusal(forged.sts.send(new GetCallerIdentityCommand({})), { name: /^(InvalidClientTokenId|UnrecognizedClientException)/, status: 403, message: /security token included in the request is invalid/ });
    forged.destroy();
  });
  test('a role that trusts only a service is not for people', async () => {
    const role = await createRole([], lambdaTrustPolicy);
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }]);
    await expectRefusal(user.clients.sts.send(new AssumeRoleCommand({ RoleArn: role.arn, RoleSessionName: 'no' })), {
      name: /^AccessDenied/,
      status: 403,
      message: new RegExp(`^User: ${user.arn} is not authorized to perform: sts:AssumeRole on resource: ${role.arn}`),
    });
    user.clients.destroy();
  });
  test('a user needs sts:AssumeRole where the role trusts only the account', async () => {
    const role = await createRole();
    const without = await createLimitedUser(scene(), []);
    await expectRefusal(without.clients.sts.send(new AssumeRoleCommand({ RoleArn: role.arn, RoleSessionName: 'no' })), { name: /^AccessDenied/, status: 403 });
    const allowed = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: role.arn }]);
    (await assume(allowed.clients, { RoleArn: role.arn, RoleSessionName: 'yes' })).destroy();
    for (const user of [without, allowed]) user.clients.destroy();
  });
  test('limits of name and duration hold', async () => {
    const { aws } = scene();
    const role = await createRole();
    const refuse = (input: Partial<AssumeRoleCommandInput>, message: RegExp) =>
      expectRefusal(aws.sts.send(new AssumeRoleCommand({ RoleArn: role.arn, RoleSessionName: 'limits', ...input })), { name: 'ValidationError', status: 400, message });
    await refuse({ RoleSessionName: 'x' }, /'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2/);
    await refuse({ DurationSeconds: 899 }, /Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900/);
    await refuse({ DurationSeconds: 3_601 }, /The requested DurationSeconds exceeds the MaxSessionDuration set for this role\./);
  });
});

test('AssumeRoot, GetDelegatedAccessToken and GetWebIdentityToken answer as in an account that was not set up for them', async () => {
  const { sts } = scene().aws;
  const TaskPolicyArn = { arn: 'arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials' };
  await expectRefusal(sts.send(new AssumeRootCommand({ TargetPrincipal: '000000000000', TaskPolicyArn })), { name: 'AccessDenied', status: 403, message: /is not authorized to perform: sts:AssumeRoot/ });
  await expectRefusal(sts.send(new GetDelegatedAccessTokenCommand({ TradeInToken: 'token' })), { name: /^ExpiredTradeInToken/, status: 400 });
  await expectRefusal(sts.send(new GetWebIdentityTokenCommand({ Audience: ['api'], SigningAlgorithm: 'RS256' })), { name: /^OutboundWebIdentityFederationDisabled/, status: 403 });
});
