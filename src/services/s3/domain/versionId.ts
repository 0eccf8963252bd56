import type { Random } from '../../../base/random.ts';

/** The version of objects that were made without versioning. */
export const nullVersionId = 'null';

/** A version id of 32 characters, as S3's. It holds the version's place among those of its key, so that it is found by one read. */
export function makeVersionId(order: number, random: Random): string {
  const bytes = Buffer.alloc(24);
  random.bytes(24).copy(bytes);
  bytes.writeBigUInt64BE(BigInt(order), 0);
  // Spread the order over random bytes: neighbours should not look alike.
  for (let at = 0; at < 8; at += 1) bytes.writeUInt8(bytes.readUInt8(at) ^ bytes.readUInt8(at + 8), at);
  return bytes.toString('base64url').replaceAll('-', '.');
}

/** The place that a version id tells; undefined for what is none. */
export function orderOfVersionId(text: string): number | undefined {
  if (!/^[A-Za-z0-9._]{32}$/.test(text)) return undefined;
  const bytes = Buffer.from(text.replaceAll('.', '-'), 'base64url');
  for (let at = 0; at < 8; at += 1) bytes.writeUInt8(bytes.readUInt8(at) ^ bytes.readUInt8(at + 8), at);
  const order = bytes.readBigUInt64BE(0);
  return order <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(order) : undefined;
}
