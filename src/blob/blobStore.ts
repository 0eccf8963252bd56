// Large bodies are files, written once and never changed. A blob is born with an intent row in the store, which says "remove this file";
// the transaction that first refers to the blob clears it (`adopt`). So a crash at any point leaves either a referred blob or an
// intent, and the sweep at the next start removes what the intents name. Removal is the same the other way round.
import { createHash, type Hash } from 'node:crypto';
import { copyFile, link, mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { InvariantError, NoSpaceError, systemErrorCode, UserFacingError } from '../base/errors.ts';
import { hexId } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { encodeRecord } from '../kv/record.ts';
import type { Store, Transaction } from '../kv/store.ts';
import { keyRange, packKey, unpackKey } from '../kv/tuple.ts';
import { requireBlobId, requireBlobRange } from './blobId.ts';
import type { BlobId, BlobRange } from './blobId.ts';
import { createBlobReaders } from './blobReaders.ts';
import { watchUnadopted } from './unadopted.ts';

export type { BlobId, BlobRange };

export interface PutBlob {
  readonly id: BlobId;
  readonly bytes: number;
  /** Base64. */
  readonly sha256: string;
}

export interface BlobStore {
  /** Durable once it resolves, but removed unless some transaction adopts it within an hour, or before the process ends. */
  put(body: Uint8Array | Readable): Promise<PutBlob>;
  /** `put` for bodies whose hash somebody else knows. */
  write(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<{ readonly id: BlobId; readonly bytes: number }>;
  /** New blobs with the bodies of these, in their order, without copying a byte where the file system has hard links. To be adopted like any other. */
  duplicate(ids: readonly BlobId[]): Promise<BlobId[]>;
  /** Defers the removal of these until `release` is called: for whoever reads one after the other. */
  keep(ids: readonly BlobId[]): () => void;
  /** Makes the blob stay, as part of the transaction that writes the first row which refers to it. */
  adopt(tx: Transaction, id: BlobId): void;
  /** Removes the blob, as part of the transaction that clears the last row which refers to it. */
  discard(tx: Transaction, id: BlobId): void;
  open(id: BlobId, range?: BlobRange): Promise<Readable>;
  read(id: BlobId): Promise<Buffer>;
  /** Where the bytes lie, for programs that need a file. Never to be written to. */
  filePath(id: BlobId): string;
  /** Removes a blob that no row refers to, or none any more. Removing it again does nothing. */
  delete(id: BlobId): Promise<void>;
  /** Keeps every blob of now in its place until `release`, so that a copy of the store can be completed by the bodies it refers to. */
  hold(): BlobHold;
  /** Puts a blob of a copy back under its id, as one that a row refers to already. Durable once it resolves. */
  restore(id: BlobId, body: AsyncIterable<Uint8Array>): Promise<void>;
  /** Waits for removals under way. */
  close(): Promise<void>;
}

export interface BlobHold {
  /** The blobs that may be referred to by what was durable at the time of `hold`: none that was being put then is among them. */
  list(): Promise<BlobId[]>;
  release(): void;
}

export interface BlobStoreOptions {
  /** Created when missing. */
  readonly folder: string;
  readonly store: Store;
  /** Wall time. */
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const intentPrefix = [null, 'blobIntent'] as const;
const intents = keyRange(intentPrefix);
const sweepRows = 500;
const pieceBytes = 256 * 1024;
const readBytes = 256 * 1024;

/** Opens the blobs in `folder`, after removing what earlier processes left behind. */
export async function openBlobStore({ folder, store, clock, random, log }: BlobStoreOptions): Promise<BlobStore> {
  const drafts = join(folder, 'drafts');
  const fans = createFans(folder);
  const removals = new Set<Promise<void>>();
  const putting = new Set<BlobId>();
  const removing = new Set<BlobId>();
  /** For each hold, what no row of its moment refers to: what was being put or removed then, or has been put since. */
  const holds = new Set<Set<BlobId>>();
  const heldBack = new Set<BlobId>();
  const readers = createBlobReaders((id) => {
    if (!closed) removeLater(id);
  });
  const unadopted = watchUnadopted(clock, removeLater);
  let closed = false;

  const filePath = (id: BlobId): string => join(folder, requireBlobId(id).slice(0, 2), id);

  async function put(body: Uint8Array | Readable): Promise<PutBlob> {
    const hash = createHash('sha256');
    const [id] = newIds(1);
    const bytes = await bear([id], () => write(id, body, hash));
    return { id, bytes, sha256: hash.digest('base64') };
  }

  function newIds(count: number): [BlobId, ...BlobId[]] {
    return Array.from({ length: count }, () => hexId(random, 32) as BlobId) as [BlobId, ...BlobId[]];
  }

  /** Makes the intents of these before `make` makes their files. */
  async function bear<T>(ids: readonly BlobId[], make: () => Promise<T>): Promise<T> {
    if (closed) throw new InvariantError('the blob store is closed');
    for (const id of ids) {
      putting.add(id);
      for (const strangers of holds) strangers.add(id);
    }
    try {
      await store.transact(async (tx) => ids.forEach((id) => tx.set(intentKey(id), encodeRecord({}))));
      const made = await make();
      for (const id of ids) unadopted.born(id);
      return made;
    } finally {
      for (const id of ids) putting.delete(id);
    }
  }

  async function duplicate(ids: readonly BlobId[]): Promise<BlobId[]> {
    if (ids.length === 0) return [];
    const copies = newIds(ids.length);
    try {
      await bear(copies, async () => {
        const touched = new Set<string>();
        for (const copy of copies) touched.add(await fans.require(copy));
        for (const [index, id] of ids.entries()) await linkOrCopy(filePath(id), filePath(requireBlobId(copies[index])));
        for (const fan of touched) await syncFolder(fan);
      });
      return copies;
    } catch (error) {
      for (const copy of copies) await remove(copy);
      throw systemErrorCode(error) === 'ENOENT' ? new InvariantError('a blob is missing', { ids: ids.slice(0, 10) }) : explainFailure(error, folder);
    }
  }

  async function write(id: BlobId, body: Uint8Array | AsyncIterable<Uint8Array | string>, hash?: Hash): Promise<number> {
    const draft = join(drafts, id);
    try {
      const written = await writeDraft(draft, body, hash);
      await fans.publish(draft, id);
      return written;
    } catch (error) {
      await rm(draft, { force: true });
      await remove(id);
      throw explainFailure(error, folder);
    }
  }

  async function remove(id: BlobId): Promise<void> {
    // Its intent is there already, or is none of ours to make: the sweep of the next start finds it if the reader outlives this process.
    if (readers.defers(id)) return;
    if (holds.size > 0) {
      heldBack.add(id);
      return store.transact(async (tx) => tx.set(intentKey(id), encodeRecord({})));
    }
    removing.add(id);
    try {
      await rm(filePath(id), { force: true });
      await store.transact(async (tx) => tx.clear(intentKey(id)));
    } finally {
      removing.delete(id);
    }
  }

  function removeLater(id: BlobId): void {
    const removal = remove(id)
      // The intent stays, so the next start tries again.
      .catch((error: unknown) => log.warn('blob not removed', { id, error: String(error) }))
      .finally(() => removals.delete(removal));
    removals.add(removal);
  }

  function hold(): BlobHold {
    const strangers = new Set([...putting, ...removing]);
    holds.add(strangers);
    return {
      async list() {
        const fans = (await readdir(folder)).filter((name) => /^[0-9a-f]{2}$/.test(name));
        const names: string[] = [];
        for (const fan of fans) names.push(...(await readdir(join(folder, fan))));
        return names.map(requireBlobId).filter((id) => !strangers.has(id));
      },
      release() {
        if (!holds.delete(strangers) || holds.size > 0) return;
        for (const id of heldBack) removeLater(id);
        heldBack.clear();
      },
    };
  }

  await mkdir(drafts, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw explainFailure(error, folder);
  });
  await sweep(store, drafts, remove, log);

  return {
    put,
    async write(body) {
      const [id] = newIds(1);
      return { id, bytes: await bear([id], () => write(id, body)) };
    },
    duplicate,
    keep: readers.keep,
    adopt(tx, id) {
      tx.clear(intentKey(requireBlobId(id)));
      tx.afterCommit(() => unadopted.settled(id));
    },
    discard(tx, id) {
      tx.set(intentKey(requireBlobId(id)), encodeRecord({}));
      tx.afterCommit(() => removeLater(id));
    },
    async open(id, range) {
      if (range !== undefined) requireBlobRange(range);
      const file = await openFile(filePath(id), id);
      return file.createReadStream({ highWaterMark: readBytes, ...(range === undefined ? {} : { start: range.start, end: range.end ?? Infinity }) });
    },
    async read(id) {
      const file = await openFile(filePath(id), id);
      try {
        return await readFile(file);
      } finally {
        await file.close();
      }
    },
    filePath,
    async delete(id) {
      unadopted.settled(requireBlobId(id));
      await remove(id);
    },
    hold,
    restore: async (id, body) => void (await write(requireBlobId(id), body)),
    async close() {
      closed = true;
      unadopted.close();
      while (removals.size > 0) await Promise.all(removals);
    },
  };
}

/** The blob that the store's row of this key calls unreferred; undefined for every other key. */
export function blobOfIntent(key: Uint8Array): BlobId | undefined {
  if (Buffer.compare(key, intents.from) < 0 || Buffer.compare(key, intents.to) >= 0) return undefined;
  return requireBlobId(unpackKey(key)[intentPrefix.length]);
}

function intentKey(id: BlobId): Uint8Array {
  return packKey([...intentPrefix, id]);
}

/** Only one process uses the store, so every intent found at the start belongs to one that is gone. */
async function sweep(store: Store, drafts: string, remove: (id: BlobId) => Promise<void>, log: Logger): Promise<void> {
  for (const name of await readdir(drafts)) await rm(join(drafts, name), { force: true, recursive: true });
  for (;;) {
    const rows = await store.read((tx) => tx.range({ ...intents, limit: sweepRows }));
    for (const row of rows) await remove(requireBlobId(unpackKey(row.key)[intentPrefix.length]));
    if (rows.length > 0) log.info('blobs without an owner removed', { count: rows.length });
    if (rows.length < sweepRows) return;
  }
}

async function openFile(path: string, id: BlobId): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw systemErrorCode(error) === 'ENOENT' ? new InvariantError('a blob is missing', { id }) : error;
  }
}

/** The folders that blobs are spread over, by the first two digits of their ids. */
function createFans(folder: string): { require(id: BlobId): Promise<string>; publish(draft: string, id: BlobId): Promise<void> } {
  const known = new Set<string>();

  async function requireFan(id: BlobId): Promise<string> {
    const fan = join(folder, id.slice(0, 2));
    if (known.has(fan)) return fan;
    await mkdir(fan, { recursive: true, mode: 0o700 });
    await syncFolder(folder);
    known.add(fan);
    return fan;
  }

  return {
    require: requireFan,
    async publish(draft, id) {
      const fan = await requireFan(id);
      await rename(draft, join(fan, id));
      await syncFolder(fan);
    },
  };
}

async function writeDraft(path: string, body: Uint8Array | AsyncIterable<Uint8Array | string>, hash: Hash | undefined): Promise<number> {
  let bytes = 0;
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of body instanceof Uint8Array ? [body] : body) {
      const whole: Uint8Array = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      // Hashing fifty megabytes at once would hold up everybody for as long.
      for (let at = 0; at < whole.length; at += pieceBytes) {
        const piece = whole.subarray(at, at + pieceBytes);
        hash?.update(piece);
        await writeFully(file, piece);
      }
      bytes += whole.length;
    }
    await file.datasync();
  } finally {
    await file.close();
  }
  return bytes;
}

// What is written once can have two names; where the file system knows none (or no more), a copy does.
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    return await link(from, to);
  } catch (error) {
    if (!['EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV'].includes(systemErrorCode(error) ?? '')) throw error;
  }
  await copyFile(from, to);
  const file = await open(to, 'r+');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}

// A renamed file may be missing after a power cut until its folder has reached the disk too (fsync(2)).
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function explainFailure(error: unknown, folder: string): unknown {
  const code = systemErrorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new NoSpaceError(`no space left for ${folder}`, 'free some space: writes go on as soon as there is room');
  }
  if (code === 'EACCES' || code === 'EROFS') return new UserFacingError(`cannot write to ${folder}: permission denied or read-only`);
  return error;
}
