// Codes of virtual MFA devices: RFC 6238 with SHA-1, 30 seconds and 6 digits, which is all that authenticator apps agree on.

import { createHmac, timingSafeEqual } from 'node:crypto';

export const stepMs = 30_000;

/** A code of a device, at its step of 30 seconds. */
export function codeAt(seed: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', decodeBase32(seed)).update(counter).digest();
  // RFC 4226, section 5.3: the last four bits say where the code is.
  const offset = digest.readUInt8(digest.length - 1) & 0x0f;
  return String((digest.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

/** The step at which `code` is the device's, among those from `first` to `last`. */
export function findStep(seed: string, code: string, { first, last }: { readonly first: number; readonly last: number }): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  let found: number | undefined;
  // All are looked at, so that time tells nothing.
  for (let step = Math.max(0, first); step <= last; step += 1) {
    if (timingSafeEqual(Buffer.from(codeAt(seed, step)), Buffer.from(code))) found ??= step;
  }
  return found;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function encodeBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += alphabet.charAt((value >> (bits - 5)) & 31);
  }
  return bits > 0 ? text + alphabet.charAt((value << (5 - bits)) & 31) : text;
}

function decodeBase32(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const character of text) {
    value = ((value << 5) | alphabet.indexOf(character)) & 0xffff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >> bits) & 0xff);
  }
  return Buffer.from(bytes);
}
