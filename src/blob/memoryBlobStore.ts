import { createHash, type Hash } from 'node:crypto';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { type FileHandle, link, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { InvariantError } from '../base/errors.ts';
import { hexId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import { requireBlobId, requireBlobRange } from './blobId.ts';
import type { BlobId } from './blobId.ts';
import type { BlobStore } from './blobStore.ts';
import { createBlobReaders } from './blobReaders.ts';
import { watchUnadopted } from './unadopted.ts';

export interface MemoryBlobStoreOptions {
  /** Wall time; without it, what nobody adopts stays until the end. */
  readonly clock?: Clock;
  readonly random: Random;
}

/** Larger bodies are in a temporary file instead: the packages and objects of a test suite would fill the memory, and copying one stops everybody. */
const inMemoryBytesMax = 1024 * 1024;
const pieceBytes = 256 * 1024;

type Body = { readonly bytes: Buffer } | { readonly file: string };

/** Blobs that are forgotten at close: beside a store in memory. */
export function openMemoryBlobStore({ clock, random }: MemoryBlobStoreOptions): BlobStore {
  const bodies = new Map<BlobId, Body>();
  const heldBack = new Set<BlobId>();
  const readers = createBlobReaders((id) => void remove(id));
  const unadopted = clock && watchUnadopted(clock, (id) => void remove(id));
  let holds = 0;
  let closed = false;
  // Made on first use: few tests ever need a file.
  let files: string | undefined;

  function require(id: BlobId): Body {
    const body = bodies.get(requireBlobId(id));
    if (body === undefined) throw new InvariantError('a blob is missing', { id });
    return body;
  }

  function pathOf(id: BlobId): string {
    files ??= mkdtempSync(join(tmpdir(), 'haneul-blobs-'));
    return join(files, id);
  }

  async function remove(id: BlobId): Promise<void> {
    if (readers.defers(id)) return;
    if (holds > 0) return void heldBack.add(requireBlobId(id));
    bodies.delete(requireBlobId(id));
    if (files !== undefined) await rm(join(files, id), { force: true });
  }

  async function take(id: BlobId, source: BodySource, hash?: Hash): Promise<number> {
    if (closed) throw new InvariantError('the blob store is closed');
    const path = (): string => pathOf(id);
    const { body, bytes } = await gather(source, path, hash).catch(async (error: unknown) => {
      if (files !== undefined) await rm(join(files, id), { force: true });
      throw error;
    });
    bodies.set(id, body);
    return bytes;
  }

  async function bear(source: BodySource, hash?: Hash): Promise<{ id: BlobId; bytes: number }> {
    const id = hexId(random, 32) as BlobId;
    const bytes = await take(id, source, hash);
    unadopted?.born(id);
    return { id, bytes };
  }

  async function duplicate(original: BlobId): Promise<BlobId> {
    const body = require(original);
    const id = hexId(random, 32) as BlobId;
    if ('file' in body) await link(body.file, pathOf(id));
    bodies.set(id, 'file' in body ? { file: pathOf(id) } : body);
    unadopted?.born(id);
    return id;
  }

  return {
    async put(body) {
      const hash = createHash('sha256');
      return { ...(await bear(body, hash)), sha256: hash.digest('base64') };
    },
    write: (body) => bear(body),
    duplicate: (ids) => Promise.all(ids.map(duplicate)),
    keep: readers.keep,
    adopt: (tx, id) => tx.afterCommit(() => unadopted?.settled(requireBlobId(id))),
    discard: (tx, id) => tx.afterCommit(() => void remove(requireBlobId(id))),
    async open(id, range) {
      if (range !== undefined) requireBlobRange(range);
      const body = require(id);
      if ('file' in body) return (await open(body.file, 'r')).createReadStream(range === undefined ? {} : { start: range.start, end: range.end ?? Infinity });
      return Readable.from([body.bytes.subarray(range?.start ?? 0, range?.end === undefined ? body.bytes.length : range.end + 1)]);
    },
    async read(id) {
      const body = require(id);
      return 'file' in body ? await readFile(body.file) : Buffer.from(body.bytes);
    },
    filePath(id) {
      const body = require(id);
      const path = pathOf(id);
      if ('bytes' in body && !existsSync(path)) writeFileSync(path, body.bytes, { mode: 0o600 });
      return path;
    },
    delete: remove,
    hold() {
      const held = [...bodies.keys()];
      let releasing = false;
      holds += 1;
      return {
        list: async () => held,
        release() {
          if (!releasing) holds -= 1;
          releasing = true;
          if (holds > 0) return;
          for (const id of heldBack) void remove(id);
          heldBack.clear();
        },
      };
    },
    restore: async (id, body) => void (await take(requireBlobId(id), body)),
    async close() {
      closed = true;
      unadopted?.close();
      bodies.clear();
      if (files !== undefined) await rm(files, { recursive: true, force: true });
      files = undefined;
    },
  };
}

type BodySource = Uint8Array | AsyncIterable<Uint8Array | string>;

/** Reads a body, into a file at `path()` as soon as it is large. */
async function gather(source: BodySource, path: () => string, hash: Hash | undefined): Promise<{ body: Body; bytes: number }> {
  const held: Buffer[] = [];
  let bytes = 0;
  let file: FileHandle | undefined;
  try {
    for await (const piece of piecesOf(source)) {
      hash?.update(piece);
      bytes += piece.length;
      // Copied: the caller may go on to use its buffer.
      if (!file) held.push(Buffer.from(piece));
      if (file) await file.writeFile(piece);
      else if (bytes > inMemoryBytesMax) {
        file = await open(path(), 'wx', 0o600);
        await file.writeFile(Buffer.concat(held.splice(0)));
      }
    }
  } finally {
    await file?.close();
  }
  return { body: file ? { file: path() } : { bytes: Buffer.concat(held) }, bytes };
}

async function* piecesOf(source: BodySource): AsyncGenerator<Buffer> {
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    const whole = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at < whole.length; at += pieceBytes) yield whole.subarray(at, at + pieceBytes);
  }
}
