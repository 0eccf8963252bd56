import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
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

/** Blobs that are forgotten at close: beside a store in memory. */
export function openMemoryBlobStore({ clock, random }: MemoryBlobStoreOptions): BlobStore {
  const bodies = new Map<BlobId, Buffer>();
  const heldBack = new Set<BlobId>();
  const readers = createBlobReaders((id) => void remove(id));
  const unadopted = clock && watchUnadopted(clock, (id) => void remove(id));
  let holds = 0;
  let closed = false;
  // Made on first use: few tests ever need a file.
  let files: string | undefined;

  function require(id: BlobId): Buffer {
    const body = bodies.get(requireBlobId(id));
    if (body === undefined) throw new InvariantError('a blob is missing', { id });
    return body;
  }

  async function remove(id: BlobId): Promise<void> {
    if (readers.defers(id)) return;
    if (holds > 0) return void heldBack.add(requireBlobId(id));
    bodies.delete(requireBlobId(id));
    if (files !== undefined) await rm(join(files, id), { force: true });
  }

  async function gather(body: Uint8Array | AsyncIterable<Uint8Array | string>): Promise<Buffer> {
    if (closed) throw new InvariantError('the blob store is closed');
    const pieces: Buffer[] = [];
    // Copied: the caller may go on to use its buffer.
    for await (const chunk of body instanceof Uint8Array ? [body] : body) pieces.push(Buffer.from(chunk as Uint8Array));
    return Buffer.concat(pieces);
  }

  function bear(whole: Buffer): BlobId {
    const id = hexId(random, 32) as BlobId;
    bodies.set(id, whole);
    unadopted?.born(id);
    return id;
  }

  return {
    async put(body) {
      const whole = await gather(body);
      return { id: bear(whole), bytes: whole.length, sha256: createHash('sha256').update(whole).digest('base64') };
    },
    async write(body) {
      const whole = await gather(body);
      return { id: bear(whole), bytes: whole.length };
    },
    duplicate: async (ids) => ids.map((id) => bear(require(id))),
    keep: readers.keep,
    adopt: (tx, id) => tx.afterCommit(() => unadopted?.settled(requireBlobId(id))),
    discard: (tx, id) => tx.afterCommit(() => void remove(requireBlobId(id))),
    async open(id, range) {
      if (range !== undefined) requireBlobRange(range);
      const body = require(id);
      return Readable.from([body.subarray(range?.start ?? 0, range?.end === undefined ? body.length : range.end + 1)]);
    },
    async read(id) {
      return Buffer.from(require(id));
    },
    filePath(id) {
      const body = require(id);
      files ??= mkdtempSync(join(tmpdir(), 'haneul-blobs-'));
      const path = join(files, id);
      if (!existsSync(path)) writeFileSync(path, body, { mode: 0o600 });
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
    async restore(id, body) {
      const pieces: Uint8Array[] = [];
      for await (const piece of body) pieces.push(Buffer.from(piece));
      bodies.set(requireBlobId(id), Buffer.concat(pieces));
    },
    async close() {
      closed = true;
      unadopted?.close();
      bodies.clear();
      if (files !== undefined) await rm(files, { recursive: true, force: true });
      files = undefined;
    },
  };
}
