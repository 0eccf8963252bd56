// Large JSON documents, taken apart while they arrive: blobs (a deployment package in base64) are decoded piece by piece into
// their bytes, and what is left, a small document, is parsed. So no moment has tens of megabytes to work on, and the text of the
// blobs, a third larger than they are, is never held.

import type { ServiceError } from '../base/errors.ts';
import { parseJson } from './json.ts';
import { nestingMax, sievedDocumentBytesMax } from './limits.ts';
import type { Member, OperationModel } from './model.ts';
import type { ProtocolName } from './types.ts';

/** Where the blobs of a document are, by the names in it: `{ Code: { ZipFile: 'blob' } }`. */
export interface BlobPlaces {
  readonly [name: string]: BlobPlaces | 'blob';
}

const known = new WeakMap<OperationModel, BlobPlaces | undefined>();

/** The blobs in the JSON document that an operation takes; undefined when there are none, or it takes no document. Blobs in lists are small ones. */
export function blobPlacesOf(operation: OperationModel, protocol: ProtocolName): BlobPlaces | undefined {
  if (known.has(operation)) return known.get(operation);
  const places = findPlaces(operation, protocol);
  known.set(operation, places);
  return places;
}

const depthMax = 3;

function findPlaces({ input }: OperationModel, protocol: ProtocolName): BlobPlaces | undefined {
  const isRest = protocol === 'restJson1';
  if (!input || (!isRest && protocol !== 'awsJson1_0' && protocol !== 'awsJson1_1')) return undefined;
  if (isRest && input.members.some(({ location }) => location === 'payload')) return undefined;
  const inside = (members: readonly Member[], depth: number): BlobPlaces | undefined => {
    const found: [string, BlobPlaces | 'blob'][] = [];
    for (const { target, jsonName, name } of members) {
      const place = target.kind === 'scalar' && target.type === 'blob' ? 'blob' : target.kind === 'structure' && depth < depthMax ? inside(target.members, depth + 1) : undefined;
      if (place) found.push([isRest ? jsonName : name, place]);
    }
    return found.length === 0 ? undefined : Object.assign(Object.create(null), Object.fromEntries(found)) as BlobPlaces;
  };
  return inside(isRest ? input.members.filter(({ location }) => location === undefined) : input.members, 0);
}

export interface BlobSieveOptions {
  readonly places: BlobPlaces;
  readonly protocol: ProtocolName;
  /** Of the whole document. */
  readonly bytesMax: number;
  /** Refuses a document that is large without its blobs. */
  readonly tooLarge: () => ServiceError;
}

interface Frame {
  readonly isObject: boolean;
  readonly places: BlobPlaces | undefined;
  expectsKey: boolean;
  /** What stands at the key read last. */
  place: BlobPlaces | 'blob' | undefined;
}

const [quote, backslash, colon, comma, openBrace, closeBrace, openBracket, closeBracket] = Buffer.from('"\\:,{}[]');
const keyCharsMax = 200;

export class BlobSieve {
  readonly #options: BlobSieveOptions;
  readonly #frames: Frame[] = [];
  readonly #rest: Buffer[] = [];
  #restBytes = 0;
  readonly #blobs: (Uint8Array | undefined)[] = [];
  readonly #room: Room;
  #mode: 'between' | 'key' | 'text' | 'blob' = 'between';
  #key = '';
  #isEscaped = false;
  #blob: Base64Writer | undefined;

  constructor(options: BlobSieveOptions) {
    this.#options = options;
    this.#room = new Room(Math.ceil(options.bytesMax * 0.75) + 3);
  }

  push(piece: Buffer): void {
    let at = 0;
    while (at < piece.length) at = this.#mode === 'blob' ? this.#takeBlob(piece, at) : this.#takeRest(piece, at);
  }

  /** The document with its blobs as bytes. Throws what the protocol says of one that is none. */
  finish(): unknown {
    const document = parseJson(Buffer.concat(this.#rest), this.#options.protocol);
    this.#putBack(document, this.#options.places);
    return document;
  }

  #putBack(value: unknown, places: BlobPlaces): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const source = value as Record<string, unknown>;
    for (const name in places) {
      const place = places[name];
      const item = Object.hasOwn(source, name) ? source[name] : undefined;
      if (place !== 'blob') this.#putBack(item, place ?? {});
      // What was no base64 stays some text that is none either.
      else if (typeof item === 'string') source[name] = this.#blobs[Number(item)] ?? notBase64;
    }
  }

  #takeRest(piece: Buffer, from: number): number {
    let at = from;
    while (at < piece.length && this.#mode !== 'blob') {
      this.#step(piece[at] as number);
      at += 1;
    }
    this.#keep(Buffer.from(piece.subarray(from, at)));
    return at;
  }

  #keep(bytes: Buffer): void {
    this.#restBytes += bytes.length;
    if (this.#restBytes > sievedDocumentBytesMax) throw this.#options.tooLarge();
    this.#rest.push(bytes);
  }

  #step(byte: number): void {
    if (this.#mode === 'between') return this.#stepBetween(byte);
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) return this.#endText();
    // A name in an unusual spelling is found by the parser, which takes its blob for a text.
    if (this.#mode === 'key' && this.#key.length < keyCharsMax) this.#key += String.fromCharCode(byte);
  }

  #stepBetween(byte: number): void {
    const top = this.#frames.at(-1);
    switch (byte) {
      case quote:
        return this.#beginText(top);
      case openBrace:
      case openBracket:
        if (this.#frames.length > nestingMax) throw this.#options.tooLarge();
        this.#frames.push({ isObject: byte === openBrace, places: placesBelow(top, this.#options.places), expectsKey: byte === openBrace, place: undefined });
        return;
      case closeBrace:
      case closeBracket:
        this.#frames.pop();
        return;
      case colon:
        if (top) top.expectsKey = false;
        return;
      case comma:
        if (top) top.expectsKey = top.isObject;
    }
  }

  #beginText(top: Frame | undefined): void {
    if (top?.expectsKey) {
      this.#mode = 'key';
      this.#key = '';
    } else if (top?.isObject && top.place === 'blob') {
      this.#mode = 'blob';
      this.#blob = new Base64Writer(this.#room);
    } else this.#mode = 'text';
  }

  #endText(): void {
    const top = this.#frames.at(-1);
    if (this.#mode === 'key' && top) top.place = top.places?.[this.#key];
    this.#mode = 'between';
  }

  #takeBlob(piece: Buffer, from: number): number {
    const blob = this.#blob as Base64Writer;
    if (this.#isEscaped) {
      this.#isEscaped = false;
      // Some clients write "/" as "\/". Whatever else can be escaped is not of base64, or not written so by anyone.
      blob.write(piece.toString('latin1', from, from + 1) === '/' ? '/' : '?');
      return from + 1;
    }
    const end = firstOf(piece, from);
    blob.write(piece.toString('latin1', from, end));
    if (end === piece.length) return end;
    if (piece[end] === backslash) this.#isEscaped = true;
    else this.#endBlob(blob);
    return end + 1;
  }

  #endBlob(blob: Base64Writer): void {
    const bytes = blob.finish();
    this.#keep(Buffer.from(`${this.#blobs.length}"`));
    this.#blobs.push(bytes);
    this.#mode = 'between';
  }
}

const notBase64 = '?';

function placesBelow(top: Frame | undefined, root: BlobPlaces): BlobPlaces | undefined {
  if (!top) return root;
  return top.isObject && top.place !== 'blob' ? top.place : undefined;
}

function firstOf(piece: Buffer, from: number): number {
  const end = piece.indexOf(quote as number, from);
  const stop = end < 0 ? piece.length : end;
  const escape = piece.subarray(from, stop).indexOf(backslash as number);
  return escape < 0 ? stop : from + escape;
}

const firstRoomBytes = 128 * 1024;
const growth = 8;

/**
 * Memory for the blobs of one document, one behind the other. It grows with what has arrived, not with what was announced: who
 * announces much and sends little takes little. Few large steps, because each copies what the blob under way has so far.
 */
class Room {
  readonly #bytesMax: number;
  #memory: Buffer | undefined;
  #start = 0;
  #end = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The bytes of the blob under way. What was there of one before it is not touched any more. */
  get blob(): Buffer {
    return this.#memory?.subarray(this.#start, this.#end) ?? Buffer.alloc(0);
  }

  begin(): void {
    this.#start = this.#end;
  }

  /** Decodes base64 behind what there is, and answers how many bytes that were. */
  write(text: string): number {
    const wanted = (text.length / 4) * 3;
    if (!this.#memory || this.#end + wanted > this.#memory.length) this.#grow(wanted);
    const written = this.#memory?.write(text, this.#end, 'base64') ?? 0;
    this.#end += written;
    return written;
  }

  /** Forgets the blob under way. */
  drop(): void {
    this.#end = this.#start;
  }

  #grow(wanted: number): void {
    const kept = this.blob;
    const bytes = Math.max(kept.length + wanted, Math.min(this.#bytesMax, this.#memory ? this.#memory.length * growth : firstRoomBytes));
    this.#memory = Buffer.allocUnsafeSlow(bytes);
    kept.copy(this.#memory);
    this.#start = 0;
    this.#end = kept.length;
  }
}

/** Strict base64, as `decodeBase64`, from a text that comes in pieces. */
class Base64Writer {
  readonly #room: Room;
  #held = '';
  #isEnded = false;
  #isBroken = false;

  constructor(room: Room) {
    this.#room = room;
    room.begin();
  }

  write(text: string): void {
    if (this.#isBroken || text === '') return;
    const whole = this.#held + text;
    const usable = whole.length - (whole.length % 4);
    this.#held = whole.slice(usable);
    if (usable > 0) this.#decode(whole.slice(0, usable));
  }

  /** Undefined when it was no base64. */
  finish(): Buffer | undefined {
    if (!this.#isBroken && this.#held === '') return this.#room.blob;
    this.#room.drop();
    return undefined;
  }

  #decode(text: string): void {
    const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
    const wanted = (text.length / 4) * 3 - padding;
    // Node skips what is not base64, which shows as missing bytes, and takes the letters of URLs for it.
    const isForeign = this.#isEnded || text.includes('-') || text.includes('_');
    this.#isBroken = isForeign || this.#room.write(text) !== wanted;
    this.#isEnded = padding > 0;
  }
}
