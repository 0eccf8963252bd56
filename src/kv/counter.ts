import { InvariantError } from '../base/errors.ts';
import type { Key, Value } from './store.ts';

/** The number in a counter's value; a missing counter is zero. */
export function decodeCounter(value: Value | undefined, key: Key): bigint {
  if (value === undefined) return 0n;
  if (value.length !== 8) throw new InvariantError('not a counter', { key: Buffer.from(key).toString('hex'), bytes: value.length });
  return Buffer.from(value.buffer, value.byteOffset, 8).readBigInt64LE(0);
}

/** Eight bytes, little-endian, signed; wraps around at 64 bits. */
export function encodeCounter(count: bigint): Value {
  const value = Buffer.allocUnsafe(8);
  value.writeBigInt64LE(BigInt.asIntN(64, count), 0);
  return value;
}
