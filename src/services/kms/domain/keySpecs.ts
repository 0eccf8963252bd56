// What each key spec is and can do (developer guide, "Key spec reference").

import { errors } from '../errors.ts';

export type KeyUsage = 'ENCRYPT_DECRYPT' | 'SIGN_VERIFY' | 'GENERATE_VERIFY_MAC' | 'KEY_AGREEMENT';

export type KeySpec =
  | 'SYMMETRIC_DEFAULT'
  | 'RSA_2048'
  | 'RSA_3072'
  | 'RSA_4096'
  | 'ECC_NIST_P256'
  | 'ECC_NIST_P384'
  | 'ECC_NIST_P521'
  | 'ECC_SECG_P256K1'
  | 'HMAC_224'
  | 'HMAC_256'
  | 'HMAC_384'
  | 'HMAC_512';

export type SpecFacts =
  | { readonly kind: 'symmetric'; readonly bytes: 32 }
  | { readonly kind: 'rsa'; readonly bits: number }
  /** `hash`: the one digest that KMS takes with the curve. `curve` as OpenSSL names it. */
  | { readonly kind: 'ec'; readonly curve: string; readonly hash: 'SHA_256' | 'SHA_384' | 'SHA_512'; readonly agrees: boolean }
  | { readonly kind: 'hmac'; readonly bytes: number; readonly hash: string; readonly algorithm: string };

const specs: Readonly<Record<KeySpec, SpecFacts>> = {
  SYMMETRIC_DEFAULT: { kind: 'symmetric', bytes: 32 },
  RSA_2048: { kind: 'rsa', bits: 2_048 },
  RSA_3072: { kind: 'rsa', bits: 3_072 },
  RSA_4096: { kind: 'rsa', bits: 4_096 },
  ECC_NIST_P256: { kind: 'ec', curve: 'prime256v1', hash: 'SHA_256', agrees: true },
  ECC_NIST_P384: { kind: 'ec', curve: 'secp384r1', hash: 'SHA_384', agrees: true },
  ECC_NIST_P521: { kind: 'ec', curve: 'secp521r1', hash: 'SHA_512', agrees: true },
  ECC_SECG_P256K1: { kind: 'ec', curve: 'secp256k1', hash: 'SHA_256', agrees: false },
  HMAC_224: { kind: 'hmac', bytes: 28, hash: 'sha224', algorithm: 'HMAC_SHA_224' },
  HMAC_256: { kind: 'hmac', bytes: 32, hash: 'sha256', algorithm: 'HMAC_SHA_256' },
  HMAC_384: { kind: 'hmac', bytes: 48, hash: 'sha384', algorithm: 'HMAC_SHA_384' },
  HMAC_512: { kind: 'hmac', bytes: 64, hash: 'sha512', algorithm: 'HMAC_SHA_512' },
};

export function factsOf(spec: KeySpec): SpecFacts {
  return specs[spec];
}

/** The spec that a request names; SM2, Edwards curves and the post-quantum ones are refused by name. */
export function parseSpec(text: string): KeySpec {
  if (Object.hasOwn(specs, text)) return text as KeySpec;
  // DEVIATION: the service has these (SM2 in the China regions only); Node.js 20 has no ML-DSA, no ML-KEM and no Ed25519ph.
  throw errors.unsupported(`KeySpec ${text} is not supported in this Region.`);
}

/** The usage of a new key; every kind but symmetric encryption keys must be told (API reference, CreateKey). */
export function requireUsage(spec: KeySpec, usage: string | undefined): KeyUsage {
  if (usage === undefined) {
    if (spec === 'SYMMETRIC_DEFAULT') return 'ENCRYPT_DECRYPT';
    throw errors.validation('You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.');
  }
  const possible = usagesOf(specs[spec]).find((candidate) => candidate === usage);
  if (possible === undefined) throw errors.validation(`KeyUsage ${usage} is not compatible with KeySpec ${spec}`);
  return possible;
}

function usagesOf(facts: SpecFacts): readonly KeyUsage[] {
  switch (facts.kind) {
    case 'symmetric':
      return ['ENCRYPT_DECRYPT'];
    case 'rsa':
      return ['ENCRYPT_DECRYPT', 'SIGN_VERIFY'];
    case 'ec':
      return facts.agrees ? ['SIGN_VERIFY', 'KEY_AGREEMENT'] : ['SIGN_VERIFY'];
    case 'hmac':
      return ['GENERATE_VERIFY_MAC'];
  }
}

const rsaSigning = ['RSASSA_PKCS1_V1_5_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_384', 'RSASSA_PKCS1_V1_5_SHA_512', 'RSASSA_PSS_SHA_256', 'RSASSA_PSS_SHA_384', 'RSASSA_PSS_SHA_512'] as const;

export type EncryptionAlgorithm = 'SYMMETRIC_DEFAULT' | 'RSAES_OAEP_SHA_1' | 'RSAES_OAEP_SHA_256';
export type SigningAlgorithm = (typeof rsaSigning)[number] | 'ECDSA_SHA_256' | 'ECDSA_SHA_384' | 'ECDSA_SHA_512';
export type MacAlgorithm = 'HMAC_SHA_224' | 'HMAC_SHA_256' | 'HMAC_SHA_384' | 'HMAC_SHA_512';

export interface Algorithms {
  readonly EncryptionAlgorithms?: EncryptionAlgorithm[];
  readonly SigningAlgorithms?: SigningAlgorithm[];
  readonly MacAlgorithms?: MacAlgorithm[];
  readonly KeyAgreementAlgorithms?: 'ECDH'[];
}

/** What a key can be used with, as DescribeKey and GetPublicKey tell it. */
export function algorithmsOf(spec: KeySpec, usage: KeyUsage): Algorithms {
  const facts = specs[spec];
  switch (usage) {
    case 'ENCRYPT_DECRYPT':
      return { EncryptionAlgorithms: facts.kind === 'rsa' ? ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'] : ['SYMMETRIC_DEFAULT'] };
    case 'SIGN_VERIFY':
      return { SigningAlgorithms: facts.kind === 'ec' ? [`ECDSA_${facts.hash}`] : [...rsaSigning] };
    case 'GENERATE_VERIFY_MAC':
      return facts.kind === 'hmac' ? { MacAlgorithms: [facts.algorithm as MacAlgorithm] } : {};
    case 'KEY_AGREEMENT':
      return { KeyAgreementAlgorithms: ['ECDH'] };
  }
}
