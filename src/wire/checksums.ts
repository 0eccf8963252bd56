// The checksums that S3 clients send beside a body, computed as it arrives
// (S3 user guide, "Checking object integrity": crc32, crc32c, crc64nvme, sha1, sha256; base64 of the big-endian value).

import { createHash } from 'node:crypto';
import { crc32 } from '../base/crc32.ts';

export const checksumNames = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;
export type ChecksumName = (typeof checksumNames)[number];

export interface Checksum {
  update(bytes: Uint8Array): void;
  /** Base64, as clients send it. */
  digest(): string;
}

/** A checksum of nothing yet. */
export function createChecksum(name: ChecksumName): Checksum {
  switch (name) {
    case 'crc32':
      return wordChecksum((bytes, value) => crc32(bytes, value));
    case 'crc32c':
      return wordChecksum(updateCrc32c);
    case 'crc64nvme':
      return new Crc64();
    default: {
      const hash = createHash(name);
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('base64') };
    }
  }
}

/** The algorithm that a header such as `x-amz-checksum-crc32c` names. */
export function checksumOfHeader(name: string): ChecksumName | undefined {
  return checksumNames.find((known) => name === `x-amz-checksum-${known}`);
}

/** Whether a text can be a checksum of this kind at all. */
export function isChecksum(name: ChecksumName, text: string): boolean {
  const bytes = { crc32: 4, crc32c: 4, crc64nvme: 8, sha1: 20, sha256: 32 }[name];
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0 && Buffer.from(text, 'base64').byteLength === bytes;
}

function wordChecksum(update: (bytes: Uint8Array, value: number) => number): Checksum {
  let value = 0;
  return {
    update(bytes) {
      value = update(bytes, value);
    },
    digest() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value >>> 0);
      return bytes.toString('base64');
    },
  };
}

const castagnoli = reflectedTable(0x82f63b78);

function reflectedTable(polynomial: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, index) => {
    let word = index;
    for (let bit = 0; bit < 8; bit += 1) word = word & 1 ? (word >>> 1) ^ polynomial : word >>> 1;
    return word;
  });
}

function updateCrc32c(bytes: Uint8Array, value: number): number {
  let crc = ~value;
  for (let index = 0; index < bytes.length; index += 1) crc = (castagnoli[(crc ^ (bytes[index] as number)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

// CRC-64/NVME (NVM Express command set specification): reflected polynomial 0x9a6c9329ac4bc9b5, in two halves of 32 bits.
const nvme = (() => {
  const low = new Int32Array(256);
  const high = new Int32Array(256);
  for (let index = 0; index < 256; index += 1) {
    let word = BigInt(index);
    for (let bit = 0; bit < 8; bit += 1) word = word & 1n ? (word >> 1n) ^ 0x9a6c9329ac4bc9b5n : word >> 1n;
    low[index] = Number(BigInt.asIntN(32, word));
    high[index] = Number(BigInt.asIntN(32, word >> 32n));
  }
  return { low, high };
})();

class Crc64 implements Checksum {
  #low = -1;
  #high = -1;

  update(bytes: Uint8Array): void {
    let [low, high] = [this.#low, this.#high];
    for (let index = 0; index < bytes.length; index += 1) {
      const entry = (low ^ (bytes[index] as number)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (nvme.low[entry] as number);
      high = (high >>> 8) ^ (nvme.high[entry] as number);
    }
    this.#low = low;
    this.#high = high;
  }

  digest(): string {
    const bytes = Buffer.alloc(8);
    bytes.writeInt32BE(~this.#high, 0);
    bytes.writeInt32BE(~this.#low, 4);
    return bytes.toString('base64');
  }
}
