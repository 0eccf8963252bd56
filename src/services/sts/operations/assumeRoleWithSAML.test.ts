import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createCertificate } from '../../../../test/support/certificates.ts';
import { createSamlIdp, type ResponseOptions, signInUrl } from '../../../../test/support/samlIdp.ts';
import type { SamlProvider } from '../../../ports/identity.ts';
import { account, createHarness, roleArn, type HarnessOptions } from '../testing/harness.ts';

const nowMs = createHarness().clock.now();
const idp = createSamlIdp(() => nowMs);
const stranger = createCertificate({ commonName: 'stranger' });
const older = createCertificate({ commonName: 'older' });
const providerArn = `arn:aws:iam::${account}:saml-provider/Idp`;
const samlProvider: SamlProvider = { arn: providerArn, account, name: 'Idp', issuer: idp.entityId, certificates: [older.certificate, idp.certificate.certificate] };
const trust = [{ Effect: 'Allow', Principal: { Federated: providerArn }, Action: 'sts:AssumeRoleWithSAML', Condition: { StringEquals: { 'saml:aud': signInUrl } } }];
const attributes = { Role: [`${roleArn},${providerArn}`], RoleSessionName: ['alice'] };

async function assumeWith(SAMLAssertion: string, options: HarnessOptions = {}, more: { DurationSeconds?: number } = {}) {
  const harness = createHarness({ trust, samlProvider, ...options });
  const answer = await harness.sts('AssumeRoleWithSAML', { RoleArn: roleArn, PrincipalArn: providerArn, SAMLAssertion, ...more }, { kind: 'anonymous', account: '000000000000' });
  return { answer, grant: harness.grants[0] };
}

const assume = async (response: ResponseOptions = {}, options: HarnessOptions = {}) => await assumeWith(idp.response({ attributes, ...response }), options);

test('assumeRoleWithSAML takes what its provider signed: the assertion, the response, or both', async () => {
  const nameQualifier = createHash('sha1').update(`${idp.entityId}${account}/Idp`).digest('base64');
  for (const signed of [['Assertion'], ['Response'], ['Assertion', 'Response']] as const) {
    const { answer, grant } = await assume({ signed });
    const { Subject, SubjectType, Issuer, Audience, NameQualifier, AssumedRoleUser } = answer;
    assert.deepEqual([Subject, SubjectType, Issuer, Audience, NameQualifier], ['alice@example.com', 'persistent', idp.entityId, signInUrl, nameQualifier]);
    assert.equal(AssumedRoleUser?.Arn, `arn:aws:sts::${account}:assumed-role/worker/alice`);
    assert.deepEqual(grant?.conditions, { 'saml:sub': 'alice@example.com', 'saml:sub_type': 'persistent', 'saml:namequalifier': nameQualifier, 'aws:FederatedProvider': providerArn });
  }
  // Any certificate of the metadata will do; whitespace in base 64 is nothing; both orders of the pair are known.
  await assume({ certificate: older });
  await assume({ canonical: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315' });
  await assumeWith(idp.response({ attributes: { ...attributes, Role: [`${providerArn}, ${roleArn}`] } }).replaceAll(/(.{76})/g, '$1\r\n'));
});

const response = (change: (xml: string) => string, options: ResponseOptions = {}): string => Buffer.from(change(idp.document({ attributes, ...options }))).toString('base64');
const signatureOf = (xml: string): string => /<ds:Signature .*?<\/ds:Signature>/s.exec(xml)?.[0] ?? '';
const assertionOf = (xml: string): string => /<saml:Assertion .*<\/saml:Assertion>/s.exec(xml)?.[0] ?? '';
const evil = (xml: string): string => xml.replace(signatureOf(xml), '').replace('alice@example.com', 'root@example.com').replace('>alice<', '>root<');
const invalid = 'Your request included an invalid SAML response.';
const wrongSignature = 'Response signature invalid';

const attacks: readonly (readonly [name: string, assertion: () => string, message: string])[] = [
  ['not signed at all', () => response((xml) => xml, { signed: [] }), wrongSignature],
  ['signed by somebody else, whose certificate it brings', () => idp.response({ attributes, certificate: stranger }), wrongSignature],
  ['one changed letter', () => response((xml) => xml.replace('>alice<', '>alicf<')), wrongSignature],
  ['signature taken off', () => response((xml) => xml.replace(signatureOf(xml), '')), wrongSignature],
  ['an assertion of the attacker before the signed one', () => response((xml) => xml.replace('<saml:Assertion', `${evil(assertionOf(xml)).replace('_assertion', '_evil')}<saml:Assertion`)), invalid],
  ['an assertion of the attacker behind it', () => response((xml) => xml.replace('</samlp:Response>', `${evil(assertionOf(xml)).replace('_assertion', '_evil')}</samlp:Response>`)), invalid],
  ['the same id twice', () => response((xml) => xml.replace('<samlp:Status>', `<samlp:Extensions><x ID="_assertion"/></samlp:Extensions><samlp:Status>`)), invalid],
  ['the signed assertion wrapped into one of the attacker', () => response((xml) => xml.replace(assertionOf(xml), evil(assertionOf(xml)).replace('_assertion', '_evil').replace('</saml:Assertion>', `${assertionOf(xml)}</saml:Assertion>`))), invalid],
  ['the signed assertion hidden in the signature\'s object', () => response((xml) => xml.replace(assertionOf(xml), evil(assertionOf(xml)).replace('<saml:Subject>', `${signatureOf(xml).replace('</ds:Signature>', `<ds:Object>${assertionOf(xml).replace(signatureOf(xml), '')}</ds:Object></ds:Signature>`)}<saml:Subject>`))), invalid],
  ['a signed response inside one of the attacker', () => response((xml) => xml.replace(/^<samlp:Response /, '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_outer"><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><samlp:Response ') + '</samlp:Response>', { signed: ['Response'] }), invalid],
  ['a reference to nothing', () => response((xml) => xml.replace('URI="#_assertion"', 'URI=""')), wrongSignature],
  ['a reference to the response by the assertion\'s signature', () => response((xml) => xml.replace('URI="#_assertion"', 'URI="#_response"')), wrongSignature],
  ['a second reference', () => response((xml) => xml.replace(/(<ds:Reference .*<\/ds:Reference>)/s, '$1$1')), wrongSignature],
  ['a second SignedInfo', () => response((xml) => xml.replace(/(<ds:SignedInfo>.*<\/ds:SignedInfo>)/s, '$1$1')), wrongSignature],
  ['a comment in the name', () => response((xml) => xml.replace('alice@example.com', 'alice@example.com<!---->.evil')), invalid],
  ['a comment in the digest', () => response((xml) => xml.replace('<ds:DigestValue>', '<ds:DigestValue><!--x-->')), invalid],
  ['a processing instruction in the name', () => response((xml) => xml.replace('alice@', 'al<?x?>ice@')), invalid],
  ['CDATA in the name', () => response((xml) => xml.replace('alice@', '<![CDATA[alice]]>@')), invalid],
  ['an entity that reads a file', () => response((xml) => `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${xml.replace('alice@', '&x;')}`), invalid],
  ['entities that grow', () => response((xml) => `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>${xml.replace('alice@', '&b;')}`), invalid],
  ['an unknown entity', () => response((xml) => xml.replace('alice@', '&nbsp;')), invalid],
  ['a deep nest', () => response((xml) => xml.replace('<samlp:Status>', `${'<a>'.repeat(200)}${'</a>'.repeat(200)}<samlp:Status>`)), invalid],
  ['a prefix that nothing declares', () => response((xml) => xml.replace('<samlp:Status>', '<q:a/><samlp:Status>')), invalid],
  ['an attribute twice', () => response((xml) => xml.replace('ID="_response"', 'ID="_response" ID="_other"')), invalid],
  ['an encrypted assertion', () => response((xml) => xml.replace('<samlp:Status>', '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/><samlp:Status>')), 'Haneul does not support encrypted SAML assertions yet.'],
  ['another root', () => response((xml) => assertionOf(xml)), invalid],
  ['no XML', () => Buffer.from('hello').toString('base64'), invalid],
  ['no base 64', () => '%%%%', 'Invalid base64 SAMLResponse'],
  ['no UTF-8', () => Buffer.from([0xff, 0xfe, 0x3c]).toString('base64'), 'Invalid base64 SAMLResponse'],
  ['signed with SHA-1', () => idp.response({ attributes, algorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }), wrongSignature],
  ['digested with SHA-1', () => idp.response({ attributes, digest: 'http://www.w3.org/2000/09/xmldsig#sha1' }), wrongSignature],
  ['another algorithm named than signed with', () => response((xml) => xml.replace('xmldsig-more#rsa-sha256', 'xmldsig-more#hmac-sha256')), wrongSignature],
];

for (const [name, assertion, message] of attacks) {
  test(`assumeRoleWithSAML refuses a response with ${name}`, async () => {
    await assert.rejects(assumeWith(assertion()), { code: 'InvalidIdentityTokenException', message, status: 400 });
  });
}

const claims: readonly (readonly [name: string, options: ResponseOptions, code: string, message: RegExp | string])[] = [
  ['another issuer', { issuer: 'https://other.example' }, 'InvalidIdentityTokenException', 'Issuer not present in specified provider'],
  ['another audience', { audience: 'urn:somebody:else' }, 'InvalidIdentityTokenException', 'Response does not contain the required audience.'],
  ['another recipient', { recipient: 'https://evil.example/saml' }, 'InvalidIdentityTokenException', 'Response does not contain the required recipient.'],
  ['a recipient that only begins like ours', { recipient: `${signInUrl}.evil.example` }, 'InvalidIdentityTokenException', 'Response does not contain the required recipient.'],
  ['another destination, when that is signed', { destination: 'https://evil.example/saml', signed: ['Response'] }, 'InvalidIdentityTokenException', 'Response does not contain the required recipient.'],
  ['an end that has passed', { notOnOrAfterMs: nowMs }, 'ExpiredTokenException', 'The SAML assertion has expired.'],
  ['an issuance of six minutes ago', { issuedAtMs: nowMs - 360_000 }, 'ExpiredTokenException', 'Token must be redeemed within 5 minutes of issuance'],
  ['an issuance in the future', { issuedAtMs: nowMs + 120_000 }, 'InvalidIdentityTokenException', invalid],
  ['a beginning in the future', { notBeforeMs: nowMs + 120_000 }, 'InvalidIdentityTokenException', invalid],
  ['a session that has ended', { sessionEndsAtMs: nowMs }, 'ExpiredTokenException', /expired/],
  ['a time that is none', { before: (xml) => xml.replace(/(SubjectConfirmationData NotOnOrAfter=")[^"]*/, '$1tomorrow') }, 'InvalidIdentityTokenException', invalid],
  ['a confirmation without an end', { before: (xml) => xml.replace(/(SubjectConfirmationData )NotOnOrAfter="[^"]*"/, '$1') }, 'InvalidIdentityTokenException', invalid],
  ['two confirmations', { before: (xml) => xml.replace(/(<saml:SubjectConfirmation .*<\/saml:SubjectConfirmation>)/, '$1$1') }, 'InvalidIdentityTokenException', invalid],
  ['no audience restriction', { before: (xml) => xml.replace(/<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/, '') }, 'InvalidIdentityTokenException', /required audience/],
  ['a refusal of the provider', { status: 'Responder' }, 'IDPRejectedClaimException', /authentication failed/],
  ['no session name', { attributes: { Role: attributes.Role } }, 'InvalidIdentityTokenException', 'RoleSessionName is required in AuthnResponse'],
  ['a session name with a slash', { attributes: { ...attributes, RoleSessionName: ['a/b'] } }, 'InvalidIdentityTokenException', 'RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}'],
  ['a source identity of AWS', { attributes: { ...attributes, SourceIdentity: ['aws:me'] } }, 'InvalidIdentityTokenException', 'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"'],
  ['a session duration of a minute', { attributes: { ...attributes, SessionDuration: ['60'] } }, 'InvalidIdentityTokenException', /SessionDuration/],
  ['no role', { attributes: { RoleSessionName: ['alice'] } }, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithSAML'],
  ['another role', { attributes: { ...attributes, Role: [`${roleArn}2,${providerArn}`] } }, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithSAML'],
  ['the role with another provider', { attributes: { ...attributes, Role: [`${roleArn},${providerArn}2`] } }, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithSAML'],
];

for (const [name, options, code, message] of claims) {
  test(`assumeRoleWithSAML refuses an assertion with ${name}`, async () => {
    await assert.rejects(assume(options), { code, message });
  });
}

test('assumeRoleWithSAML asks the trust policy about attributes, tags and source identity', async () => {
  const statement = (action: string, Condition: object) => ({ Effect: 'Allow', Principal: { Federated: providerArn }, Action: action, Condition });
  const permitting = [
    statement('sts:AssumeRoleWithSAML', {
      StringEquals: { 'saml:iss': idp.entityId, 'saml:sub_type': 'persistent', 'saml:doc': `${account}/Idp`, 'sts:RoleSessionName': 'alice', 'saml:cn': 'Alice' },
      'ForAnyValue:StringEquals': { 'saml:edupersonorgdn': 'o=Example', 'saml:edupersonaffiliation': ['staff'] },
    }),
    statement('sts:TagSession', { StringEquals: { 'aws:RequestTag/team': 'blue' } }),
    statement('sts:SetSourceIdentity', { StringEquals: { 'sts:SourceIdentity': 'alice' } }),
  ];
  const told = {
    ...attributes,
    'PrincipalTag:team': ['blue'],
    TransitiveTagKeys: ['team'],
    SourceIdentity: ['alice'],
    'urn:oid:2.5.4.3': ['Alice'],
    'urn:oid:1.3.6.1.4.1.5923.1.1.1.1': ['student', 'staff'],
    'urn:oid:1.3.6.1.4.1.5923.1.1.1.3': ['o=Example'],
  };
  const { grant, answer } = await assume({ attributes: told }, { trust: permitting });
  assert.equal(answer.SourceIdentity, 'alice');
  assert.equal(grant?.conditions?.['aws:PrincipalTag/team'], 'blue');
  assert.deepEqual(grant?.caller.kind === 'role-session' && grant.caller.carried, { tags: { team: 'blue' }, sourceIdentity: 'alice' });
  const refusal = (action: string) => ({ code: 'AccessDenied', message: `Not authorized to perform ${action}` });
  await assert.rejects(assume({ attributes: { ...told, 'urn:oid:2.5.4.3': ['Bob'] } }, { trust: permitting }), refusal('sts:AssumeRoleWithSAML'));
  await assert.rejects(assume({ attributes: { ...told, 'PrincipalTag:team': ['red'] } }, { trust: permitting }), refusal('sts:TagSession'));
  await assert.rejects(assume({ attributes: { ...told, SourceIdentity: ['bob'] } }, { trust: permitting }), refusal('sts:SetSourceIdentity'));
});

test('assumeRoleWithSAML lasts as long as is asked for, as the role allows and as the provider says', async () => {
  assert.equal((await assume()).grant?.durationSeconds, 3_600);
  assert.equal((await assume({ sessionEndsAtMs: nowMs + 1_200_000 })).grant?.durationSeconds, 1_200);
  assert.equal((await assumeWith(idp.response({ attributes }), {}, { DurationSeconds: 900 })).grant?.durationSeconds, 900);
  await assert.rejects(assumeWith(idp.response({ attributes }), {}, { DurationSeconds: 7_200 }), { code: 'ValidationError', message: /MaxSessionDuration/ });
});

test('assumeRoleWithSAML refuses providers that are not there or no longer valid, and longer tokens than there are', async () => {
  const harness = createHarness({ trust, samlProvider });
  const input = { RoleArn: roleArn, PrincipalArn: `${providerArn}2`, SAMLAssertion: idp.response({ attributes }) };
  await assert.rejects(harness.sts('AssumeRoleWithSAML', input), { code: 'InvalidIdentityTokenException', message: "Specified provider doesn't exist" });
  await assert.rejects(assume({}, { samlProvider: { ...samlProvider, validUntilMs: nowMs } }), { code: 'ExpiredTokenException' });
  await assert.rejects(harness.sts('AssumeRoleWithSAML', { ...input, PrincipalArn: providerArn, MinimumSessionTokenSize: 257 }), { code: 'ValidationError' });
  await assert.rejects(harness.sts('AssumeRoleWithSAML', { ...input, PrincipalArn: 'idp' }), { code: 'ValidationError', message: 'idp is invalid' });
});
