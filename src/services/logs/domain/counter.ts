/** A counter of the store: eight bytes, little-endian, signed; absent counts as zero. */
export function decodeCounter(value: Uint8Array | undefined): number {
  if (value === undefined) return 0;
  return Number(Buffer.from(value.buffer, value.byteOffset, value.byteLength).readBigInt64LE());
}
