import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFederationDirectory } from '../openIdProviders.ts';
import { account, createHarness } from '../testing/harness.ts';

const Url = 'https://token.example.com/tenant';
const OpenIDConnectProviderArn = `arn:aws:iam::${account}:oidc-provider/token.example.com/tenant`;

test('CreateOpenIDConnectProvider, GetOpenIDConnectProvider, ListOpenIDConnectProviders and DeleteOpenIDConnectProvider name a provider without its scheme', async () => {
  const { iam, clock } = createHarness();
  assert.deepEqual(await iam('CreateOpenIDConnectProvider', { Url, ClientIDList: ['a', 'a'], ThumbprintList: ['A'.repeat(40)] }), { OpenIDConnectProviderArn });
  assert.deepEqual(await iam('GetOpenIDConnectProvider', { OpenIDConnectProviderArn }), { Url: Url.slice(8), ClientIDList: ['a'], ThumbprintList: ['a'.repeat(40)], CreateDate: new Date(clock.now()) });
  assert.deepEqual((await iam('ListOpenIDConnectProviders', {})).OpenIDConnectProviderList, [{ Arn: OpenIDConnectProviderArn }]);
  await iam('DeleteOpenIDConnectProvider', { OpenIDConnectProviderArn });
  await assert.rejects(iam('DeleteOpenIDConnectProvider', { OpenIDConnectProviderArn }), { code: 'NoSuchEntityException', message: `OpenIDConnect Provider not found for arn ${OpenIDConnectProviderArn}` });
});

test('CreateOpenIDConnectProvider refuses a URL in use and one that is none', async () => {
  const { iam } = createHarness();
  await iam('CreateOpenIDConnectProvider', { Url });
  await assert.rejects(iam('CreateOpenIDConnectProvider', { Url }), { code: 'EntityAlreadyExistsException', message: `Provider with url ${Url} already exists.` });
  for (const wrong of ['http://issuer.example', 'https://issuer.example:8443', 'https://issuer.example/?a=b', 'https://user@issuer.example', 'issuer', 'file:///etc/passwd']) {
    await assert.rejects(iam('CreateOpenIDConnectProvider', { Url: wrong }), { code: 'ValidationError', message: 'Invalid Open ID Connect Provider URL' });
  }
  await assert.rejects(iam('CreateOpenIDConnectProvider', { Url: `${Url}2`, ThumbprintList: Array<string>(6).fill('a'.repeat(40)) }), { code: 'LimitExceededException' });
  await assert.rejects(iam('CreateOpenIDConnectProvider', { Url: `${Url}2`, ClientIDList: Array.from({ length: 101 }, (_, index) => String(index)) }), { code: 'LimitExceededException' });
});

test('AddClientIDToOpenIDConnectProvider, RemoveClientIDFromOpenIDConnectProvider and UpdateOpenIDConnectProviderThumbprint change what tokens are taken', async () => {
  const { iam, store } = createHarness();
  await iam('CreateOpenIDConnectProvider', { Url });
  for (const ClientID of ['one', 'two', 'two']) await iam('AddClientIDToOpenIDConnectProvider', { OpenIDConnectProviderArn, ClientID });
  await iam('RemoveClientIDFromOpenIDConnectProvider', { OpenIDConnectProviderArn, ClientID: 'one' });
  await iam('UpdateOpenIDConnectProviderThumbprint', { OpenIDConnectProviderArn, ThumbprintList: ['b'.repeat(40)] });
  const federation = createFederationDirectory(store);
  assert.deepEqual(await federation.findOpenIdProvider(account, Url), { arn: OpenIDConnectProviderArn, issuer: Url, name: Url.slice(8), clientIds: ['two'], thumbprints: ['b'.repeat(40)] });
  assert.equal(await federation.findOpenIdProvider(account, Url.replace('https', 'http')), undefined);
  assert.equal(await federation.findOpenIdProvider('222222222222', Url), undefined);
});

test('TagOpenIDConnectProvider, UntagOpenIDConnectProvider and ListOpenIDConnectProviderTags keep tags, which policies may ask for', async () => {
  const { iam, createUser } = createHarness();
  await iam('CreateOpenIDConnectProvider', { Url, Tags: [{ Key: 'team', Value: 'one' }] });
  await iam('TagOpenIDConnectProvider', { OpenIDConnectProviderArn, Tags: [{ Key: 'more', Value: 'x' }] });
  await iam('UntagOpenIDConnectProvider', { OpenIDConnectProviderArn, TagKeys: ['more'] });
  const Condition = (value: string) => ({ StringEquals: { 'aws:ResourceTag/team': value } });
  const [ours, theirs] = await Promise.all(['one', 'two'].map((value) => createUser(value, [{ Effect: 'Allow', Action: 'iam:ListOpenIDConnectProviderTags', Resource: '*', Condition: Condition(value) }])));
  assert.deepEqual((await iam('ListOpenIDConnectProviderTags', { OpenIDConnectProviderArn }, ours)).Tags, [{ Key: 'team', Value: 'one' }]);
  await assert.rejects(iam('ListOpenIDConnectProviderTags', { OpenIDConnectProviderArn }, theirs), { code: 'AccessDenied' });
});
