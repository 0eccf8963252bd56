// Layers arrive in parts, through the API or the registry; a whole one belongs to its repository.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { uuid } from '../../base/ids.ts';
import type { BlobId } from '../../blob/blobStore.ts';
import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import { errors } from './errors.ts';
import { blobBytesMax, layerPartBytesMin, uploadIdleMs, uploadPartsMax } from './limits.ts';
import { requireRepository } from './operation.ts';
import type { EcrDeps } from './operation.ts';
import { clearUpload, layers, parts, uploads } from './store.ts';
import type { Found, LayerRow, PartRow, UploadRow } from './store.ts';
import type { Scope } from '../../kv/table.ts';

export interface Place {
  readonly scope: Scope;
  readonly name: string;
}

export type OpenUpload = Place & { readonly uploadId: string };

/** Begins an upload; what others have left lying about in this repository for long is removed on the way. */
export async function beginUpload({ scope, name }: Place, nowMs: number, { store, blobs, random }: EcrDeps): Promise<string> {
  const uploadId = uuid(random);
  await store.transact(async (tx) => {
    const found = await requireRepository(tx, scope, name);
    for (const { parts: [, id], row } of await uploads.list(tx, scope, [found.row.id], { limit: 100 })) {
      if (row.touchedAtMs < nowMs - uploadIdleMs) await clearUpload(tx, found, String(id), blobs);
    }
    uploads.set(tx, scope, [found.row.id, uploadId], { bytes: 0, parts: 0, touchedAtMs: nowMs });
  });
  return uploadId;
}

export async function requireUpload(tx: ReadTransaction, { scope, name, uploadId }: OpenUpload): Promise<{ found: Found; upload: UploadRow }> {
  const found = await requireRepository(tx, scope, name);
  const upload = await uploads.get(tx, scope, [found.row.id, uploadId]);
  if (upload === undefined) throw errors.uploadNotFound(uploadId, name, scope.account);
  return { found, upload };
}

/** What begins at a byte other than the next one is refused with what `refuse` makes, given the bytes that are there. */
export interface NextPart {
  readonly body: Uint8Array | Readable;
  /** The next byte when absent. */
  readonly firstByte?: number | undefined;
  readonly lastByte?: number | undefined;
  readonly nowMs: number;
  readonly refuse: (bytes: number) => Error;
}

/** Adds a part and answers how many bytes there are now. Durable when it resolves. */
export async function addPart(open: OpenUpload, part: NextPart, { store, blobs }: EcrDeps): Promise<number> {
  const { upload: before } = await store.read((tx) => requireUpload(tx, open));
  if (part.firstByte !== undefined && part.firstByte !== before.bytes) throw part.refuse(before.bytes);
  if (before.parts >= uploadPartsMax) throw errors.limitExceeded(`An upload may have at most ${uploadPartsMax} parts.`);
  const put = await blobs.put(part.body instanceof Readable ? Readable.from(bounded(part.body, blobBytesMax - before.bytes)) : part.body);
  try {
    const declared = part.lastByte === undefined ? undefined : part.lastByte - (part.firstByte ?? before.bytes) + 1;
    if (declared !== undefined && declared !== put.bytes) throw part.refuse(before.bytes);
    return await store.transact(async (tx) => {
      const { found, upload } = await requireUpload(tx, open);
      if (upload.bytes !== before.bytes || upload.parts !== before.parts) throw part.refuse(upload.bytes);
      blobs.adopt(tx, put.id);
      const row: PartRow = { blob: put.id, bytes: put.bytes, sha256: Buffer.from(put.sha256, 'base64').toString('hex') };
      parts.set(tx, open.scope, [found.row.id, open.uploadId, upload.parts], row);
      const bytes = upload.bytes + put.bytes;
      uploads.set(tx, open.scope, [found.row.id, open.uploadId], { bytes, parts: upload.parts + 1, touchedAtMs: part.nowMs });
      return bytes;
    });
  } catch (error) {
    await blobs.delete(put.id);
    throw error;
  }
}

async function* bounded(body: Readable, bytesMax: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  // The rest of a refused body is the listener's to discard.
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw errors.limitExceeded(`A layer may be at most ${blobBytesMax} bytes.`);
    yield chunk;
  }
}

export interface Completion {
  readonly digest: string;
  readonly nowMs: number;
  /** The API refuses small parts, and a layer that is there already; the registry protocol does neither. */
  readonly isStrict: boolean;
}

/** Makes a layer of what has arrived, if it is what the digest says. */
export async function completeUpload(open: OpenUpload, { digest, nowMs, isStrict }: Completion, { store, blobs }: EcrDeps): Promise<LayerRow> {
  const { scope, name, uploadId } = open;
  const { arrived, present } = await store.read(async (tx) => {
    const { found } = await requireUpload(tx, open);
    const rows = await parts.list(tx, scope, [found.row.id, uploadId], { limit: uploadPartsMax });
    return { arrived: rows.map(({ row }) => row), present: await layers.get(tx, scope, [found.row.id, digest]) };
  });
  if (arrived.length === 0 && isStrict) throw errors.emptyUpload(uploadId);
  if (isStrict) requirePartSizes(arrived);
  const whole = await joinParts(arrived, blobs);
  const actual = `sha256:${whole.sha256}`;
  if (actual !== digest) {
    if (whole.isNew) await blobs.delete(whole.blob);
    throw errors.invalidLayer(digest, actual);
  }
  if (present !== undefined && isStrict) {
    if (whole.isNew) await blobs.delete(whole.blob);
    await store.transact(async (tx) => clearUpload(tx, (await requireUpload(tx, open)).found, uploadId, blobs));
    throw errors.layerExists(digest, name, scope.account);
  }
  const row: LayerRow = { blob: whole.blob, bytes: whole.bytes, atMs: nowMs };
  let isUsed = false;
  const layer = await store.transact(async (tx) => {
    const { found } = await requireUpload(tx, open);
    const other = await layers.get(tx, scope, [found.row.id, digest]);
    isUsed = other === undefined;
    if (isUsed) {
      if (whole.isNew) blobs.adopt(tx, whole.blob);
      layers.set(tx, scope, [found.row.id, digest], row);
    }
    await clearUpload(tx, found, uploadId, blobs, other === undefined ? whole.blob : undefined);
    return other ?? row;
  });
  if (whole.isNew && !isUsed) await blobs.delete(whole.blob);
  return layer;
}

function requirePartSizes(arrived: readonly PartRow[]): void {
  let first = 0;
  for (const [index, { bytes }] of arrived.entries()) {
    if (bytes < layerPartBytesMin && index < arrived.length - 1) throw errors.layerPartTooSmall(first, first + bytes - 1);
    first += bytes;
  }
}

interface Whole {
  readonly blob: BlobId;
  readonly bytes: number;
  readonly sha256: string;
  /** Not a part that is kept as it is. */
  readonly isNew: boolean;
}

async function joinParts(arrived: readonly PartRow[], blobs: EcrDeps['blobs']): Promise<Whole> {
  const [only, second] = arrived;
  if (only !== undefined && second === undefined) return { ...only, isNew: false };
  const put = await blobs.put(Readable.from(readParts(arrived, blobs)));
  return { blob: put.id, bytes: put.bytes, sha256: Buffer.from(put.sha256, 'base64').toString('hex'), isNew: true };
}

async function* readParts(arrived: readonly PartRow[], blobs: EcrDeps['blobs']): AsyncGenerator<Uint8Array> {
  for (const { blob } of arrived) yield* (await blobs.open(blob)) as AsyncIterable<Uint8Array>;
}

/** Puts a layer that is in one repository of a registry into another, without a byte being copied. False when it is not there. */
export async function mountLayer(from: Place, to: Place, digest: string, nowMs: number, { store, blobs }: EcrDeps): Promise<boolean> {
  const source = await store.read(async (tx) => {
    const found = await requireRepository(tx, from.scope, from.name).catch(() => undefined);
    return found && layers.get(tx, from.scope, [found.row.id, digest]);
  });
  if (source === undefined) return false;
  const [copy] = await blobs.duplicate([source.blob]);
  if (copy === undefined) return false;
  let isUsed = false;
  try {
    await store.transact(async (tx: Transaction) => {
      const found = await requireRepository(tx, to.scope, to.name);
      isUsed = (await layers.get(tx, to.scope, [found.row.id, digest])) === undefined;
      if (!isUsed) return;
      blobs.adopt(tx, copy);
      layers.set(tx, to.scope, [found.row.id, digest], { ...source, blob: copy, atMs: nowMs });
    });
  } finally {
    if (!isUsed) await blobs.delete(copy);
  }
  return true;
}

/** The SHA-256 of a small body, as digests are written. */
export const sha256Of = (body: Uint8Array): string => `sha256:${createHash('sha256').update(body).digest('hex')}`;
