import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { dataFormat } from '../../kv/dataFormat.ts';
import type { Store } from '../../kv/store.ts';
import { blobOfIntent } from '../blobStore.ts';
import type { BlobId, BlobStore } from '../blobStore.ts';
import { createFrameFile, encodeRows, frameKinds } from './frames.ts';
import type { FrameWriter } from './frames.ts';

export interface Snapshot {
  /** Written beside it first and renamed at the end: a file of this name is whole. */
  readonly path: string;
  readonly store: Pick<Store, 'exportRows'>;
  readonly blobs: Pick<BlobStore, 'hold' | 'open'>;
  /** What else belongs to the state and lies outside the store, by name: the key that secrets are sealed with. */
  readonly secrets: Readonly<Record<string, Uint8Array>>;
  /** For people who look at the file: version, time, endpoint. */
  readonly description: Readonly<Record<string, string>>;
}

export interface SnapshotManifest {
  readonly dataFormat: number;
  readonly description: Readonly<Record<string, string>>;
}

export interface SnapshotTotals {
  readonly rows: number;
  readonly blobs: number;
}

const blobPartBytesMax = 1024 * 1024;

/** Writes the state of one moment into one file, while everybody goes on. */
export async function saveSnapshot({ path, store, blobs, secrets, description }: Snapshot): Promise<SnapshotTotals> {
  const draft = `${path}.part`;
  // In this order, and in one turn: a body that the rows of this moment refer to can no longer go.
  const hold = blobs.hold();
  const pages = store.exportRows();
  try {
    const file = await createFrameFile(draft);
    let totals: SnapshotTotals;
    try {
      const manifest: SnapshotManifest = { dataFormat, description };
      await file.write(frameKinds.manifest, Buffer.from(JSON.stringify(manifest)));
      for (const [name, bytes] of Object.entries(secrets)) {
        await file.write(frameKinds.secret, Buffer.from(JSON.stringify({ name, base64: Buffer.from(bytes).toString('base64') })));
      }
      const unreferred = new Set<BlobId>();
      const rows = await writeRows(file, pages, unreferred);
      totals = { rows, blobs: await writeBlobs(file, blobs, (await hold.list()).filter((id) => !unreferred.has(id))) };
      await file.write(frameKinds.end, Buffer.from(JSON.stringify(totals)));
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncFolder(dirname(path));
    return totals;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    hold.release();
  }
}

async function writeRows(file: FrameWriter, pages: ReturnType<Store['exportRows']>, unreferred: Set<BlobId>): Promise<number> {
  let count = 0;
  for await (const page of pages) {
    const rows = page.filter(({ key }) => {
      const id = blobOfIntent(key);
      if (id !== undefined) unreferred.add(id);
      return id === undefined;
    });
    if (rows.length > 0) await file.write(frameKinds.rows, encodeRows(rows));
    count += rows.length;
  }
  return count;
}

async function writeBlobs(file: FrameWriter, blobs: Pick<BlobStore, 'open'>, ids: readonly BlobId[]): Promise<number> {
  for (const id of ids) {
    await file.write(frameKinds.blob, Buffer.from(id));
    for await (const chunk of (await blobs.open(id)) as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; at += blobPartBytesMax) {
        await file.write(frameKinds.blobPart, chunk.subarray(at, at + blobPartBytesMax));
      }
    }
  }
  return ids.length;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
