// Encrypting and decrypting with keys, for the operations and for other services alike.

import { constants, createPublicKey, privateDecrypt, publicEncrypt } from 'node:crypto';
import type { ReadTransaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { openCiphertext, parseCiphertext, sealCiphertext, type Ciphertext } from './domain/ciphertext.ts';
import type { EncryptionContext } from './domain/encryptionContext.ts';
import { keyArn } from './domain/keyReference.ts';
import { algorithmsOf, factsOf, type EncryptionAlgorithm } from './domain/keySpecs.ts';
import { errors } from './errors.ts';
import { findKey, openMaterial, type ExistingKey, type FoundKey, type KmsDeps } from './keys.ts';
import type { Secret } from './vault.ts';

export async function requireMaterial({ store, vault }: KmsDeps, key: ExistingKey, materialId = key.row.materialId): Promise<Secret> {
  const known = materialId === undefined ? undefined : vault.cached({ keyId: key.row.id, materialId });
  const secret = known ?? (await store.read((tx) => openMaterial(tx, vault, key, materialId)));
  // What never was a material of this key is named by a ciphertext only.
  if (secret === undefined) throw materialId === key.row.materialId ? errors.pendingImport(key.arn) : errors.invalidCiphertext();
  return secret;
}

/** The algorithm of a request, which must be one of the key's (API reference, Encrypt: SYMMETRIC_DEFAULT unless told otherwise). */
export function requireAlgorithm({ row }: ExistingKey, algorithm: string = 'SYMMETRIC_DEFAULT'): EncryptionAlgorithm {
  const found = algorithmsOf(row.spec, row.usage).EncryptionAlgorithms?.find((candidate) => candidate === algorithm);
  if (found === undefined) throw errors.wrongAlgorithm(algorithm, row.spec);
  return found;
}

export async function encryptWith(deps: KmsDeps, key: ExistingKey, algorithm: EncryptionAlgorithm, plaintext: Uint8Array, context: EncryptionContext): Promise<Buffer> {
  const { row, scope } = key;
  const secret = await requireMaterial(deps, key);
  if (secret.kind === 'pair') {
    const bytesMax = oaepBytesMax(key, algorithm);
    if (plaintext.length > bytesMax) throw errors.tooLargeFor(algorithm, row.spec, bytesMax);
    return publicEncrypt({ key: createPublicKey(secret.privateKey), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: oaepHash(algorithm) }, plaintext);
  }
  const head = { account: scope.account, region: scope.region, keyId: row.id, materialId: row.materialId ?? '' };
  return sealCiphertext(head, secret.messages, plaintext, context, deps.random);
}

/** Of a symmetric key's ciphertext. */
export async function decryptWith(deps: KmsDeps, key: ExistingKey, ciphertext: Ciphertext, context: EncryptionContext): Promise<Buffer> {
  const secret = await requireMaterial(deps, key, ciphertext.materialId);
  const plaintext = secret.kind === 'bytes' ? openCiphertext(ciphertext, secret.messages, context) : undefined;
  if (plaintext === undefined) throw errors.invalidCiphertext();
  return plaintext;
}

export async function decryptRsa(deps: KmsDeps, key: ExistingKey, algorithm: EncryptionAlgorithm, ciphertext: Uint8Array): Promise<Buffer> {
  const secret = await requireMaterial(deps, key);
  if (secret.kind !== 'pair') throw errors.invalidCiphertext();
  try {
    return privateDecrypt({ key: secret.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: oaepHash(algorithm) }, ciphertext);
  } catch {
    throw errors.invalidCiphertext();
  }
}

export function requireCiphertext(blob: Uint8Array): Ciphertext {
  const ciphertext = parseCiphertext(blob);
  if (!ciphertext) throw errors.invalidCiphertext();
  return ciphertext;
}

/** The key that a ciphertext names. One of another region can be read where its multi-region key has a relative. */
export async function findKeyOf(tx: ReadTransaction, asked: Scope, { account, region, keyId }: Ciphertext, nowMs: number): Promise<FoundKey> {
  if (region !== asked.region && !keyId.startsWith('mrk-')) throw errors.foreignCiphertext();
  return await findKey(tx, asked, keyArn({ account, region: asked.region }, keyId), { nowMs, aliases: false });
}

/** True when a ciphertext was made with this key, or with a relative of it. */
export function isOf({ account, region, keyId }: Ciphertext, { scope, row }: ExistingKey): boolean {
  return keyId === row.id && account === scope.account && (region === scope.region || row.multiRegion !== undefined);
}

function oaepHash(algorithm: EncryptionAlgorithm): string {
  return algorithm === 'RSAES_OAEP_SHA_1' ? 'sha1' : 'sha256';
}

function oaepBytesMax({ row }: ExistingKey, algorithm: EncryptionAlgorithm): number {
  const facts = factsOf(row.spec);
  const hashBytes = algorithm === 'RSAES_OAEP_SHA_1' ? 20 : 32;
  return (facts.kind === 'rsa' ? facts.bits / 8 : 0) - 2 * hashBytes - 2;
}
