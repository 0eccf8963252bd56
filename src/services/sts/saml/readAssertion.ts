// What an assertion says, once it is known to be the provider's. Rules: IAM user guide, "Configure SAML assertions for the
// authentication response"; texts of refusals: the same guide, "Troubleshoot SAML federation with IAM".

import { createHash } from 'node:crypto';
import { childrenOf, type XmlNode } from '../../../framework/xmlDocument.ts';
import type { SamlProvider } from '../../../ports/identity.ts';
import { errors } from '../errors.ts';
import { assertionAgeMsMax, samlClockSkewMs } from '../limits.ts';
import { samlKeys } from './attributeKeys.ts';
import { assertionNamespace, type SignedAssertion } from './verifyResponse.ts';

export interface SamlIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** `persistent`, `transient`, or the whole format. */
  readonly subjectType: string;
  /** The sign-in address that it was made for. */
  readonly recipient: string;
  /** Of issuer, account and provider: with the subject it names somebody uniquely. */
  readonly nameQualifier: string;
  readonly roleSessionName: string;
  readonly sourceIdentity: string | undefined;
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly transitiveKeys: readonly string[];
  /** Pairs of role and provider, in either order. */
  readonly roles: readonly string[];
  /** When the provider's own session ends. */
  readonly sessionEndsAtMs: number | undefined;
  /** `saml:…` condition keys of its attributes. */
  readonly attributeKeys: Readonly<Record<string, readonly string[]>>;
}

const awsAttribute = 'https://aws.amazon.com/SAML/Attributes/';
const signInUrl = /^https:\/\/([a-z0-9-]+\.)?signin\.aws\.amazon\.com\/(saml|static\/saml)(\/acs\/[A-Za-z0-9]+)?$/;
const namePattern = /^[\w+=,.@-]{2,64}$/;

/** Throws STS's errors for what is expired, made for somebody else or incomplete. */
export function readAssertion({ assertion, response }: SignedAssertion, provider: SamlProvider, nowMs: number): SamlIdentity {
  const issuer = textOf(assertion, 'Issuer');
  if (issuer === '' || issuer !== provider.issuer) throw errors.unknownSamlIssuer();
  if (assertion.attributes['Version'] !== '2.0') throw errors.invalidSamlResponse();
  checkAge(assertion, nowMs);
  const { recipient, subject, subjectType } = readSubject(assertion, nowMs);
  const destination = response?.attributes['Destination'];
  if (destination !== undefined && !signInUrl.test(destination)) throw errors.wrongSamlRecipient();
  checkConditions(assertion, nowMs);
  const attributes = readAttributes(assertion);
  const one = (name: string): string | undefined => attributes.get(`${awsAttribute}${name}`)?.[0];
  return {
    issuer,
    subject,
    subjectType,
    recipient,
    nameQualifier: createHash('sha1').update(`${issuer}${provider.account}/${provider.name}`).digest('base64'),
    roleSessionName: checkSessionName(one('RoleSessionName')),
    sourceIdentity: checkSourceIdentity(one('SourceIdentity')),
    ...readTags(attributes),
    roles: attributes.get(`${awsAttribute}Role`) ?? [],
    sessionEndsAtMs: readSessionEnd(assertion, nowMs),
    attributeKeys: samlKeys(attributes),
  };
}

// "Token must be redeemed within 5 minutes of issuance" (STS's own text).
function checkAge(assertion: XmlNode, nowMs: number): void {
  const issuedAtMs = timeOf(assertion, 'IssueInstant');
  if (issuedAtMs === undefined || issuedAtMs > nowMs + samlClockSkewMs) throw errors.invalidSamlResponse();
  if (nowMs - issuedAtMs > assertionAgeMsMax) throw errors.samlTokenTooOld();
}

// One confirmation, by whoever bears it, with an end and an addressee.
function readSubject(assertion: XmlNode, nowMs: number): { recipient: string; subject: string; subjectType: string } {
  const [subject, ...more] = childrenOf(assertion, assertionNamespace, 'Subject');
  const [confirmation, ...others] = subject ? childrenOf(subject, assertionNamespace, 'SubjectConfirmation') : [];
  const [data] = confirmation ? childrenOf(confirmation, assertionNamespace, 'SubjectConfirmationData') : [];
  const [nameId] = subject ? childrenOf(subject, assertionNamespace, 'NameID') : [];
  if (!nameId || !data || more.length > 0 || others.length > 0 || confirmation?.attributes['Method'] !== 'urn:oasis:names:tc:SAML:2.0:cm:bearer') throw errors.invalidSamlResponse();
  const endsAtMs = timeOf(data, 'NotOnOrAfter');
  if (endsAtMs === undefined || nameId.children.length > 0 || nameId.text.trim() === '') throw errors.invalidSamlResponse();
  checkWindow(data, nowMs);
  const recipient = data.attributes['Recipient'] ?? '';
  if (!signInUrl.test(recipient)) throw errors.wrongSamlRecipient();
  // DEVIATION: InResponseTo is not looked at. AWS never sends a request that it could belong to, and takes responses to those of others.
  const format = nameId.attributes['Format'] ?? 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';
  return { recipient, subject: nameId.text.trim(), subjectType: format.replace(/^urn:oasis:names:tc:SAML:2\.0:nameid-format:/, '') };
}

function checkConditions(assertion: XmlNode, nowMs: number): void {
  const conditions = childrenOf(assertion, assertionNamespace, 'Conditions');
  for (const condition of conditions) checkWindow(condition, nowMs);
  const restrictions = conditions.flatMap((condition) => childrenOf(condition, assertionNamespace, 'AudienceRestriction'));
  // SAML core, 2.5.1.4: each restriction must name us; several audiences in one are alternatives.
  const isForUs = restrictions.every((restriction) => childrenOf(restriction, assertionNamespace, 'Audience').some(({ text }) => text.trim() === 'urn:amazon:webservices' || signInUrl.test(text.trim())));
  if (restrictions.length === 0 || !isForUs) throw errors.wrongSamlAudience();
}

function checkWindow(node: XmlNode, nowMs: number): void {
  const from = timeOf(node, 'NotBefore');
  const until = timeOf(node, 'NotOnOrAfter');
  if (from !== undefined && nowMs + samlClockSkewMs < from) throw errors.invalidSamlResponse();
  if (until !== undefined && nowMs >= until) throw errors.samlTokenExpired();
}

function readSessionEnd(assertion: XmlNode, nowMs: number): number | undefined {
  const ends = childrenOf(assertion, assertionNamespace, 'AuthnStatement').flatMap((statement) => timeOf(statement, 'SessionNotOnOrAfter') ?? []);
  if (ends.length === 0) return undefined;
  const earliest = Math.min(...ends);
  if (earliest <= nowMs) throw errors.samlTokenExpired();
  return earliest;
}

function readAttributes(assertion: XmlNode): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const statement of childrenOf(assertion, assertionNamespace, 'AttributeStatement')) {
    for (const attribute of childrenOf(statement, assertionNamespace, 'Attribute')) {
      const name = attribute.attributes['Name'] ?? '';
      // A value that holds elements is none that AWS knows (the same page shows text only).
      const values = childrenOf(attribute, assertionNamespace, 'AttributeValue').flatMap((value) => (value.children.length > 0 ? [] : [value.text.trim()]));
      found.set(name, [...(found.get(name) ?? []), ...values]);
    }
  }
  return found;
}

function readTags(attributes: ReadonlyMap<string, readonly string[]>): Pick<SamlIdentity, 'tags' | 'transitiveKeys'> {
  const prefix = `${awsAttribute}PrincipalTag:`;
  const tags = [...attributes].flatMap(([name, [value]]) => (name.startsWith(prefix) && value !== undefined ? [{ Key: name.slice(prefix.length), Value: value }] : []));
  const duration = attributes.get(`${awsAttribute}SessionDuration`)?.[0];
  // It is how long the console's session lasts, which is asked for elsewhere; what is no duration is refused all the same.
  if (duration !== undefined && !(/^\d{3,5}$/.test(duration) && Number(duration) >= 900 && Number(duration) <= 43_200)) throw errors.wrongSamlDuration();
  return { tags, transitiveKeys: attributes.get(`${awsAttribute}TransitiveTagKeys`) ?? [] };
}

function checkSessionName(name: string | undefined): string {
  if (name === undefined || name === '') throw errors.noSamlSessionName();
  if (!namePattern.test(name)) throw errors.wrongSamlSessionName();
  return name;
}

function checkSourceIdentity(identity: string | undefined): string | undefined {
  if (identity !== undefined && (!namePattern.test(identity) || identity.startsWith('aws:'))) throw errors.wrongSamlSourceIdentity();
  return identity;
}

function textOf(node: XmlNode, name: string): string {
  const [child, ...more] = childrenOf(node, assertionNamespace, name);
  return child && more.length === 0 && child.children.length === 0 ? child.text.trim() : '';
}

// Undefined where there is none; what is there and no time is refused, not passed over.
function timeOf(node: XmlNode, name: string): number | undefined {
  const text = node.attributes[name];
  if (text === undefined) return undefined;
  const timeMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/.test(text) ? Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`) : NaN;
  if (Number.isNaN(timeMs)) throw errors.invalidSamlResponse();
  return timeMs;
}
