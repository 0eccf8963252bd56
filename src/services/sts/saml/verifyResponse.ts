// XML signatures are treacherous: a document may be signed in one place and say something else in another. So nothing is ever read
// from the document that came: what is believed is the text over which the identity provider's signature was verified, and only that.

import { childrenOf, readXmlDocument, walk, type XmlNode } from '../../../framework/xmlDocument.ts';
import type { SamlProvider } from '../../../ports/identity.ts';
import { errors } from '../errors.ts';
import { samlResponseCharsMax, samlSignaturesMax } from '../limits.ts';
import { type DomNode, loadXmlCrypto } from './xmlCrypto.ts';

export const protocolNamespace = 'urn:oasis:names:tc:SAML:2.0:protocol';
export const assertionNamespace = 'urn:oasis:names:tc:SAML:2.0:assertion';
const signatureNamespace = 'http://www.w3.org/2000/09/xmldsig#';
const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const inclusive = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

// DEVIATION: SHA-1 is refused, which AWS still takes: signatures over it can be forged.
const transforms: readonly string[] = [exclusive, `${exclusive}WithComments`, inclusive, `${inclusive}#WithComments`, enveloped];
const digests: readonly string[] = ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512'];
const signatures: readonly string[] = ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512'];

export interface SignedAssertion {
  readonly assertion: XmlNode;
  /** The response around it, when that was signed. */
  readonly response: XmlNode | undefined;
}

/** The assertion of a response, as the provider signed it: by itself, with the response around it, or both. Throws STS's errors. */
export function verifyResponse(encoded: string, provider: SamlProvider): SignedAssertion {
  const text = decodeResponse(encoded);
  const sent = readXmlDocument(text, 'strict');
  if (!sent || sent.namespace !== protocolNamespace || sent.name !== 'Response') throw errors.invalidSamlResponse();
  requireSuccess(sent);
  const assertionId = checkShape(sent);
  const signed = verifiedNodes(text, provider);
  const response = signed.find((node) => node.name === 'Response' && node.attributes['ID'] === sent.attributes['ID']);
  const alone = signed.find((node) => node.name === 'Assertion' && node.attributes['ID'] === assertionId);
  const within = response && childrenOf(response, assertionNamespace, 'Assertion');
  const assertion = alone ?? within?.[0];
  if (!assertion || (within && within.length !== 1)) throw errors.wrongResponseSignature();
  return { assertion, response };
}

/** Where the response is not base64 of UTF-8, as forms carry it. */
function decodeResponse(encoded: string): string {
  const compact = encoded.replaceAll(/\s/g, '');
  if (encoded.length > samlResponseCharsMax || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact) || compact.length % 4 !== 0) throw errors.invalidSamlEncoding();
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(compact, 'base64'));
  } catch {
    throw errors.invalidSamlEncoding();
  }
}

// An identity provider that refuses says so in a response without an assertion. Whoever forged it gets what it says: nothing.
function requireSuccess(response: XmlNode): void {
  const [code] = childrenOf(response, protocolNamespace, 'Status').flatMap((status) => childrenOf(status, protocolNamespace, 'StatusCode'));
  if (code?.attributes['Value'] !== 'urn:oasis:names:tc:SAML:2.0:status:Success') throw errors.idpRejectedClaim();
}

/**
 * One assertion, where it belongs; signatures only on it and on the response, each of its parent and nothing else; no id twice.
 * Answers the assertion's id.
 */
function checkShape(response: XmlNode): string {
  const nodes = [...walk(response)];
  if (nodes.some((node) => node.name === 'EncryptedAssertion')) throw errors.encryptedAssertion();
  const assertions = childrenOf(response, assertionNamespace, 'Assertion');
  const [assertion] = assertions;
  const ids = nodes.flatMap(({ attributes }) => Object.entries(attributes).flatMap(([name, value]) => (/^(?:.*:)?id$/i.test(name) ? [value] : [])));
  const isOnlyOne = assertion && assertions.length === 1 && nodes.filter((node) => node.name === 'Assertion' || node.name === 'Response').length === 2;
  if (!isOnlyOne || new Set(ids).size < ids.length) throw errors.invalidSamlResponse();
  const owners = [response, assertion].map((owner) => ({ id: owner.attributes['ID'], signatures: childrenOf(owner, signatureNamespace, 'Signature') }));
  const placed = owners.flatMap(({ signatures: found }) => found);
  const isEachOfItsOwner = owners.every(({ id, signatures: found }) => found.length <= 1 && found.every((signature) => id !== undefined && signs(signature, id)));
  if (placed.length === 0 || !isEachOfItsOwner || nodes.filter((node) => node.name === 'Signature').length !== placed.length) throw errors.wrongResponseSignature();
  return assertion.attributes['ID'] ?? '';
}

// SAML core, 5.4.2: one reference, by the id of the element that is signed. Objects in a signature are where wrapped content hides.
function signs(signature: XmlNode, id: string): boolean {
  const names = signature.children.map((child) => child.name).join(' ');
  const [info] = signature.children;
  const parts = info?.children.map((child) => child.name).join(' ');
  return /^SignedInfo SignatureValue( KeyInfo)?$/.test(names) && parts === 'CanonicalizationMethod SignatureMethod Reference' && info?.children[2]?.attributes['URI'] === `#${id}`;
}

/** What each signature of the document covers, read anew from the very text that was verified. One that does not hold refuses all. */
function verifiedNodes(text: string, { certificates }: SamlProvider): XmlNode[] {
  const { DOMParser, SignedXml } = loadXmlCrypto();
  const refuse = (): never => {
    throw new Error('not well-formed');
  };
  const verify = (signature: DomNode, certificate: string): XmlNode | undefined => {
    const pem = `-----BEGIN CERTIFICATE-----\n${certificate.replaceAll(/(.{64})(?=.)/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
    // The certificate inside the document says nothing: only those of the provider's metadata do.
    const signed = new SignedXml({ publicCert: pem, idAttributes: ['ID'], getCertFromKeyInfo: () => null });
    signed.CanonicalizationAlgorithms = pick(signed.CanonicalizationAlgorithms, transforms);
    signed.HashAlgorithms = pick(signed.HashAlgorithms, digests);
    signed.SignatureAlgorithms = pick(signed.SignatureAlgorithms, signatures);
    signed.loadSignature(signature);
    if (!signed.checkSignature(text)) return undefined;
    const [covered, ...more] = signed.getSignedReferences();
    return covered === undefined || more.length > 0 ? undefined : readXmlDocument(covered, 'strict');
  };
  try {
    const root = new DOMParser({ errorHandler: refuse }).parseFromString(text, 'text/xml').documentElement;
    const owners = root ? [root, ...elements(root, assertionNamespace, 'Assertion')] : [];
    const found = owners.flatMap((owner) => elements(owner, signatureNamespace, 'Signature')).slice(0, samlSignaturesMax);
    return found.map((signature) => {
      const node = firstOf(certificates, (certificate) => attempt(() => verify(signature, certificate)));
      if (!node) throw errors.wrongResponseSignature();
      return node;
    });
  } catch {
    throw errors.wrongResponseSignature();
  }
}

function pick(all: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
}

function elements(parent: DomNode, namespace: string, name: string): DomNode[] {
  return Array.from(parent.childNodes).filter((node) => node.namespaceURI === namespace && node.localName === name);
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

// The library throws for a wrong signature as for a malformed one.
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
