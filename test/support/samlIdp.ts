// A SAML identity provider of a few lines: it makes metadata, and responses that it signs.

import { loadXmlCrypto } from '../../src/services/sts/saml/xmlCrypto.ts';
import { createCertificate, type TestCertificate } from './certificates.ts';

export interface ResponseOptions {
  readonly issuer?: string;
  readonly subject?: string;
  readonly format?: string;
  readonly recipient?: string;
  readonly audience?: string;
  readonly issuedAtMs?: number;
  readonly notBeforeMs?: number;
  readonly notOnOrAfterMs?: number;
  readonly sessionEndsAtMs?: number;
  readonly status?: string;
  readonly destination?: string;
  /** Each with its values. */
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
  /** What is signed; the assertion alone unless said otherwise. */
  readonly signed?: readonly ('Assertion' | 'Response')[];
  readonly certificate?: TestCertificate;
  readonly canonical?: string;
  readonly algorithm?: string;
  readonly digest?: string;
  /** Changes the document before it is signed, and after. */
  readonly before?: (xml: string) => string;
  readonly after?: (xml: string) => string;
}

export interface SamlIdp {
  readonly entityId: string;
  readonly certificate: TestCertificate;
  metadata(...certificates: readonly TestCertificate[]): string;
  /** The signed document. */
  document(options: ResponseOptions): string;
  /** The same as forms carry it. */
  response(options: ResponseOptions): string;
}

const attributeOf = (name: string): string => (/^(urn|https?):/.test(name) ? name : `https://aws.amazon.com/SAML/Attributes/${name}`);
const iso = (timeMs: number): string => new Date(timeMs).toISOString();
export const signInUrl = 'https://signin.aws.amazon.com/saml';

/** `nowMs` is the time at which it believes to be when it answers. */
export function createSamlIdp(nowMs: () => number, entityId = 'https://idp.example/saml'): SamlIdp {
  const own = createCertificate({ commonName: 'idp' });

  function unsigned(options: ResponseOptions): string {
    const { issuer = entityId, subject = 'alice@example.com', format = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent', recipient = signInUrl, audience = 'urn:amazon:webservices', attributes = {} } = options;
    const { issuedAtMs = nowMs(), notBeforeMs = nowMs() - 60_000, notOnOrAfterMs = nowMs() + 240_000, sessionEndsAtMs, status = 'Success', destination = recipient } = options;
    const values = Object.entries(attributes).map(([name, texts]) => `<saml:Attribute Name="${attributeOf(name)}">${texts.map((text) => `<saml:AttributeValue>${text}</saml:AttributeValue>`).join('')}</saml:Attribute>`);
    const sessionEnd = sessionEndsAtMs === undefined ? '' : ` SessionNotOnOrAfter="${iso(sessionEndsAtMs)}"`;
    return (
      `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_response" Version="2.0" IssueInstant="${iso(issuedAtMs)}" Destination="${destination}">` +
      `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${issuer}</saml:Issuer>` +
      `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${status}"/></samlp:Status>` +
      `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_assertion" Version="2.0" IssueInstant="${iso(issuedAtMs)}"><saml:Issuer>${issuer}</saml:Issuer>` +
      `<saml:Subject><saml:NameID Format="${format}">${subject}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">` +
      `<saml:SubjectConfirmationData NotOnOrAfter="${iso(notOnOrAfterMs)}" Recipient="${recipient}"/></saml:SubjectConfirmation></saml:Subject>` +
      `<saml:Conditions NotBefore="${iso(notBeforeMs)}" NotOnOrAfter="${iso(notOnOrAfterMs)}"><saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
      `<saml:AuthnStatement AuthnInstant="${iso(issuedAtMs)}"${sessionEnd}/><saml:AttributeStatement>${values.join('')}</saml:AttributeStatement></saml:Assertion></samlp:Response>`
    );
  }

  function document(options: ResponseOptions): string {
    const { signed = ['Assertion'], before = (xml) => xml, after = (xml) => xml, certificate = own } = options;
    const { canonical = 'http://www.w3.org/2001/10/xml-exc-c14n#', algorithm = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', digest = 'http://www.w3.org/2001/04/xmlenc#sha256' } = options;
    let xml = before(unsigned(options));
    const { SignedXml } = loadXmlCrypto();
    for (const name of signed) {
      const signing = new SignedXml({ privateKey: certificate.keyPem, publicCert: certificate.certificatePem, idAttributes: ['ID'] });
      signing.signatureAlgorithm = algorithm;
      signing.canonicalizationAlgorithm = canonical;
      signing.addReference({ xpath: `//*[local-name(.)='${name}']`, transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', canonical], digestAlgorithm: digest });
      signing.computeSignature(xml, { prefix: 'ds', location: { reference: `//*[local-name(.)='${name}']/*[local-name(.)='Issuer']`, action: 'after' } });
      xml = signing.getSignedXml();
    }
    return after(xml);
  }

  return {
    entityId,
    certificate: own,
    metadata: (...certificates) =>
      `<?xml version="1.0"?><!-- made by a test --><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityId}">` +
      `<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` +
      (certificates.length > 0 ? certificates : [own])
        .map(({ certificate }) => `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>\n${certificate}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`)
        .join('') +
      `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${entityId}"/></md:IDPSSODescriptor></md:EntityDescriptor>`,
    document,
    response: (options) => Buffer.from(document(options)).toString('base64'),
  };
}
