// Keys of messages are derived from the material of a KMS key and a nonce (NIST SP 800-108, counter mode with HMAC-SHA-256). A derived key
// serves many messages, because deriving one costs as much as encrypting 4 KB: with IVs at random, far fewer than may share a GCM key.

import { createHmac } from 'node:crypto';
import type { Random } from '../../../base/random.ts';
import { messageKeysCachedMax, messagesPerKey } from '../limits.ts';

export const nonceBytes = 16;

export interface MessageKeys {
  /** The key that new messages are encrypted with. */
  forSealing(random: Random): { readonly nonce: Uint8Array; readonly key: Uint8Array };
  /** The key that belongs to the nonce in a message. */
  forOpening(nonce: Uint8Array): Uint8Array;
}

export function createMessageKeys(material: Uint8Array): MessageKeys {
  let sealing: { readonly nonce: Uint8Array; readonly key: Uint8Array } = { nonce: Buffer.alloc(0), key: Buffer.alloc(0) };
  let left = 0;
  const opening = new Map<string, Buffer>();
  return {
    forSealing(random) {
      if (left === 0) {
        const nonce = Buffer.from(random.bytes(nonceBytes));
        sealing = { nonce, key: derive(material, nonce) };
        left = messagesPerKey;
      }
      left -= 1;
      return sealing;
    },
    forOpening(nonce) {
      const name = Buffer.from(nonce).toString('latin1');
      const known = opening.get(name);
      if (known) return known;
      const key = derive(material, nonce);
      for (const oldest of opening.size >= messageKeysCachedMax ? [...opening.keys()].slice(0, 1) : []) opening.delete(oldest);
      opening.set(name, key);
      return key;
    },
  };
}

function derive(material: Uint8Array, nonce: Uint8Array): Buffer {
  return createHmac('sha256', material).update('\x00\x00\x00\x01haneul kms message key\x00').update(nonce).update('\x00\x00\x01\x00').digest();
}
