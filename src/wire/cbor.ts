// CBOR (RFC 8949) as the RPC v2 protocol uses it. Reading takes any well-formed item within bounds; writing uses definite lengths.

import { nestingMax } from './limits.ts';

/** A number that must travel as a floating-point value even when it is whole. */
export class CborFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** The text is not well-formed CBOR, or nested too deeply. */
export class CborError extends Error {}

const breakMark = Symbol('break');

/** Reads one item that fills the whole input. Byte strings are views; tag 1 becomes a Date; integers beyond 2^53 lose precision. */
export function decodeCbor(bytes: Uint8Array): unknown {
  const reader = new CborReader(bytes);
  const value = reader.item(0);
  if (value === breakMark || !reader.atEnd()) throw new CborError('unexpected data after the item');
  return value;
}

class CborReader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  atEnd(): boolean {
    return this.at === this.bytes.byteLength;
  }

  item(depth: number): unknown {
    if (depth > nestingMax) throw new CborError('nested too deeply');
    const initial = this.take(1)[0] ?? 0;
    const major = initial >> 5;
    const info = initial & 31;
    if (major === 7) return this.simple(info);
    const argument = info === 31 ? undefined : this.argument(info);
    switch (major) {
      case 0:
        return this.definite(argument);
      case 1:
        return -1 - this.definite(argument);
      case 2:
        return argument === undefined ? Buffer.concat(this.chunks(2, depth)) : this.take(argument);
      case 3:
        return argument === undefined ? this.chunks(3, depth).join('') : this.take(argument).toString('utf8');
      case 4:
        return this.array(argument, depth);
      case 5:
        return this.map(argument, depth);
      default:
        return this.tagged(this.definite(argument), depth);
    }
  }

  private definite(argument: number | undefined): number {
    if (argument === undefined) throw new CborError('indefinite length where none is allowed');
    return argument;
  }

  private take(length: number): Buffer {
    if (length > this.bytes.byteLength - this.at) throw new CborError('unexpected end');
    const found = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return found;
  }

  private argument(info: number): number {
    if (info < 24) return info;
    if (info === 24) return this.take(1).readUInt8();
    if (info === 25) return this.take(2).readUInt16BE();
    if (info === 26) return this.take(4).readUInt32BE();
    if (info === 27) return Number(this.take(8).readBigUInt64BE());
    throw new CborError('reserved length');
  }

  private simple(info: number): unknown {
    switch (info) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
        return null;
      case 23:
        return undefined;
      case 25:
        return halfFloat(this.take(2).readUInt16BE());
      case 26:
        return this.take(4).readFloatBE();
      case 27:
        return this.take(8).readDoubleBE();
      case 31:
        return breakMark;
      default:
        throw new CborError('unknown simple value');
    }
  }

  private chunks(major: 2 | 3, depth: number): Buffer[] {
    const found: Buffer[] = [];
    for (;;) {
      const initial = this.bytes[this.at];
      const chunk = this.item(depth + 1);
      if (chunk === breakMark) return found;
      if (initial === undefined || initial >> 5 !== major || (initial & 31) === 31) throw new CborError('a chunk of another type');
      found.push(chunk as Buffer);
    }
  }

  private array(length: number | undefined, depth: number): unknown[] {
    // Every item takes a byte at least, so a length beyond what is left is a lie.
    if (length !== undefined && length > this.bytes.byteLength - this.at) throw new CborError('unexpected end');
    const found: unknown[] = [];
    while (length === undefined || found.length < length) {
      const value = this.item(depth + 1);
      if (value === breakMark) {
        if (length === undefined) return found;
        throw new CborError('unexpected break');
      }
      found.push(value);
    }
    return found;
  }

  private map(length: number | undefined, depth: number): Record<string, unknown> {
    if (length !== undefined && length > this.bytes.byteLength - this.at) throw new CborError('unexpected end');
    const found: Record<string, unknown> = {};
    for (let count = 0; length === undefined || count < length; count += 1) {
      const key = this.item(depth + 1);
      if (key === breakMark && length === undefined) return found;
      if (typeof key !== 'string') throw new CborError('a key that is no text');
      const value = this.item(depth + 1);
      if (value === breakMark) throw new CborError('unexpected break');
      if (key === '__proto__') Object.defineProperty(found, key, { value, enumerable: true, configurable: true, writable: true });
      else found[key] = value;
    }
    return found;
  }

  private tagged(tag: number, depth: number): unknown {
    const value = this.item(depth + 1);
    if (value === breakMark) throw new CborError('unexpected break');
    if (tag !== 1) return value;
    const date = typeof value === 'number' ? new Date(Math.round(value * 1000)) : new Date(Number.NaN);
    if (Number.isNaN(date.getTime())) throw new CborError('a timestamp that is no number');
    return date;
  }
}

function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Writes plain values: numbers, strings, booleans, null, bytes, dates (tag 1), arrays, objects (members of undefined are left out). */
export function encodeCbor(value: unknown): Buffer {
  const parts: Buffer[] = [];
  encodeInto(parts, value);
  return Buffer.concat(parts);
}

function encodeInto(parts: Buffer[], value: unknown): void {
  if (value === null || value === undefined) parts.push(Buffer.from([0xf6]));
  else if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    parts.push(lengthOf(3, bytes.byteLength), bytes);
  } else if (typeof value === 'number') encodeNumber(parts, value);
  else if (typeof value === 'boolean') parts.push(Buffer.from([value ? 0xf5 : 0xf4]));
  else if (typeof value === 'bigint') encodeNumber(parts, Number(value));
  else if (value instanceof CborFloat) parts.push(double(value.value));
  else if (value instanceof Uint8Array) parts.push(lengthOf(2, value.byteLength), Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  else if (value instanceof Date) parts.push(Buffer.from([0xc1]), double(value.getTime() / 1000));
  else if (Array.isArray(value)) {
    parts.push(lengthOf(4, value.length));
    for (const item of value) encodeInto(parts, item);
  } else {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    parts.push(lengthOf(5, entries.length));
    for (const [key, item] of entries) {
      encodeInto(parts, key);
      encodeInto(parts, item);
    }
  }
}

function encodeNumber(parts: Buffer[], value: number): void {
  if (!Number.isInteger(value) || Math.abs(value) >= 2 ** 63) parts.push(double(value));
  else parts.push(value < 0 ? lengthOf(1, -1 - value) : lengthOf(0, value));
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUInt8(0xfb);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function lengthOf(major: number, length: number): Buffer {
  const high = major << 5;
  if (length < 24) return Buffer.from([high | length]);
  if (length < 0x100) return Buffer.from([high | 24, length]);
  if (length < 0x1_0000) return Buffer.from([high | 25, length >> 8, length & 0xff]);
  const bytes = Buffer.alloc(length < 0x1_0000_0000 ? 5 : 9);
  if (bytes.byteLength === 5) {
    bytes.writeUInt8(high | 26);
    bytes.writeUInt32BE(length, 1);
  } else {
    bytes.writeUInt8(high | 27);
    bytes.writeBigUInt64BE(BigInt(length), 1);
  }
  return bytes;
}
