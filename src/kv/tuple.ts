// Keys are tuples packed so that unsigned byte order equals tuple order. The layout is FoundationDB's tuple layer
// (apple/foundationdb, design/tuple.md), so that a later engine of that kind, and its tools, read the same keys.
//
// Integers sort among themselves and fractions sort among themselves, but every integer sorts below every fraction: a key
// column holds one or the other.
import { InvariantError } from '../base/errors.ts';
import { keyBytesMax } from './limits.ts';
import type { Key, KeyRange } from './store.ts';

export type KeyPart = string | number | bigint | Uint8Array | boolean | null;

const nullCode = 0x00;
const bytesCode = 0x01;
const stringCode = 0x02;
const bigNegativeCode = 0x0b;
const zeroCode = 0x14;
const bigPositiveCode = 0x1d;
const doubleCode = 0x21;
const falseCode = 0x26;
const trueCode = 0x27;

// One scratch area: packing is synchronous, and every result is copied out of it. A key part may need two bytes for each of
// its own (escaped zeros), and anything longer than this is refused before it is written.
const scratch = Buffer.allocUnsafe(keyBytesMax * 2 + 64);
const emptyKey = Buffer.alloc(0);
const loneSurrogate = /\p{Surrogate}/u;

/** Packs `parts`, after `prefix` when one is given (a packed tuple itself). */
export function packKey(parts: readonly KeyPart[], prefix: Key = emptyKey): Key {
  const end = packInto(parts, prefix);
  if (end > keyBytesMax) throw keyTooLong(end);
  return copyScratch(end);
}

/** The parts of a packed tuple from `offset` on. Integers come back as numbers when those are exact, else as bigints. */
export function unpackKey(key: Key, offset = 0): KeyPart[] {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const parts: KeyPart[] = [];
  for (let at = offset; at < bytes.length; ) {
    const code = bytes.readUInt8(at);
    at += 1;
    if (code === stringCode || code === bytesCode) {
      const end = findTerminator(bytes, at);
      const raw = unescapeZeros(bytes.subarray(at, end));
      parts.push(code === stringCode ? raw.toString('utf8') : raw);
      at = end + 1;
    } else if (code >= bigNegativeCode && code <= bigPositiveCode) {
      at = unpackInteger(bytes, code, at, parts);
    } else if (code === doubleCode) {
      requireBytes(bytes, at, 8);
      parts.push(unpackDouble(bytes, at));
      at += 8;
    } else if (code === nullCode) parts.push(null);
    else if (code === falseCode) parts.push(false);
    else if (code === trueCode) parts.push(true);
    else throw new InvariantError('not a packed tuple: unknown type code', { code, at: at - 1 });
  }
  return parts;
}

/** All keys strictly below `prefixParts` (the key of exactly these parts is not among them). */
export function keyRange(prefixParts: readonly KeyPart[], prefix: Key = emptyKey): KeyRange {
  const end = packInto(prefixParts, prefix);
  if (end > keyBytesMax) throw keyTooLong(end);
  scratch[end] = 0x00;
  const from = copyScratch(end + 1);
  scratch[end] = 0xff;
  return { from, to: copyScratch(end + 1) };
}

/** The smallest key greater than `key`. */
export function nextKey(key: Key): Key {
  const next = Buffer.allocUnsafe(key.length + 1);
  next.set(key);
  next[key.length] = 0;
  return next;
}

/** The smallest key that is greater than every key which begins with `prefix`; undefined when there is none. */
export function prefixEnd(prefix: Key): Key | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  if (length === 0) return undefined;
  const end = Buffer.from(prefix.subarray(0, length));
  end.writeUInt8(end.readUInt8(length - 1) + 1, length - 1);
  return end;
}

function packInto(parts: readonly KeyPart[], prefix: Key): number {
  if (prefix.length > keyBytesMax) throw keyTooLong(prefix.length);
  scratch.set(prefix, 0);
  let at = prefix.length;
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index];
    if (typeof part === 'string') at = packString(part, at);
    else if (typeof part === 'number') at = packNumber(part, at);
    else if (part === null) scratch[at++] = nullCode;
    else if (typeof part === 'boolean') scratch[at++] = part ? trueCode : falseCode;
    else if (typeof part === 'bigint') at = packBigInteger(part, at);
    else if (part instanceof Uint8Array) at = packBytes(part, at);
    else throw new InvariantError('a key part must be a string, number, bigint, bytes, boolean or null', { index, type: typeof part });
    if (at > keyBytesMax) throw keyTooLong(at);
  }
  return at;
}

function packString(text: string, start: number): number {
  // One UTF-16 unit is at least one byte, so this is refused early, before it is written past the scratch area.
  if (text.length > keyBytesMax) throw keyTooLong(start + text.length);
  let at = start;
  scratch[at++] = stringCode;
  // Short ASCII is the common case, and a loop beats the call into native code for it.
  if (text.length <= 48) {
    let index = 0;
    for (; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit === 0 || unit > 0x7f) break;
      scratch[at++] = unit;
    }
    if (index === text.length) {
      scratch[at++] = 0;
      return at;
    }
    at = start + 1;
  }
  // Two strings that differ only in broken surrogates would become one key.
  if (loneSurrogate.test(text)) throw new InvariantError('a key part is not well-formed Unicode');
  return packBytesAt(Buffer.from(text, 'utf8'), at);
}

function packBytes(bytes: Uint8Array, at: number): number {
  scratch[at] = bytesCode;
  return packBytesAt(bytes, at + 1);
}

function packBytesAt(bytes: Uint8Array, start: number): number {
  if (start + bytes.length > keyBytesMax) throw keyTooLong(start + bytes.length);
  let at = start;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    scratch[at++] = byte;
    if (byte === 0) scratch[at++] = 0xff;
  }
  scratch[at++] = 0;
  return at;
}

function packNumber(value: number, start: number): number {
  if (!Number.isInteger(value)) {
    if (Number.isNaN(value)) throw new InvariantError('a key part must not be NaN');
    return packDouble(value, start);
  }
  if (!Number.isSafeInteger(value)) return packBigInteger(BigInt(value), start);
  if (value === 0) {
    scratch[start] = zeroCode;
    return start + 1;
  }
  const negative = value < 0;
  const magnitude = negative ? -value : value;
  let length = 1;
  for (let limit = 256; magnitude >= limit; limit *= 256) length += 1;
  scratch[start] = negative ? zeroCode - length : zeroCode + length;
  let rest = magnitude;
  for (let index = length; index > 0; index -= 1) {
    const byte = rest % 256;
    // A negative number is written as its ones' complement, so that a larger magnitude sorts lower.
    scratch[start + index] = negative ? 255 - byte : byte;
    rest = (rest - byte) / 256;
  }
  return start + 1 + length;
}

function packBigInteger(value: bigint, start: number): number {
  if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) return packNumber(Number(value), start);
  const negative = value < 0n;
  const magnitude = negative ? -value : value;
  const hex = magnitude.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  if (bytes.length > 255) throw new InvariantError('an integer key part has at most 255 bytes', { bytes: bytes.length });
  let at = start;
  if (bytes.length <= 8) scratch[at++] = negative ? zeroCode - bytes.length : zeroCode + bytes.length;
  else {
    scratch[at++] = negative ? bigNegativeCode : bigPositiveCode;
    scratch[at++] = negative ? 255 - bytes.length : bytes.length;
  }
  if (at + bytes.length > keyBytesMax) throw keyTooLong(at + bytes.length);
  for (const byte of bytes) scratch[at++] = negative ? 255 - byte : byte;
  return at;
}

function packDouble(value: number, start: number): number {
  scratch[start] = doubleCode;
  scratch.writeDoubleBE(value, start + 1);
  // The sign bit is flipped for positive numbers and every bit for negative ones: IEEE order becomes byte order.
  if (value < 0) for (let index = 1; index <= 8; index += 1) scratch[start + index] = 255 - scratch.readUInt8(start + index);
  else scratch[start + 1] = scratch.readUInt8(start + 1) ^ 0x80;
  return start + 9;
}

function unpackDouble(bytes: Buffer, at: number): number {
  const raw = Buffer.from(bytes.subarray(at, at + 8));
  if (raw.readUInt8(0) & 0x80) raw.writeUInt8(raw.readUInt8(0) ^ 0x80, 0);
  else for (let index = 0; index < 8; index += 1) raw.writeUInt8(255 - raw.readUInt8(index), index);
  return raw.readDoubleBE(0);
}

function unpackInteger(bytes: Buffer, code: number, start: number, parts: KeyPart[]): number {
  const negative = code < zeroCode;
  let at = start;
  let length = Math.abs(code - zeroCode);
  if (length > 8) {
    requireBytes(bytes, at, 1);
    length = negative ? 255 - bytes.readUInt8(at) : bytes.readUInt8(at);
    at += 1;
  }
  requireBytes(bytes, at, length);
  if (length <= 6) {
    let value = 0;
    for (let index = 0; index < length; index += 1) {
      const byte = bytes.readUInt8(at + index);
      value = value * 256 + (negative ? 255 - byte : byte);
    }
    parts.push(negative ? -value : value);
    return at + length;
  }
  let big = 0n;
  for (let index = 0; index < length; index += 1) {
    const byte = bytes.readUInt8(at + index);
    big = big * 256n + BigInt(negative ? 255 - byte : byte);
  }
  if (negative) big = -big;
  const value = Number(big);
  parts.push(Number.isSafeInteger(value) ? value : big);
  return at + length;
}

function findTerminator(bytes: Buffer, start: number): number {
  let at = bytes.indexOf(0, start);
  while (at !== -1 && bytes[at + 1] === 0xff) at = bytes.indexOf(0, at + 2);
  if (at === -1) throw new InvariantError('not a packed tuple: a text has no end', { at: start });
  return at;
}

function unescapeZeros(raw: Buffer): Buffer {
  if (!raw.includes(0)) return Buffer.from(raw);
  const plain = Buffer.allocUnsafe(raw.length);
  let length = 0;
  for (let index = 0; index < raw.length; index += 1) {
    const byte = raw.readUInt8(index);
    plain[length++] = byte;
    if (byte === 0) index += 1;
  }
  return plain.subarray(0, length);
}

function requireBytes(bytes: Buffer, at: number, count: number): void {
  if (at + count > bytes.length) throw new InvariantError('not a packed tuple: it ends inside a part', { at });
}

function copyScratch(end: number): Buffer {
  const key = Buffer.allocUnsafe(end);
  scratch.copy(key, 0, 0, end);
  return key;
}

function keyTooLong(bytes: number): InvariantError {
  return new InvariantError('a key is longer than keyBytesMax', { bytes, keyBytesMax });
}
