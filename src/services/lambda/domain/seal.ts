// Environment variables often hold passwords, so they are stored encrypted: AES-256-GCM, bound to the function they belong to.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { assert } from '../../../base/errors.ts';
import type { Random } from '../../../base/random.ts';
import type { Variables } from './environment.ts';

const nonceBytes = 12;
const tagBytes = 16;

/** Encrypts variables; `owner` (the function's ARN) must be the same when they are opened. */
export function sealVariables(variables: Variables, owner: string, key: Uint8Array, random: Random): Uint8Array {
  const nonce = random.bytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(owner));
  const body = Buffer.concat([cipher.update(JSON.stringify(variables), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** The variables of a sealed text. A wrong key, owner or a damaged text is a broken invariant, not an empty environment. */
export function openVariables(sealed: Uint8Array, owner: string, key: Uint8Array): Variables {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(owner));
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    const text = decipher.update(bytes.subarray(nonceBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
    return JSON.parse(text) as Variables;
  } catch (error) {
    assert(false, 'the environment variables of a function cannot be decrypted: was seal.key replaced?', { owner, reason: String(error) });
  }
}
