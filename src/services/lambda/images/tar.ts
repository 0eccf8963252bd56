// Reads tar archives as they come: ustar, and the long names of pax and GNU. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
import { tarHeaderBytesMax } from './limits.ts';

export interface TarEntry {
  readonly path: string;
  readonly link: string;
  /** The header's own letter: `0` file, `1` hard link, `2` symbolic link, `5` folder. */
  readonly type: string;
  readonly mode: number;
  readonly bytes: number;
}

/** An archive that is broken, or hostile. */
export class TarError extends Error {}

const block = 512;

/** Calls `onEntry` for each entry, with its content; what it does not read is skipped. */
export async function readTar(source: AsyncIterable<Uint8Array>, onEntry: (entry: TarEntry, content: AsyncIterable<Uint8Array>) => Promise<void>): Promise<void> {
  const bytes = new ByteReader(source);
  let extended: Map<string, string> = new Map();
  for (;;) {
    const header = await bytes.take(block);
    // Some archives end without their two empty blocks.
    if (header === undefined || header.every((byte) => byte === 0)) break;
    requireChecksum(header);
    const type = header.toString('latin1', 156, 157).replace('\0', '0');
    const size = numberAt(header, 124, 12);
    if ('xgLK'.includes(type)) {
      if (size > tarHeaderBytesMax) throw new TarError('a header is too long');
      const text = (await bytes.take(padded(size)))?.subarray(0, size);
      if (text === undefined) throw new TarError('the archive is cut off');
      if (type === 'x') extended = new Map([...extended, ...readExtended(text)]);
      else if (type === 'L') extended.set('path', untilNul(text));
      else if (type === 'K') extended.set('linkpath', untilNul(text));
      continue;
    }
    const entry = entryOf(header, type, size, extended);
    extended = new Map();
    const content = new Content(bytes, entry.bytes);
    await onEntry(entry, content.read());
    await content.skip();
    await bytes.skip(padded(entry.bytes) - entry.bytes);
  }
  // What follows is padding, and counts for the digest.
  await bytes.drain();
}

function entryOf(header: Buffer, type: string, size: number, extended: ReadonlyMap<string, string>): TarEntry {
  if (type === 'S' || [...extended.keys()].some((name) => name.startsWith('GNU.sparse'))) throw new TarError('sparse files are not supported');
  const prefix = header.toString('latin1', 257, 262) === 'ustar' && header[263] === 0x30 ? untilNul(header.subarray(345, 500)) : '';
  const name = untilNul(header.subarray(0, 100));
  const declared = extended.get('size');
  const bytes = declared === undefined ? size : Number(declared);
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new TarError('a size is not valid');
  return {
    path: extended.get('path') ?? (prefix === '' ? name : `${prefix}/${name}`),
    link: extended.get('linkpath') ?? untilNul(header.subarray(157, 257)),
    type,
    mode: numberAt(header, 100, 8),
    // Links and folders have no content, whatever their header says.
    bytes: type === '0' || type === '7' ? bytes : 0,
  };
}

function requireChecksum(header: Buffer): void {
  let sum = 8 * 0x20;
  for (let index = 0; index < block; index += 1) if (index < 148 || index >= 156) sum += header[index] ?? 0;
  if (sum !== numberAt(header, 148, 8)) throw new TarError('this is no tar archive');
}

/** Octal text, or the binary form of GNU for what that cannot hold. */
function numberAt(header: Buffer, at: number, length: number): number {
  const field = header.subarray(at, at + length);
  if (((field[0] ?? 0) & 0x80) !== 0) {
    let value = (field[0] ?? 0) & 0x7f;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    if (!Number.isSafeInteger(value)) throw new TarError('a number is too large');
    return value;
  }
  const text = field.toString('latin1').replace(/[\0 ]+$/, '').trim();
  if (!/^[0-7]*$/.test(text)) throw new TarError('a number is not valid');
  return text === '' ? 0 : parseInt(text, 8);
}

function untilNul(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

/** `<length> <name>=<value>\n`, again and again. */
function readExtended(text: Buffer): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    const space = text.indexOf(0x20, at);
    const length = space < 0 ? NaN : Number(text.toString('latin1', at, space));
    if (!Number.isInteger(length) || length <= space - at || at + length > text.length) throw new TarError('an extended header is not valid');
    const [, name = '', value = ''] = /^([^=]+)=([^]*)\n$/.exec(text.toString('utf8', space + 1, at + length)) ?? [];
    found.set(name, value);
    at += length;
  }
  return found;
}

const padded = (bytes: number): number => Math.ceil(bytes / block) * block;

class Content {
  readonly #bytes: ByteReader;
  #left: number;

  constructor(bytes: ByteReader, length: number) {
    this.#bytes = bytes;
    this.#left = length;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    while (this.#left > 0) {
      const piece = await this.#bytes.some(this.#left);
      if (piece === undefined) throw new TarError('the archive is cut off');
      this.#left -= piece.length;
      yield piece;
    }
  }

  async skip(): Promise<void> {
    const left = this.#left;
    this.#left = 0;
    await this.#bytes.skip(left);
  }
}

/** Takes a stream apart without keeping more than a piece of it. */
class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #piece: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** At least one byte and at most `maximum`; undefined at the end. */
  async some(maximum: number): Promise<Buffer | undefined> {
    while (this.#piece.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      this.#piece = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    const taken = this.#piece.subarray(0, maximum);
    this.#piece = this.#piece.subarray(taken.length);
    return taken;
  }

  /** Exactly so many bytes; undefined when the stream has ended before the first of them. */
  async take(length: number): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    for (let left = length; left > 0; ) {
      const piece = await this.some(left);
      if (piece === undefined && pieces.length === 0) return undefined;
      if (piece === undefined) throw new TarError('the archive is cut off');
      pieces.push(piece);
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      const piece = await this.some(left);
      if (piece === undefined) throw new TarError('the archive is cut off');
      left -= piece.length;
    }
  }

  async drain(): Promise<void> {
    while ((await this.some(Number.MAX_SAFE_INTEGER)) !== undefined);
  }
}
