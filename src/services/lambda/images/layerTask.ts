// The worker-thread side of unpacking a layer: https://github.com/opencontainers/image-spec/blob/main/layer.md. Whoever made the archive may be
// hostile: nothing is written outside of the folder, no link is ever followed, no device and no set-user-id bit comes out, and sizes are bounded.
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, createReadStream, linkSync, lstatSync, mkdirSync, openSync, readSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import * as zlib from 'node:zlib';
import { systemErrorCode } from '../../../base/errors.ts';
import { nameBytesMax, pathBytesMax } from './limits.ts';
import { TarError, readTar } from './tar.ts';
import type { TarEntry } from './tar.ts';

export interface LayerInput {
  /** The file of the layer as it was pushed. */
  readonly path: string;
  /** Of the archive inside, as the image's configuration has it. */
  readonly diffId: string;
  /** An empty folder that exists: `tree` and `changes.json` are made in it. */
  readonly target: string;
  readonly bytesMax: number;
  readonly entriesMax: number;
}

export type LayerAnswer = { readonly kind: 'unpacked' } & LayerSize | { readonly kind: 'refused'; readonly reason: string };

export interface LayerSize {
  readonly bytes: number;
  readonly entries: number;
}

/** What a layer does besides adding files; paths are those inside. */
export interface LayerChanges extends LayerSize {
  /** Gone: a layer below has it. */
  readonly whiteouts: readonly string[];
  /** Folders of which nothing below is seen. */
  readonly opaque: readonly string[];
  /** Hard links to files of layers below. */
  readonly links: readonly (readonly [path: string, target: string])[];
}

export async function run(input: LayerInput): Promise<LayerAnswer> {
  const source = createReadStream(input.path, { highWaterMark: 256 * 1024 });
  try {
    const layer = new LayerFolder(input);
    const hash = createHash('sha256');
    await readTar(hashed(decompressed(source, input.path), hash, input.bytesMax), (entry, content) => layer.add(entry, content));
    if (`sha256:${hash.digest('hex')}` !== input.diffId) throw new TarError('a layer is not what the configuration of the image says');
    layer.finish();
    return { kind: 'unpacked', bytes: layer.bytes, entries: layer.entries };
  } catch (error) {
    const code = systemErrorCode(error) ?? '';
    if (error instanceof TarError) return { kind: 'refused', reason: error.message };
    if (code.startsWith('Z_') || code === 'ERR_BUFFER_TOO_LARGE') return { kind: 'refused', reason: 'a layer is compressed wrongly' };
    if (code === 'ENAMETOOLONG' || code === 'EILSEQ' || code === 'ERR_INVALID_ARG_VALUE') return { kind: 'refused', reason: 'a layer has a name that this file system cannot hold' };
    throw error;
  } finally {
    source.destroy();
  }
}

/** The first bytes tell, whatever the media type says. */
function decompressed(source: Readable, path: string): AsyncIterable<Uint8Array> {
  const magic = Buffer.alloc(4);
  const file = openSync(path, 'r');
  readSync(file, magic, 0, 4, 0);
  closeSync(file);
  if (magic.readUInt16BE(0) === 0x1f8b) return pipeline(source, zlib.createGunzip(), () => undefined);
  if (magic.readUInt32BE(0) !== 0x28b52ffd) return source;
  // Node.js knows it since 22.15.
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => zlib.Gunzip };
  if (createZstdDecompress === undefined) throw new TarError('a layer is compressed with zstd, which this version of Node.js cannot read: push it with gzip');
  return pipeline(source, createZstdDecompress(), () => undefined);
}

/** Padding counts too: a bomb of nothing but zeros ends as well. */
async function* hashed(source: AsyncIterable<Uint8Array>, hash: ReturnType<typeof createHash>, bytesMax: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    // Headers come on top of what is unpacked.
    if (bytes > 2 * bytesMax) throw new TarError('the image is larger than 10 GB unpacked');
    hash.update(chunk);
    yield chunk;
  }
}

class LayerFolder {
  readonly #input: LayerInput;
  readonly #tree: string;
  readonly #whiteouts: string[] = [];
  readonly #opaque: string[] = [];
  readonly #links: [string, string][] = [];
  bytes = 0;
  entries = 0;

  constructor(input: LayerInput) {
    this.#input = input;
    this.#tree = join(input.target, 'tree');
    mkdirSync(this.#tree, { mode: 0o755 });
  }

  async add(entry: TarEntry, content: AsyncIterable<Uint8Array>): Promise<void> {
    this.entries += 1;
    if (this.entries > this.#input.entriesMax) throw new TarError('the image has too many files');
    const parts = partsOf(entry.path);
    const name = parts.at(-1);
    if (name === undefined) return;
    const path = parts.join('/');
    const parent = parts.slice(0, -1).join('/');
    if (name === '.wh..wh..opq') return void this.#opaque.push(parent);
    // Other names of the kind are bookkeeping of a file system (aufs).
    if (name.startsWith('.wh..wh.')) return;
    if (name.startsWith('.wh.')) return void this.#whiteouts.push(partsOf([...parts.slice(0, -1), name.slice(4)].join('/')).join('/'));
    this.#makeParents(parts);
    if (entry.type === '5') return this.#putFolder(path, entry.mode);
    // Devices and pipes stay away: /dev is the sandbox's own.
    if (!['0', '7', '1', '2'].includes(entry.type)) return;
    this.#clear(path);
    const target = join(this.#tree, path);
    if (entry.type === '2') return symlinkSync(requireLinkText(entry.link), target);
    if (entry.type === '1') return this.#putLink(path, partsOf(entry.link).join('/'));
    await this.#putFile(target, entry, content);
  }

  finish(): void {
    const changes: LayerChanges = { whiteouts: this.#whiteouts, opaque: this.#opaque, links: this.#links, bytes: this.bytes, entries: this.entries };
    writeFileSync(join(this.#input.target, 'changes.json'), JSON.stringify(changes));
  }

  #makeParents(parts: readonly string[]): void {
    for (let depth = 1; depth < parts.length; depth += 1) {
      const folder = join(this.#tree, ...parts.slice(0, depth));
      const present = lstatSync(folder, { throwIfNoEntry: false });
      if (present === undefined) mkdirSync(folder, { mode: 0o755 });
      else if (!present.isDirectory()) throw new TarError('a layer puts a file below something that is no folder');
    }
  }

  #putFolder(path: string, mode: number): void {
    const folder = join(this.#tree, path);
    const present = lstatSync(folder, { throwIfNoEntry: false });
    if (present !== undefined && !present.isDirectory()) rmSync(folder);
    if (present === undefined || !present.isDirectory()) mkdirSync(folder);
    chmodSync(folder, mode & 0o777);
  }

  #putLink(path: string, target: string): void {
    const source = join(this.#tree, target);
    const found = lstatInside(this.#tree, target);
    if (found === undefined) return void this.#links.push([path, target]);
    if (!found.isFile()) throw new TarError('a layer links to something that is no file');
    linkSync(source, join(this.#tree, path));
  }

  async #putFile(target: string, { bytes, mode }: TarEntry, content: AsyncIterable<Uint8Array>): Promise<void> {
    this.bytes += bytes;
    if (this.bytes > this.#input.bytesMax) throw new TarError('the image is larger than 10 GB unpacked');
    const file = openSync(target, 'wx', 0o600);
    try {
      for await (const chunk of content) for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
    } finally {
      closeSync(file);
    }
    // Neither set-user-id nor set-group-id.
    chmodSync(target, mode & 0o777);
  }

  #clear(path: string): void {
    const target = join(this.#tree, path);
    if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) rmSync(target, { recursive: true });
  }
}

/** The file at a path inside, none of whose folders is a link; undefined when there is none. */
export function lstatInside(root: string, path: string): Stats | undefined {
  const parts = path.split('/');
  for (let depth = 1; depth < parts.length; depth += 1) {
    if (lstatSync(join(root, ...parts.slice(0, depth)), { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  }
  return lstatSync(join(root, path), { throwIfNoEntry: false });
}

/** The names of a path, from the root of the image; throws for one that leads out of it. */
function partsOf(path: string): string[] {
  if (Buffer.byteLength(path) > pathBytesMax || path.includes('\0')) throw new TarError('a layer has a path that is not valid');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new TarError('a layer has a path that leads out of the image');
  if (parts.some((part) => Buffer.byteLength(part) > nameBytesMax)) throw new TarError('a layer has a path that is not valid');
  return parts;
}

function requireLinkText(link: string): string {
  if (link === '' || link.includes('\0') || Buffer.byteLength(link) > pathBytesMax) throw new TarError('a layer has a link that is not valid');
  return link;
}
