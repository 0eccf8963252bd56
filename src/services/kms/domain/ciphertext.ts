// What Encrypt answers for a symmetric key: opaque to clients, and all that Decrypt needs besides the key.
//
//   prefix 5 · length of the head 2 · head (account, region, key id, material id) · nonce 16 · IV 12 · tag 16 · encrypted bytes
//
// Every message has its own key, derived from the key material and the nonce, so that no number of messages wears out the material
// (NIST SP 800-108, counter mode with HMAC-SHA-256; SP 800-38D bounds what one GCM key may encrypt). Head and encryption context are
// authenticated together with the message.

import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { Random } from '../../../base/random.ts';
import { canonicalContext, type EncryptionContext } from './encryptionContext.ts';

/** Where the key is, and which of its materials was current. */
export interface CiphertextHead {
  readonly account: string;
  readonly region: string;
  readonly keyId: string;
  readonly materialId: string;
}

export interface Ciphertext extends CiphertextHead {
  readonly headBytes: Buffer;
  readonly nonce: Buffer;
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly body: Buffer;
}

// The first bytes of the service's own blobs, by which tools tell one (`AQICAH…` in base64).
const prefix = Buffer.from([1, 2, 2, 0, 0x78]);
const nonceBytes = 16;
const ivBytes = 12;
const tagBytes = 16;

export function sealCiphertext(head: CiphertextHead, material: Uint8Array, plaintext: Uint8Array, context: EncryptionContext, random: Random): Buffer {
  const headBytes = Buffer.from([head.account, head.region, head.keyId, head.materialId].join('\n'));
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16BE(headBytes.length);
  const nonce = random.bytes(nonceBytes);
  const iv = random.bytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', messageKey(material, nonce), iv);
  cipher.setAAD(Buffer.concat([length, headBytes, canonicalContext(context)]));
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([prefix, length, headBytes, nonce, iv, cipher.getAuthTag(), body]);
}

/** Undefined for what was never made by `sealCiphertext`. Whether it was changed since only `openCiphertext` tells. */
export function parseCiphertext(blob: Uint8Array): Ciphertext | undefined {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  const headAt = prefix.length + 2;
  if (bytes.length < headAt || !bytes.subarray(0, prefix.length).equals(prefix)) return undefined;
  const headEnd = headAt + bytes.readUInt16BE(prefix.length);
  if (bytes.length < headEnd + nonceBytes + ivBytes + tagBytes) return undefined;
  const headBytes = bytes.subarray(headAt, headEnd);
  const match = /^(\d{12})\n([a-z0-9-]+)\n([a-z0-9-]+)\n([0-9a-f]{64})$/.exec(headBytes.toString('latin1'));
  if (!match) return undefined;
  const [, account = '', region = '', keyId = '', materialId = ''] = match;
  const ivAt = headEnd + nonceBytes;
  const tagAt = ivAt + ivBytes;
  return {
    account,
    region,
    keyId,
    materialId,
    headBytes,
    nonce: bytes.subarray(headEnd, ivAt),
    iv: bytes.subarray(ivAt, tagAt),
    tag: bytes.subarray(tagAt, tagAt + tagBytes),
    body: bytes.subarray(tagAt + tagBytes),
  };
}

/** Undefined when the key, the context or any byte is another than it was. */
export function openCiphertext(ciphertext: Ciphertext, material: Uint8Array, context: EncryptionContext): Buffer | undefined {
  const { headBytes, nonce, iv, tag, body } = ciphertext;
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16BE(headBytes.length);
  const decipher = createDecipheriv('aes-256-gcm', messageKey(material, nonce), iv, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.concat([length, headBytes, canonicalContext(context)]));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch {
    return undefined;
  }
}

function messageKey(material: Uint8Array, nonce: Uint8Array): Buffer {
  return createHmac('sha256', material).update('\x00\x00\x00\x01haneul kms message key\x00').update(nonce).update('\x00\x00\x01\x00').digest();
}
