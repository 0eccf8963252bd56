import type { Random } from '../../../base/random.ts';

/** `length` characters of `alphabet` (at most 256), each as likely as the others. */
export function randomText(random: Random, alphabet: string, length: number): string {
  // Bytes above the largest multiple would favour the first characters.
  const usable = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of random.bytes(length - text.length + 16)) {
      if (byte < usable && text.length < length) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  return text;
}

/** An integer with 0 <= n < bound, for bounds of up to 65,536. */
export function randomBelow(random: Random, bound: number): number {
  const usable = 65_536 - (65_536 % bound);
  for (;;) {
    const drawn = random.bytes(2).readUInt16BE(0);
    if (drawn < usable) return drawn % bound;
  }
}
