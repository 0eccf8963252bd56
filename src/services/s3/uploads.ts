// Multipart uploads: what is stored of one until it is completed or given up.

import type { BlobStore } from '../../blob/blobStore.ts';
import type { Random } from '../../base/random.ts';
import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import { discardSlices } from './bodies.ts';
import { errors } from './errors.ts';
import { partNumberMax } from './limits.ts';
import { everywhere, type PartRow, partWrites, uploadParts, type UploadRow, uploads } from './store.ts';

/** Ids grow with time, so that the uploads of one key are listed in the order in which they began. */
export function makeUploadId(nowMs: number, random: Random): string {
  const bytes = Buffer.concat([Buffer.alloc(6), random.bytes(42)]);
  bytes.writeUIntBE(Math.floor(nowMs), 0, 6);
  return bytes.toString('hex');
}

export async function findUpload(tx: ReadTransaction, bucketId: string, key: string, uploadId: string): Promise<UploadRow | undefined> {
  return /^[0-9a-f]{96}$/.test(uploadId) ? await uploads.get(tx, everywhere, [bucketId, key, uploadId]) : undefined;
}

export async function requireUpload(tx: ReadTransaction, bucketId: string, key: string, uploadId: string): Promise<UploadRow> {
  const upload = await findUpload(tx, bucketId, key, uploadId);
  if (!upload) throw errors.noSuchUpload(uploadId);
  return upload;
}

export interface NumberedPart {
  readonly number: number;
  readonly row: PartRow;
}

/** The parts of an upload in the order of their numbers. */
export async function listParts(tx: ReadTransaction, bucketId: string, uploadId: string, after = 0, limit: number = partNumberMax): Promise<NumberedPart[]> {
  const rows = await uploadParts.list(tx, everywhere, [bucketId, uploadId], { limit, after: [bucketId, uploadId, after] });
  return rows.map(({ parts, row }) => ({ number: Number(parts[2]), row }));
}

/** Removes an upload and what has been sent of it; false when it is gone already. */
export async function abortUpload(tx: Transaction, { blobs }: { readonly blobs: BlobStore }, bucketId: string, key: string, uploadId: string): Promise<boolean> {
  const upload = await uploads.get(tx, everywhere, [bucketId, key, uploadId]);
  if (!upload) return false;
  await readPartWrites(tx, bucketId, uploadId);
  for (const { row } of await listParts(tx, bucketId, uploadId)) discardSlices(tx, blobs, row.slices);
  clearUpload(tx, bucketId, key, uploadId);
  return true;
}

/** Forgets an upload whose parts have found another owner. */
export function clearUpload(tx: Transaction, bucketId: string, key: string, uploadId: string): void {
  uploads.clear(tx, everywhere, [bucketId, key, uploadId]);
  uploadParts.clearAll(tx, everywhere, [bucketId, uploadId]);
  tx.clear(partWrites.key(everywhere, [bucketId, uploadId]));
}

/** Writes a part, in the place of one that was sent before; `upload` has been read in the same transaction. */
export async function setPart(tx: Transaction, { blobs }: { readonly blobs: BlobStore }, bucketId: string, uploadId: string, number: number, row: PartRow): Promise<void> {
  const before = await uploadParts.get(tx, everywhere, [bucketId, uploadId, number]);
  if (before) discardSlices(tx, blobs, before.slices);
  uploadParts.set(tx, everywhere, [bucketId, uploadId, number], row);
  tx.add(partWrites.key(everywhere, [bucketId, uploadId]), 1n);
}

/** Makes this transaction run again if a part is written meanwhile: a range of parts alone is not checked at commit. */
export async function readPartWrites(tx: Transaction, bucketId: string, uploadId: string): Promise<void> {
  await tx.get(partWrites.key(everywhere, [bucketId, uploadId]));
}
