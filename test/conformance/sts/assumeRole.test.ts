// Who may assume a role, and what travels with the session.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CreateRoleCommand, DeleteRoleCommand, GetRoleCommand, ListUsersCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand, GetSessionTokenCommand, type AssumeRoleCommandInput, type Credentials } from '@aws-sdk/client-sts';
import { lambdaTrustPolicy, uniqueName } from '../../support/functions.ts';
import { createLimitedUser, type Statement } from '../../support/limitedUser.ts';
import { sdkClients, type SdkClients } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();

async function createRole(trust: object, permissions: readonly Statement[] = []): Promise<{ name: string; arn: string }> {
  const { aws } = scene();
  const RoleName = uniqueName('role');
  const documentOf = (statements: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });
  const AssumeRolePolicyDocument = documentOf([{ Effect: 'Allow', Principal: { AWS: '000000000000' }, Action: ['sts:AssumeRole', 'sts:TagSession'], ...trust }]);
  const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  if (permissions.length > 0) await aws.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: documentOf(permissions) }));
  return { name: RoleName, arn: Role?.Arn ?? '' };
}

async function assume(input: Partial<AssumeRoleCommandInput>, by: SdkClients = scene().aws): Promise<SdkClients> {
  const answer = await by.sts.send(new AssumeRoleCommand({ RoleArn: undefined, RoleSessionName: 'session', ...input }));
  return clientsOf(answer.Credentials);
}

function clientsOf(credentials: Credentials | undefined): SdkClients {
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '', SessionToken: sessionToken = '' } = credentials ?? {};
  return sdkClients(scene().server.endpoint, { accessKeyId, secretAccessKey, sessionToken });
}

suite('AssumeRole: who may', () => {
  test('the trust policy binds root as well', async () => {
    const { aws } = scene();
    const RoleName = uniqueName('role');
    const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: lambdaTrustPolicy }));
    await expectRefusal(assume({ RoleArn: Role?.Arn }), {
      name: 'AccessDenied',
      status: 403,
      message: `User: arn:aws:iam::000000000000:root is not authorized to perform: sts:AssumeRole on resource: ${Role?.Arn}`,
    });
  });
  test('a role that does not exist is answered like one that is not allowed', async () => {
    const RoleArn = 'arn:aws:iam::000000000000:role/absent';
    await expectRefusal(assume({ RoleArn }), {
      name: 'AccessDenied',
      status: 403,
      message: `User: arn:aws:iam::000000000000:root is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`,
    });
  });
  test('an external id is checked', async () => {
    const { arn: RoleArn } = await createRole({ Condition: { StringEquals: { 'sts:ExternalId': 'right' } } });
    await expectRefusal(assume({ RoleArn }), { name: 'AccessDenied', status: 403 });
    await expectRefusal(assume({ RoleArn, ExternalId: 'wrong' }), { name: 'AccessDenied', status: 403 });
    (await assume({ RoleArn, ExternalId: 'right' })).destroy();
  });
  test('another account needs to be trusted, and to allow its own people', async () => {
    const { arn: RoleArn } = await createRole({ Principal: { AWS: 'arn:aws:iam::111122223333:root' } });
    const other = sdkClients(scene().server.endpoint, { accessKeyId: '111122223333', secretAccessKey: 'x' });
    const { arn: closed } = await createRole({});
    await expectRefusal(assume({ RoleArn: closed }, other), { name: 'AccessDenied', status: 403 });
    const session = await assume({ RoleArn }, other);
    assert.match((await session.sts.send(new GetCallerIdentityCommand({}))).Arn ?? '', /^arn:aws:sts::000000000000:assumed-role\//);
    for (const clients of [other, session]) clients.destroy();
  });
  test('a chained role lasts an hour at most', async () => {
    const { arn: RoleArn } = await createRole({}, [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }]);
    const first = await assume({ RoleArn });
    await expectRefusal(assume({ RoleArn, DurationSeconds: 3_601 }, first), {
      name: 'ValidationError',
      status: 400,
      message: 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    });
    first.destroy();
  });
});

suite('AssumeRole: what travels with the session', () => {
  test('a policy passed with the session narrows it', async () => {
    const { name, arn: RoleArn } = await createRole({}, [{ Effect: 'Allow', Action: 'iam:*', Resource: '*' }]);
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iam:GetRole', Resource: '*' }] });
    const session = await assume({ RoleArn, Policy });
    await session.iam.send(new GetRoleCommand({ RoleName: name }));
    const denied = await expectRefusal(session.iam.send(new ListUsersCommand({})), { name: 'AccessDenied', status: 403 });
    assert.match(denied.message, /because no session policy allows the iam:ListUsers action$/);
    session.destroy();
  });
  test('session tags are tags of the principal', async () => {
    const { name, arn: RoleArn } = await createRole({}, [
      { Effect: 'Allow', Action: 'iam:GetRole', Resource: '*', Condition: { StringEquals: { 'aws:PrincipalTag/team': 'blue' } } },
    ]);
    const blue = await assume({ RoleArn, Tags: [{ Key: 'team', Value: 'blue' }] });
    await blue.iam.send(new GetRoleCommand({ RoleName: name }));
    const red = await assume({ RoleArn, Tags: [{ Key: 'team', Value: 'red' }] });
    await expectRefusal(red.iam.send(new GetRoleCommand({ RoleName: name })), { name: 'AccessDenied', status: 403 });
    for (const clients of [blue, red]) clients.destroy();
  });
  test('a session of a deleted role may do nothing', async () => {
    const { aws } = scene();
    const { name, arn: RoleArn } = await createRole({});
    const session = await assume({ RoleArn });
    await aws.iam.send(new DeleteRoleCommand({ RoleName: name }));
    await expectRefusal(session.iam.send(new ListUsersCommand({})), { name: 'AccessDenied', status: 403 });
    session.destroy();
  });
});

suite('GetSessionToken', () => {
  test('answers credentials that are the user', async () => {
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*' }]);
    const session = clientsOf((await user.clients.sts.send(new GetSessionTokenCommand({ DurationSeconds: 900 }))).Credentials);
    assert.equal((await session.sts.send(new GetCallerIdentityCommand({}))).Arn, user.arn);
    await session.iam.send(new ListUsersCommand({}));
    for (const clients of [user.clients, session]) clients.destroy();
  });
});
