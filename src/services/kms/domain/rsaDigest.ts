// RSA signatures of a digest that somebody else made: OpenSSL's own functions, as Node.js offers them, hash the message themselves.

import { constants, createHash, privateEncrypt, publicDecrypt, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { Random } from '../../../base/random.ts';

export type HashName = 'sha256' | 'sha384' | 'sha512';

export const hashBytes: Readonly<Record<HashName, number>> = { sha256: 32, sha384: 48, sha512: 64 };

// DigestInfo up to the digest (RFC 8017, section 9.2, note 1).
const digestInfos: Readonly<Record<HashName, Buffer>> = {
  sha256: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
  sha384: Buffer.from('3041300d060960864801650304020205000430', 'hex'),
  sha512: Buffer.from('3051300d060960864801650304020305000440', 'hex'),
};

/** RSASSA-PKCS1-v1_5. */
export function signPkcs1(privateKey: KeyObject, hash: HashName, digest: Uint8Array): Buffer {
  return privateEncrypt({ key: privateKey, padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([digestInfos[hash], digest]));
}

export function verifyPkcs1(publicKey: KeyObject, hash: HashName, digest: Uint8Array, signature: Uint8Array): boolean {
  try {
    const signed = publicDecrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, signature);
    const expected = Buffer.concat([digestInfos[hash], digest]);
    return signed.length === expected.length && timingSafeEqual(signed, expected);
  } catch {
    return false;
  }
}

/** RSASSA-PSS with a salt as long as the hash, as KMS uses it (RFC 8017, sections 8.1 and 9.1). */
export function signPss(privateKey: KeyObject, hash: HashName, digest: Uint8Array, random: Random): Buffer {
  const bits = modulusBits(privateKey) - 1;
  const length = Math.ceil(bits / 8);
  const salt = random.bytes(hashBytes[hash]);
  const seed = createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();
  const padded = Buffer.alloc(length - seed.length - 1);
  padded[padded.length - salt.length - 1] = 1;
  salt.copy(padded, padded.length - salt.length);
  const masked = mask(padded, seed, hash);
  clearLeadingBits(masked, bits);
  const encoded = Buffer.concat([masked, seed, Buffer.from([0xbc])]);
  return privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, encoded);
}

export function verifyPss(publicKey: KeyObject, hash: HashName, digest: Uint8Array, signature: Uint8Array): boolean {
  let encoded: Buffer;
  try {
    encoded = publicDecrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, signature);
  } catch {
    return false;
  }
  const bits = modulusBits(publicKey) - 1;
  const size = hashBytes[hash];
  if (encoded.at(-1) !== 0xbc || encoded.length < 2 * size + 2) return false;
  const seed = encoded.subarray(encoded.length - size - 1, encoded.length - 1);
  const masked = encoded.subarray(0, encoded.length - size - 1);
  const padded = mask(masked, seed, hash);
  const before = masked[0] ?? 0;
  const cleared = Buffer.from(masked);
  clearLeadingBits(cleared, bits);
  if (cleared[0] !== before) return false;
  clearLeadingBits(padded, bits);
  const saltAt = padded.length - size;
  if (padded[saltAt - 1] !== 1 || padded.subarray(0, saltAt - 1).some((byte) => byte !== 0)) return false;
  const expected = createHash(hash).update(Buffer.alloc(8)).update(digest).update(padded.subarray(saltAt)).digest();
  return timingSafeEqual(expected, seed);
}

/** MGF1 put over `bytes`. */
function mask(bytes: Uint8Array, seed: Uint8Array, hash: HashName): Buffer {
  const masked = Buffer.from(bytes);
  const counter = Buffer.alloc(4);
  for (let block = 0; block * hashBytes[hash] < masked.length; block += 1) {
    counter.writeUInt32BE(block);
    const part = createHash(hash).update(seed).update(counter).digest();
    for (let at = 0; at < part.length && block * part.length + at < masked.length; at += 1) {
      const index = block * part.length + at;
      masked[index] = (masked[index] ?? 0) ^ (part[at] ?? 0);
    }
  }
  return masked;
}

function clearLeadingBits(bytes: Buffer, bits: number): void {
  bytes[0] = (bytes[0] ?? 0) & (0xff >> (8 * Math.ceil(bits / 8) - bits));
}

function modulusBits(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength ?? 0;
}
