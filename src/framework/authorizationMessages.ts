// The encoded message of a denial. It may hold what the caller must not know (its own policies, the resource's), so it is
// sealed with a key of the server; whoever may call sts:DecodeAuthorizationMessage in the same account can have it opened.

import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Random } from '../base/random.ts';
import type { Denial } from './denial.ts';
import { encodedMessageCharsMax } from './limits.ts';

export interface AuthorizationMessages {
  seal(denial: Denial): string;
  /** Undefined for what this server did not seal. */
  open(message: string): Denial | undefined;
}

const cipher = 'aes-256-gcm';
const version = 1;
const ivBytes = 12;
const tagBytes = 16;
const openedBytesMax = 256 * 1024;

/** With a key of its own, made from the one that the server keeps beside its data. */
export function createAuthorizationMessages(sealKey: Uint8Array, random: Random): AuthorizationMessages {
  const key = Buffer.from(hkdfSync('sha256', sealKey, '', 'haneul authorization messages', 32));

  function seal(denial: Denial): string {
    const iv = random.bytes(ivBytes);
    const sealing = createCipheriv(cipher, key, iv);
    const text = deflateRawSync(Buffer.from(JSON.stringify(denial)), { level: 1 });
    const sealed = Buffer.concat([Buffer.of(version), iv, sealing.update(text), sealing.final(), sealing.getAuthTag()]);
    return sealed.toString('base64url');
  }

  return {
    seal(denial) {
      const whole = seal(denial);
      // STS takes messages up to a length: of an oversized one the context goes first, then the statements that nearly allowed.
      if (whole.length <= encodedMessageCharsMax) return whole;
      const { nearMisses: _misses, searched: _searched, ...shorter } = denial;
      return seal({ ...shorter, context: {} });
    },
    open(message) {
      const sealed = Buffer.from(message, 'base64url');
      if (sealed.length < 1 + ivBytes + tagBytes || sealed[0] !== version) return undefined;
      try {
        const opening = createDecipheriv(cipher, key, sealed.subarray(1, 1 + ivBytes), { authTagLength: tagBytes });
        opening.setAuthTag(sealed.subarray(-tagBytes));
        const text = Buffer.concat([opening.update(sealed.subarray(1 + ivBytes, -tagBytes)), opening.final()]);
        return JSON.parse(inflateRawSync(text, { maxOutputLength: openedBytesMax }).toString('utf8')) as Denial;
      } catch {
        return undefined;
      }
    },
  };
}
