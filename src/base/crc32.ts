import zlib from 'node:zlib';

const table = Int32Array.from({ length: 256 }, (_, index) => {
  let word = index;
  for (let bit = 0; bit < 8; bit += 1) word = word & 1 ? (word >>> 1) ^ 0xedb88320 : word >>> 1;
  return word;
});

/** The checksum of zip archives and of AWS's event streams, of these bytes after those whose checksum is `value`. */
export const crc32: (bytes: Uint8Array, value?: number) => number = (zlib as Partial<typeof zlib>).crc32 ?? crc32WithoutZlib;

/** Node.js 20 has it in zlib from 20.15 on only. */
export function crc32WithoutZlib(bytes: Uint8Array, value = 0): number {
  let crc = ~value;
  for (let index = 0; index < bytes.length; index += 1) crc = (table[(crc ^ (bytes[index] as number)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}
