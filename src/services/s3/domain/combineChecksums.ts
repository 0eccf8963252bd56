// One checksum of all parts, made from those of the parts ("Checking object integrity", full object and composite checksums).

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ChecksumAlgorithm } from './objectRow.ts';

interface Crc {
  readonly bits: bigint;
  /** Reflected, without its highest term. */
  readonly polynomial: bigint;
}

const crcs: Readonly<Partial<Record<ChecksumAlgorithm, Crc>>> = {
  CRC32: { bits: 32n, polynomial: 0xedb88320n },
  CRC32C: { bits: 32n, polynomial: 0x82f63b78n },
  CRC64NVME: { bits: 64n, polynomial: 0x9a6c9329ac4bc9b5n },
};

/** Whether checksums of parts can be made into that of the whole. */
export function isLinear(algorithm: ChecksumAlgorithm): boolean {
  return crcs[algorithm] !== undefined;
}

export interface PartChecksum {
  readonly bytes: number;
  /** Base64. */
  readonly checksum: string;
}

/** The checksum of all bytes of all parts, base64. */
export function combineLinear(algorithm: ChecksumAlgorithm, parts: readonly PartChecksum[]): string {
  const crc = crcs[algorithm];
  if (!crc) throw new RangeError(`${algorithm} of parts cannot be combined`);
  const shifts = new Map<number, bigint>();
  let combined = 0n;
  for (const { bytes, checksum } of parts) {
    let shift = shifts.get(bytes);
    if (shift === undefined) shifts.set(bytes, (shift = powerOfX(crc, BigInt(bytes) * 8n)));
    combined = multiply(crc, shift, combined) ^ BigInt(`0x0${Buffer.from(checksum, 'base64').toString('hex')}`);
  }
  return Buffer.from(combined.toString(16).padStart(Number(crc.bits) / 4, '0'), 'hex').toString('base64');
}

/** The checksum of the parts' checksums, with how many they are. */
export function combineComposite(parts: readonly PartChecksum[], digest: (bytes: Uint8Array) => string): string {
  return `${digest(Buffer.concat(parts.map(({ checksum }) => Buffer.from(checksum, 'base64'))))}-${parts.length}`;
}

/** The digest of a few bytes, base64, where node has it. */
export function digestSmall(algorithm: ChecksumAlgorithm, bytes: Uint8Array): string {
  if (algorithm === 'SHA1' || algorithm === 'SHA256') return createHash(algorithm.toLowerCase()).update(bytes).digest('base64');
  if (algorithm === 'CRC32') return wordText(crc32(bytes));
  const crc = crcs[algorithm];
  if (!crc) throw new RangeError(`${algorithm} is not computed here`);
  const all = (1n << crc.bits) - 1n;
  let value = all;
  for (const byte of bytes) {
    value ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) value = value & 1n ? (value >> 1n) ^ crc.polynomial : value >> 1n;
  }
  return Buffer.from((value ^ all).toString(16).padStart(Number(crc.bits) / 4, '0'), 'hex').toString('base64');
}

function wordText(word: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(word >>> 0);
  return bytes.toString('base64');
}

// Polynomials over GF(2), reflected: the highest bit is x^0.
function multiply({ bits, polynomial }: Crc, a: bigint, b: bigint): bigint {
  let product = 0n;
  let factor = b;
  for (let mask = 1n << (bits - 1n); mask > 0n && a !== 0n; mask >>= 1n) {
    if (a & mask) product ^= factor;
    factor = factor & 1n ? (factor >> 1n) ^ polynomial : factor >> 1n;
  }
  return product;
}

function powerOfX(crc: Crc, exponent: bigint): bigint {
  let power = 1n << (crc.bits - 1n);
  let square = 1n << (crc.bits - 2n);
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) power = multiply(crc, square, power);
    square = multiply(crc, square, square);
  }
  return power;
}
