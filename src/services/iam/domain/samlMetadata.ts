// The metadata document of a SAML identity provider: who it is, and which certificates its signatures are verified with.

import { X509Certificate } from 'node:crypto';
import { childrenOf, readXmlDocument, walk, type XmlNode } from '../../../framework/xmlDocument.ts';
import { errors } from '../errors.ts';
import { samlCertificatesMax, samlMetadataCharsMax } from '../limits.ts';

export interface SamlMetadata {
  readonly issuer: string;
  /** DER, base64. */
  readonly certificates: readonly string[];
  readonly validUntilMs: number | undefined;
}

const metadata = 'urn:oasis:names:tc:SAML:2.0:metadata';
const signature = 'http://www.w3.org/2000/09/xmldsig#';

/** Throws what IAM answers for a document that is none ("Could not parse metadata", user guide, "Troubleshoot SAML federation with IAM"). */
export function readSamlMetadata(text: string): SamlMetadata {
  if (text.length > samlMetadataCharsMax) throw errors.invalidInput(`Haneul takes SAML metadata documents of up to ${samlMetadataCharsMax} characters.`);
  const root = readXmlDocument(text);
  if (!root || root.namespace !== metadata || root.name !== 'EntityDescriptor') throw errors.unreadableMetadata();
  const issuer = root.attributes['entityID'] ?? '';
  const roles = childrenOf(root, metadata, 'IDPSSODescriptor');
  const certificates = [...new Set(roles.flatMap((role) => childrenOf(role, metadata, 'KeyDescriptor')).flatMap(certificatesOf))];
  if (issuer === '' || certificates.length === 0) throw errors.unreadableMetadata();
  if (certificates.length > samlCertificatesMax) throw errors.invalidInput(`Haneul takes up to ${samlCertificatesMax} certificates in a SAML metadata document.`);
  if (!certificates.every(isUsable)) throw errors.unreadableMetadata();
  return { issuer, certificates, validUntilMs: readValidUntil([root, ...roles]) };
}

// A key without a use serves both (SAML metadata, 2.4.1.1).
function certificatesOf(key: XmlNode): string[] {
  const use = key.attributes['use'];
  if (use !== undefined && use !== 'signing') return [];
  return [...walk(key)].flatMap((node) => (node.namespace === signature && node.name === 'X509Certificate' ? [node.text.replaceAll(/\s/g, '')] : []));
}

// Signatures are RSA's; AWS wants keys of 1,024 bits at least. A certificate's own end does not matter (user guide, "Create a SAML identity provider").
function isUsable(certificate: string): boolean {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(certificate)) return false;
  try {
    const { publicKey } = new X509Certificate(Buffer.from(certificate, 'base64'));
    const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
    return publicKey.asymmetricKeyType === 'rsa' && bits >= 1_024 && bits <= 8_192;
  } catch {
    return false;
  }
}

function readValidUntil(nodes: readonly XmlNode[]): number | undefined {
  const times = nodes.flatMap(({ attributes }) => attributes['validUntil'] ?? []).map((text) => Date.parse(text));
  if (times.some((time) => Number.isNaN(time))) throw errors.unreadableMetadata();
  return times.length > 0 ? Math.min(...times) : undefined;
}
