// Two packages whose own declarations would bring a browser's globals into the whole program. What is used of them is declared
// here, and they are loaded in a way that has no declarations, when the first response comes: few servers ever see one.

import { createRequire } from 'node:module';

export interface DomNode {
  readonly childNodes: ArrayLike<DomNode>;
  readonly localName: string | null;
  readonly namespaceURI: string | null;
}

type Algorithms = Record<string, unknown>;

export interface SignedXml {
  CanonicalizationAlgorithms: Algorithms;
  HashAlgorithms: Algorithms;
  SignatureAlgorithms: Algorithms;
  signatureAlgorithm?: string;
  canonicalizationAlgorithm?: string;
  loadSignature(node: DomNode): void;
  checkSignature(xml: string): boolean;
  getSignedReferences(): readonly string[];
  addReference(reference: { readonly xpath: string; readonly transforms: readonly string[]; readonly digestAlgorithm: string }): void;
  computeSignature(xml: string, options: { readonly prefix: string; readonly location: { readonly reference: string; readonly action: 'append' | 'prepend' | 'after' } }): void;
  getSignedXml(): string;
}

export interface SignedXmlOptions {
  readonly publicCert?: string;
  readonly privateKey?: string;
  readonly idAttributes?: readonly string[];
  readonly getCertFromKeyInfo?: () => null;
}

export interface XmlCrypto {
  readonly SignedXml: new (options: SignedXmlOptions) => SignedXml;
}

export interface XmlDom {
  readonly DOMParser: new (options: { readonly errorHandler: (level: string, message: unknown) => void }) => {
    parseFromString(text: string, mimeType: 'text/xml'): { readonly documentElement: DomNode | null };
  };
}

/** Both, once they are needed. */
export function loadXmlCrypto(): XmlCrypto & XmlDom {
  const load = createRequire(import.meta.url);
  return { SignedXml: (load('xml-crypto') as XmlCrypto).SignedXml, DOMParser: (load('@xmldom/xmldom') as XmlDom).DOMParser };
}
