// What Encrypt answers for a symmetric key: opaque to clients, and all that Decrypt needs besides the key.
//
//   prefix 5 · length of the head 2 · head (account, region, key id, material id) · nonce 16 · IV 12 · tag 16 · encrypted bytes
//
// The key of a message is derived from the key material and the nonce (messageKeys.ts), so that no number of messages wears out the
// material (SP 800-38D bounds what one GCM key may encrypt). Head and encryption context are authenticated together with the message.

import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Random } from '../../../base/random.ts';
import { canonicalContext, type EncryptionContext } from './encryptionContext.ts';
import { nonceBytes, type MessageKeys } from './messageKeys.ts';

/** Where the key is, and which of its materials was current. */
export interface CiphertextHead {
  readonly account: string;
  readonly region: string;
  readonly keyId: string;
  readonly materialId: string;
}

export interface Ciphertext extends CiphertextHead {
  /** With the two bytes of its length before it. */
  readonly headBytes: Buffer;
  readonly nonce: Buffer;
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly body: Buffer;
}

// The first bytes of the service's own blobs, by which tools tell one (`AQICAH…` in base64).
const prefix = Buffer.from([1, 2, 2, 0, 0x78]);
const ivBytes = 12;
const tagBytes = 16;

export function sealCiphertext(head: CiphertextHead, keys: MessageKeys, plaintext: Uint8Array, context: EncryptionContext, random: Random): Buffer {
  const headText = `${head.account}\n${head.region}\n${head.keyId}\n${head.materialId}`;
  const { nonce, key } = keys.forSealing(random);
  const iv = random.bytes(ivBytes);
  const headEnd = prefix.length + 2 + headText.length;
  // One buffer from the beginning: copies of what is 4 KB long cost as much as its encryption.
  const blob = Buffer.allocUnsafe(headEnd + nonceBytes + ivBytes + tagBytes + plaintext.length);
  blob.set(prefix);
  blob.writeUInt16BE(headText.length, prefix.length);
  blob.write(headText, prefix.length + 2, 'latin1');
  blob.set(nonce, headEnd);
  blob.set(iv, headEnd + nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(authenticated(blob.subarray(prefix.length, headEnd), context));
  // GCM is a stream: nothing is left for the end.
  blob.set(cipher.update(plaintext), headEnd + nonceBytes + ivBytes + tagBytes);
  cipher.final();
  blob.set(cipher.getAuthTag(), headEnd + nonceBytes + ivBytes);
  return blob;
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
    headBytes: bytes.subarray(prefix.length, headEnd),
    nonce: bytes.subarray(headEnd, ivAt),
    iv: bytes.subarray(ivAt, tagAt),
    tag: bytes.subarray(tagAt, tagAt + tagBytes),
    body: bytes.subarray(tagAt + tagBytes),
  };
}

/** Undefined when the key, the context or any byte is another than it was. */
export function openCiphertext(ciphertext: Ciphertext, keys: MessageKeys, context: EncryptionContext): Buffer | undefined {
  const { headBytes, nonce, iv, tag, body } = ciphertext;
  const decipher = createDecipheriv('aes-256-gcm', keys.forOpening(nonce), iv, { authTagLength: tagBytes });
  decipher.setAAD(authenticated(headBytes, context));
  decipher.setAuthTag(tag);
  try {
    const plaintext = decipher.update(body);
    decipher.final();
    return plaintext;
  } catch {
    return undefined;
  }
}

/** The head with its length, and the context. */
function authenticated(head: Buffer, context: EncryptionContext): Buffer {
  for (const _name in context) return Buffer.concat([head, canonicalContext(context)]);
  return head;
}
