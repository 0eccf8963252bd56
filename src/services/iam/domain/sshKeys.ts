// Public keys as SSH writes them (RFC 4253, section 6.6).

import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { errors } from '../errors.ts';

const rsa = 'ssh-rsa';
/** API reference, UploadSSHPublicKey: "The minimum bit-length of the public key is 2048 bits". */
const bitsMin = 2_048;
const bitsMax = 16_384;

/** The key in a body of ssh-rsa or PEM form, as ssh-rsa without a comment. */
export function readSshKey(body: string): string {
  const text = body.trim();
  const key = text.startsWith('-----BEGIN') ? fromPem(text) : fromSsh(text);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < bitsMin || bits > bitsMax) throw errors.invalidSshKey();
  return `${rsa} ${blobOf(key).toString('base64')}`;
}

export function sshKeyAsPem(encoded: string): string {
  return fromSsh(encoded).export({ type: 'spki', format: 'pem' }).toString();
}

/** MD5 in pairs, as `ssh-keygen -E md5` shows it. */
export function sshFingerprint(encoded: string): string {
  const blob = Buffer.from(encoded.split(' ')[1] ?? '', 'base64');
  return (createHash('md5').update(blob).digest('hex').match(/../g) ?? []).join(':');
}

function fromPem(text: string): KeyObject {
  // A private key would be read too, as the public one in it.
  if (!/^-----BEGIN (RSA )?PUBLIC KEY-----/.test(text)) throw errors.invalidSshKey();
  try {
    return createPublicKey(text);
  } catch {
    throw errors.invalidSshKey();
  }
}

function fromSsh(text: string): KeyObject {
  const [kind, encoded = ''] = text.split(/\s+/);
  if (kind !== rsa) throw errors.unrecognizedSshKey();
  const [name, exponent, modulus, ...more] = partsOf(Buffer.from(encoded, 'base64'));
  if (name?.toString() !== rsa || !exponent || !modulus || more.length > 0) throw errors.invalidSshKey();
  try {
    return createPublicKey({ key: { kty: 'RSA', e: unsigned(exponent).toString('base64url'), n: unsigned(modulus).toString('base64url') }, format: 'jwk' });
  } catch {
    throw errors.invalidSshKey();
  }
}

function partsOf(blob: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + 4 <= blob.length && parts.length < 4) {
    const length = blob.readUInt32BE(at);
    if (at + 4 + length > blob.length) return [];
    parts.push(blob.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return at === blob.length ? parts : [];
}

function blobOf(key: KeyObject): Buffer {
  const { e = '', n = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([Buffer.from(rsa), signed(Buffer.from(e, 'base64url')), signed(Buffer.from(n, 'base64url'))].map(withLength));
}

function withLength(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return Buffer.concat([length, part]);
}

// Numbers have a sign there: one whose first bit is set gets a zero before it.
const signed = (number: Buffer): Buffer => ((number[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), number]) : number);
const unsigned = (number: Buffer): Buffer => (number[0] === 0 ? number.subarray(1) : number);
