import type { Key } from './store.ts';

/**
 * A key as a string of one character a byte: usable in a Map, and ordered by `<` as the bytes are. Four times faster than
 * hexadecimal, and a quarter of its memory.
 */
export function keyText(key: Key): string {
  return asBuffer(key).latin1Slice(0, key.length);
}

/** The key that `text` was made of. */
export function textKey(text: string): Key {
  return Buffer.from(text, 'latin1');
}

interface Latin1Sliceable {
  latin1Slice(from: number, to: number): string;
}

function asBuffer(key: Key): Latin1Sliceable {
  const buffer: unknown = key instanceof Buffer ? key : Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  return buffer as Latin1Sliceable;
}
