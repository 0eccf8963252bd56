import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCertificate } from '../../../../test/support/certificates.ts';
import { createSamlIdp } from '../../../../test/support/samlIdp.ts';
import { createFederationDirectory } from '../openIdProviders.ts';
import { account, createHarness } from '../testing/harness.ts';

const idp = createSamlIdp(() => 0);
const other = createCertificate();
const SAMLProviderArn = `arn:aws:iam::${account}:saml-provider/Idp`;
const SAMLMetadataDocument = idp.metadata();

test('CreateSAMLProvider, GetSAMLProvider, ListSAMLProviders and DeleteSAMLProvider keep the document as it came', async () => {
  const { iam, clock } = createHarness();
  // Longer than a row of the store, with letters of several bytes.
  const long = SAMLMetadataDocument.replace('<!-- made by a test -->', `<!-- ${'é€'.repeat(40_000)} -->`);
  assert.deepEqual(await iam('CreateSAMLProvider', { Name: 'Idp', SAMLMetadataDocument: long, Tags: [{ Key: 'a', Value: 'b' }] }), { SAMLProviderArn, Tags: [{ Key: 'a', Value: 'b' }] });
  const found = await iam('GetSAMLProvider', { SAMLProviderArn });
  assert.equal(found.SAMLMetadataDocument, long);
  assert.match(found.SAMLProviderUUID ?? '', /^ASPA/);
  assert.deepEqual(found.CreateDate, new Date(clock.now()));
  assert.equal((found.ValidUntil?.getUTCFullYear() ?? 0) - new Date(clock.now()).getUTCFullYear(), 100);
  assert.deepEqual((await iam('ListSAMLProviders', {})).SAMLProviderList?.map(({ Arn }) => Arn), [SAMLProviderArn]);
  await iam('DeleteSAMLProvider', { SAMLProviderArn });
  await assert.rejects(iam('GetSAMLProvider', { SAMLProviderArn }), { code: 'NoSuchEntityException' });
  await assert.rejects(iam('DeleteSAMLProvider', { SAMLProviderArn: 'arn:aws:iam::222222222222:saml-provider/Idp' }), { code: 'AccessDenied' });
});

test('UpdateSAMLProvider changes what STS believes', async () => {
  const { iam, store } = createHarness();
  const federation = createFederationDirectory(store);
  await iam('CreateSAMLProvider', { Name: 'Idp', SAMLMetadataDocument: SAMLMetadataDocument.replace('entityID=', 'validUntil="2030-01-01T00:00:00Z" entityID=') });
  const first = { arn: SAMLProviderArn, account, name: 'Idp', issuer: idp.entityId, certificates: [idp.certificate.certificate], validUntilMs: Date.UTC(2030, 0, 1) };
  assert.deepEqual(await federation.findSamlProvider(SAMLProviderArn), first);
  await iam('UpdateSAMLProvider', { SAMLProviderArn, SAMLMetadataDocument: idp.metadata(other, idp.certificate, other) });
  const { validUntilMs: _gone, ...kept } = first;
  assert.deepEqual(await federation.findSamlProvider(SAMLProviderArn), { ...kept, certificates: [other.certificate, idp.certificate.certificate] });
  await assert.rejects(iam('UpdateSAMLProvider', { SAMLProviderArn }), { code: 'InvalidInputException', message: /^Unable to update identity provider/ });
  for (const arn of [`${SAMLProviderArn}2`, 'arn:aws:iam::aws:saml-provider/Idp', 'Idp', `arn:aws:iam:us-east-1:${account}:saml-provider/Idp`]) assert.equal(await federation.findSamlProvider(arn), undefined);
});

test('CreateSAMLProvider refuses what is no metadata, a name in use and encryption', async () => {
  const { iam } = createHarness();
  const create = (document: string, more: { AssertionEncryptionMode?: 'Required' | 'Allowed'; AddPrivateKey?: string } = {}) => iam('CreateSAMLProvider', { Name: 'Idp', SAMLMetadataDocument: document, ...more });
  const wrong = [
    'hello',
    '<a/>',
    `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${SAMLMetadataDocument}`,
    SAMLMetadataDocument.replace('urn:oasis:names:tc:SAML:2.0:metadata', 'urn:something'),
    SAMLMetadataDocument.replace('use="signing"', 'use="encryption"'),
    SAMLMetadataDocument.replace(/entityID="[^"]*"/, ''),
    SAMLMetadataDocument.replace(idp.certificate.certificate, 'AAAA'),
    SAMLMetadataDocument.replace(idp.certificate.certificate, createCertificate({ keyBits: 768 }).certificate),
    SAMLMetadataDocument.replace('entityID=', 'validUntil="some day" entityID='),
    SAMLMetadataDocument.slice(0, -3),
  ];
  for (const document of wrong) await assert.rejects(create(document), { code: 'InvalidInputException', message: 'Could not parse metadata' }, document.slice(0, 80));
  await assert.rejects(create(SAMLMetadataDocument + ' '.repeat(200_001)), { code: 'InvalidInputException', message: /200000 characters/ });
  await assert.rejects(create(idp.metadata(...Array.from({ length: 11 }, () => createCertificate({ keyBits: 1_024 })))), { code: 'InvalidInputException', message: /10 certificates/ });
  await assert.rejects(create(SAMLMetadataDocument, { AssertionEncryptionMode: 'Required' }), { message: 'Unable to set assertion encryption mode to Required because no private key is provided.' });
  await assert.rejects(create(SAMLMetadataDocument, { AssertionEncryptionMode: 'Allowed', AddPrivateKey: 'key' }), { code: 'InvalidInputException', message: /does not support encrypted/ });
  await create(SAMLMetadataDocument);
  await assert.rejects(create(SAMLMetadataDocument), { code: 'EntityAlreadyExistsException', message: `SAMLProvider ${SAMLProviderArn} already exists.` });
});

test('TagSAMLProvider, UntagSAMLProvider and ListSAMLProviderTags keep tags, which policies may ask for', async () => {
  const { iam, createUser } = createHarness();
  await iam('CreateSAMLProvider', { Name: 'Idp', SAMLMetadataDocument, Tags: [{ Key: 'team', Value: 'one' }] });
  await iam('TagSAMLProvider', { SAMLProviderArn, Tags: [{ Key: 'more', Value: 'x' }] });
  await iam('UntagSAMLProvider', { SAMLProviderArn, TagKeys: ['more'] });
  const user = (name: string, value: string) => createUser(name, [{ Effect: 'Allow', Action: 'iam:ListSAMLProviderTags', Resource: '*', Condition: { StringEquals: { 'aws:ResourceTag/team': value } } }]);
  assert.deepEqual((await iam('ListSAMLProviderTags', { SAMLProviderArn }, await user('ours', 'one'))).Tags, [{ Key: 'team', Value: 'one' }]);
  await assert.rejects(iam('ListSAMLProviderTags', { SAMLProviderArn }, await user('theirs', 'two')), { code: 'AccessDenied' });
});
