import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { SignJWT, type JWTPayload } from 'jose';
import { account, createHarness, issuer, roleArn, type HarnessOptions } from '../testing/harness.ts';

const name = issuer.slice('https://'.length);
const providerArn = `arn:aws:iam::${account}:oidc-provider/${name}`;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keysOf = (...keys: readonly [string, KeyObject][]) => ({ keys: keys.map(([kid, key]) => ({ ...key.export({ format: 'jwk' }), kid })) }) as never;
const issuerKeys = { of: async () => keysOf(['rsa', rsa.publicKey], ['ec', ec.publicKey]) };
const trust = [{ Effect: 'Allow', Principal: { Federated: providerArn }, Action: ['sts:AssumeRoleWithWebIdentity'], Condition: { StringEquals: { [`${name}:aud`]: 'app' }, StringLike: { [`${name}:sub`]: 'repo:*' } } }];
const nowSeconds = createHarness().clock.now() / 1_000;

interface TokenOptions {
  readonly alg?: 'RS256' | 'ES256' | 'HS256';
  readonly kid?: string;
  readonly key?: KeyObject | Uint8Array;
}

async function token(claims: JWTPayload = {}, { alg = 'RS256', kid = alg === 'ES256' ? 'ec' : 'rsa', key = alg === 'ES256' ? ec.privateKey : rsa.privateKey }: TokenOptions = {}): Promise<string> {
  const all = { iss: issuer, aud: 'app', sub: 'repo:one', iat: nowSeconds - 10, exp: nowSeconds + 60, ...claims };
  return await new SignJWT(all).setProtectedHeader({ alg, kid }).sign(key);
}

async function assume(WebIdentityToken: string, options: HarnessOptions = {}) {
  const harness = createHarness({ trust, issuerKeys, ...options });
  const answer = await harness.sts('AssumeRoleWithWebIdentity', { RoleArn: roleArn, RoleSessionName: 'run', WebIdentityToken }, { kind: 'anonymous', account: '000000000000' });
  return { answer, grant: harness.grants[0] };
}

test('assumeRoleWithWebIdentity takes tokens signed with RSA and with elliptic curves', async () => {
  for (const alg of ['RS256', 'ES256'] as const) {
    const { answer, grant } = await assume(await token({}, { alg }));
    assert.equal(answer.AssumedRoleUser?.Arn, `arn:aws:sts::${account}:assumed-role/worker/run`);
    assert.deepEqual([answer.SubjectFromWebIdentityToken, answer.Audience, answer.Provider], ['repo:one', 'app', providerArn]);
    assert.deepEqual(grant?.conditions, { [`${name}:aud`]: 'app', [`${name}:sub`]: 'repo:one', 'aws:FederatedProvider': providerArn });
  }
});

test('assumeRoleWithWebIdentity refuses a token that its issuer did not sign', async () => {
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const forged = await token({}, { key: stranger.privateKey });
  await assert.rejects(assume(forged), { code: 'InvalidIdentityTokenException', message: /could not be validated/ });
  // The public key as the secret of a symmetric signature: the oldest trick there is.
  const confused = await token({}, { alg: 'HS256', key: rsa.publicKey.export({ type: 'spki', format: 'der' }) });
  await assert.rejects(assume(confused), { code: 'InvalidIdentityTokenException' });
  const [, payload = ''] = (await token()).split('.');
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
  await assert.rejects(assume(unsigned), { code: 'InvalidIdentityTokenException' });
  await assert.rejects(assume(await token({}, { kid: 'unknown' })), { message: /^Couldn't retrieve verification key/ });
});

test('assumeRoleWithWebIdentity refuses expired tokens, future ones, other audiences, other issuers and what is no token', async () => {
  const message = `Token expired: current date/time ${nowSeconds} must be before the expiration date/time ${nowSeconds - 1}`;
  await assert.rejects(assume(await token({ exp: nowSeconds - 1 })), { code: 'ExpiredTokenException', message });
  await assert.rejects(assume(await token({ nbf: nowSeconds + 5 })), { code: 'InvalidIdentityTokenException', message: /nbf/ });
  await assert.rejects(assume(await token({ aud: ['other'] })), { code: 'InvalidIdentityTokenException', message: 'Incorrect token audience' });
  await assert.rejects(assume(await token({ aud: 'app', azp: 'other' })), { message: 'Incorrect token audience' });
  await assert.rejects(assume(await token({ iss: 'https://elsewhere.example' })), { message: 'No OpenIDConnect provider found in your account for https://elsewhere.example' });
  for (const text of ['abcd', 'a.b.c', '....']) await assert.rejects(assume(text), { code: 'InvalidIdentityTokenException', message: /is not a valid JWT/ });
});

test('assumeRoleWithWebIdentity lets the trust policy decide about subject and audience', async () => {
  const denied = { code: 'AccessDenied', message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity' };
  await assert.rejects(assume(await token({ sub: 'user:one' })), denied);
  await assert.rejects(assume(await token(), { trust: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }] }), denied);
  await assert.rejects(assume(await token(), { trust: [...trust, { ...trust[0], Effect: 'Deny' }] }), denied);
});

test('assumeRoleWithWebIdentity takes session tags and a source identity out of the token', async () => {
  const claims = { 'https://aws.amazon.com/tags': { principal_tags: { team: ['blue'] }, transitive_tag_keys: ['team'] }, 'https://aws.amazon.com/source_identity': 'ann' };
  await assert.rejects(assume(await token(claims)), { message: 'Not authorized to perform sts:TagSession' });
  const { answer, grant } = await assume(await token(claims), { trust: [{ ...trust[0], Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession', 'sts:SetSourceIdentity'] }] });
  assert.deepEqual([grant?.conditions?.['aws:PrincipalTag/team'], grant?.conditions?.['aws:SourceIdentity'], answer.SourceIdentity], ['blue', 'ann', 'ann']);
  assert.deepEqual(grant?.caller.kind === 'role-session' && grant.caller.carried, { tags: { team: 'blue' }, sourceIdentity: 'ann' });
});

test('assumeRoleWithWebIdentity asks the issuer again for a key that is not known yet', async () => {
  const asked: boolean[] = [];
  const changing = { of: async (_provider: unknown, again = false) => (asked.push(again), again ? keysOf(['new', rsa.publicKey]) : keysOf(['old', ec.publicKey])) };
  await assume(await token({}, { kid: 'new' }), { issuerKeys: changing });
  assert.deepEqual(asked, [false, true]);
});

test('assumeRoleWithWebIdentity refuses the tokens of providers that are not OpenID Connect', async () => {
  const { sts } = createHarness({ trust });
  await assert.rejects(sts('AssumeRoleWithWebIdentity', { RoleArn: roleArn, RoleSessionName: 'run', WebIdentityToken: 'Atza', ProviderId: 'www.amazon.com' }), { message: /ProviderId/ });
});
