import type { Random } from './random.ts';

const upperAlphanumeric = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A random UUID, version 4 (request ids, revision ids, log stream suffixes). */
export function uuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** `length` lower-case hexadecimal digits. */
export function hexId(random: Random, length: number): string {
  return random.bytes(Math.ceil(length / 2)).toString('hex').slice(0, length);
}

/**
 * An IAM-style unique id: a four-letter prefix (`AKIA`, `ASIA`, `AROA`, `AIDA`, …) and base-32 characters. Access keys have 16
 * of them, everything else 17: `AIDACKCEVSQ6C2EXAMPLE` (IAM user guide, "Unique identifiers").
 */
export function iamId(random: Random, prefix: string): string {
  const length = prefix === 'AKIA' || prefix === 'ASIA' ? 16 : 17;
  let id = prefix;
  for (const byte of random.bytes(length)) id += upperAlphanumeric.charAt(byte & 31);
  return id;
}
