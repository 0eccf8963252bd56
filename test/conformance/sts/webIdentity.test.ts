// Sessions for whoever holds a token of an issuer that the account trusts.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';
import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  DeleteOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  ListOpenIDConnectProviderTagsCommand,
  ListOpenIDConnectProvidersCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagOpenIDConnectProviderCommand,
  UntagOpenIDConnectProviderCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { SignJWT, type JWTPayload } from 'jose';
import { uniqueName } from '../../support/functions.ts';
import { sdkClients } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let web: Server;
let issuer = '';

before(async () => {
  web = createServer((request, answer) => {
    const documents: Readonly<Record<string, unknown>> = {
      '/.well-known/openid-configuration': { issuer, jwks_uri: `${issuer}/keys` },
      '/keys': { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' }] },
    };
    const document = documents[request.url ?? ''];
    answer.writeHead(document ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(document ?? {}));
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
});
after(() => new Promise((resolve) => web.close(resolve)));

const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

function token(claims: JWTPayload = {}): Promise<string> {
  return new SignJWT({ iss: issuer, aud: 'sts.amazonaws.com', sub: 'system:serviceaccount:apps:web', iat: nowSeconds() - 5, exp: nowSeconds() + 600, ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(privateKey);
}

/** Without any credentials, as the SDKs send it. */
function anonymousSts(): STSClient {
  return new STSClient({ endpoint: scene().server.endpoint, region: 'us-east-1', maxAttempts: 1, credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' } });
}

async function createRole(providerArn: string): Promise<{ RoleName: string; RoleArn: string }> {
  const { aws } = scene();
  const RoleName = uniqueName('web');
  const host = issuer.replace('http://', '');
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Federated: providerArn }, Action: 'sts:AssumeRoleWithWebIdentity', Condition: { StringEquals: { [`${host}:aud`]: 'sts.amazonaws.com', [`${host}:sub`]: 'system:serviceaccount:apps:web' } } }],
  });
  const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iam:GetRole', Resource: '*' }] });
  await aws.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument }));
  return { RoleName, RoleArn: Role?.Arn ?? '' };
}

suite('OpenID Connect providers and AssumeRoleWithWebIdentity', () => {
  test('a token of a trusted issuer gives a session that may do what the role may', async () => {
    const { aws, server } = scene();
    const { OpenIDConnectProviderArn: arn = '' } = await aws.iam.send(new CreateOpenIDConnectProviderCommand({ Url: issuer, ClientIDList: ['sts.amazonaws.com'], Tags: [{ Key: 'team', Value: 'one' }] }));
    assert.match(arn, /^arn:aws:iam::000000000000:oidc-provider\/127\.0\.0\.1:\d+$/);
    await expectRefusal(aws.iam.send(new CreateOpenIDConnectProviderCommand({ Url: issuer })), { name: 'EntityAlreadyExistsException', status: 409, message: `Provider with url ${issuer} already exists.` });
    const { RoleName, RoleArn } = await createRole(arn);
    const sts = anonymousSts();
    const input = { RoleArn, RoleSessionName: 'pod', WebIdentityToken: await token() };
    const { Credentials, AssumedRoleUser, SubjectFromWebIdentityToken } = await sts.send(new AssumeRoleWithWebIdentityCommand(input));
    assert.deepEqual([AssumedRoleUser?.Arn, SubjectFromWebIdentityToken], [`arn:aws:sts::000000000000:assumed-role/${RoleName}/pod`, 'system:serviceaccount:apps:web']);
    const session = sdkClients(server.endpoint, { accessKeyId: Credentials?.AccessKeyId ?? '', secretAccessKey: Credentials?.SecretAccessKey ?? '', sessionToken: Credentials?.SessionToken ?? '' });
    assert.equal((await session.sts.send(new GetCallerIdentityCommand({}))).Arn, AssumedRoleUser?.Arn);
    await session.iam.send(new GetRoleCommand({ RoleName }));
    await expectRefusal(session.iam.send(new ListUsersCommand({})), { name: 'AccessDenied', status: 403 });

    await expectRefusal(sts.send(new AssumeRoleWithWebIdentityCommand({ ...input, WebIdentityToken: await token({ sub: 'somebody' }) })), { name: 'AccessDenied', status: 403, message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity' });
    await expectRefusal(sts.send(new AssumeRoleWithWebIdentityCommand({ ...input, WebIdentityToken: await token({ exp: nowSeconds() - 60 }) })), { name: 'ExpiredTokenException', status: 400 });
    await expectRefusal(sts.send(new AssumeRoleWithWebIdentityCommand({ ...input, WebIdentityToken: await token({ aud: 'other' }) })), { name: /^InvalidIdentityToken/, status: 400, message: 'Incorrect token audience' });
    for (const clients of [sts, session]) clients.destroy();
  });

  test('a provider is described, changed, tagged and deleted', async () => {
    const { aws } = scene();
    const Url = `https://${uniqueName('idp').toLowerCase()}.example/tenant`;
    const ThumbprintList = ['990F4193972F2BECF12DDEDA5237F9C952F20D9E'];
    const { OpenIDConnectProviderArn } = await aws.iam.send(new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: ['one'], ThumbprintList }));
    await aws.iam.send(new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID: 'two' }));
    await aws.iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID: 'one' }));
    await aws.iam.send(new UpdateOpenIDConnectProviderThumbprintCommand({ OpenIDConnectProviderArn, ThumbprintList: ['a'.repeat(40)] }));
    await aws.iam.send(new TagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] }));
    await aws.iam.send(new UntagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, TagKeys: ['a'] }));
    assert.deepEqual((await aws.iam.send(new ListOpenIDConnectProviderTagsCommand({ OpenIDConnectProviderArn }))).Tags, [{ Key: 'b', Value: '2' }]);
    const found = await aws.iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
    assert.deepEqual([found.Url, found.ClientIDList, found.ThumbprintList], [Url.slice(8), ['two'], ['a'.repeat(40)]]);
    const { OpenIDConnectProviderList = [] } = await aws.iam.send(new ListOpenIDConnectProvidersCommand({}));
    assert.ok(OpenIDConnectProviderList.some(({ Arn }) => Arn === OpenIDConnectProviderArn));
    await aws.iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
    await expectRefusal(aws.iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn })), { name: 'NoSuchEntityException', status: 404, message: `OpenIDConnect Provider not found for arn ${OpenIDConnectProviderArn}` });
    await expectRefusal(aws.iam.send(new CreateOpenIDConnectProviderCommand({ Url: 'http://issuer.example' })), { name: 'ValidationError', status: 400 });
  });
});
