import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BlobStore, openBlobStore } from '../blob/blobStore.ts';
import { openMemoryBlobStore } from '../blob/memoryBlobStore.ts';
import { loadSnapshot, type SnapshotContent } from '../blob/snapshot/loadSnapshot.ts';
import { wallClock } from '../base/clock.ts';
import { UserFacingError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import { cryptoRandom } from '../base/random.ts';
import { openEmbeddedStore } from '../kv/drivers/embedded/openEmbeddedStore.ts';
import { openMemoryStore } from '../kv/drivers/memory/openMemoryStore.ts';
import type { Store } from '../kv/store.ts';
import { measureStore } from './metrics/storeMetrics.ts';
import { replaceSealKey, sealKeyName } from './secrets.ts';

/** Everything of a server that is on disk, or in memory instead of it. */
export interface Storage {
  readonly store: Store;
  readonly blobs: () => BlobStore;
  /** Unpacked function packages; a cache. */
  readonly codeFolder: string;
  /** Sockets and other things that belong to running processes. Short, because a socket's path ends at 107 bytes. */
  readonly runFolder: string;
  /** Drafts of snapshots; emptied at every start. */
  readonly snapshotFolder: string;
  /** Replaces everything by a verified snapshot in the snapshot folder. Interrupted by a kill, it is done again at the next start. */
  restore(path: string): Promise<SnapshotContent>;
  /** Removes every row, body and package. */
  wipe(): Promise<void>;
  close(): Promise<void>;
}

export interface StorageOptions {
  /** Undefined keeps everything in memory. */
  readonly dataFolder: string | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Opens the store of `dataFolder`, or an empty one in memory. */
export async function openStorage({ dataFolder, log, metrics }: StorageOptions): Promise<Storage> {
  const runFolder = await makeRunFolder(dataFolder);
  const home = dataFolder ?? runFolder;
  const codeFolder = join(home, 'code');
  for (const name of ownFolders) await makePrivate(join(home, name));
  const engine = { clock: wallClock, random: cryptoRandom, log, metrics };
  const opened = dataFolder === undefined ? openMemoryStore(engine) : await openEmbeddedStore({ ...engine, folder: join(dataFolder, 'store') });
  const store = measureStore(opened, metrics);
  const blobFolder = join(home, 'blobs');
  const openBlobs = async (): Promise<BlobStore> =>
    dataFolder === undefined ? openMemoryBlobStore(engine) : await openBlobStore({ ...engine, folder: blobFolder, store });
  let blobs = await openBlobs();
  const snapshotFolder = join(home, 'snapshots');
  const loading = join(snapshotFolder, loadingName);
  const wiping = join(snapshotFolder, wipingName);

  async function clearBodies(): Promise<void> {
    await rm(blobFolder, { recursive: true, force: true });
    await rm(codeFolder, { recursive: true, force: true });
    await makePrivate(codeFolder);
  }

  async function load(): Promise<SnapshotContent> {
    await blobs.close();
    await clearBodies();
    blobs = await openBlobs();
    const content = await loadSnapshot({ path: loading, store, blobs, log });
    const sealKey = content.secrets[sealKeyName];
    if (dataFolder !== undefined && sealKey !== undefined) replaceSealKey(dataFolder, sealKey);
    await rm(wiping, { force: true });
    await rm(loading);
    return content;
  }

  async function wipe(): Promise<void> {
    // Rows go in many transactions, so what a kill interrupts has to be found again.
    await writeFile(wiping, '');
    await syncFolder(snapshotFolder);
    await rm(loading, { force: true });
    await blobs.close();
    await store.replaceRows([]);
    await clearBodies();
    blobs = await openBlobs();
    await rm(wiping);
  }

  const unfinished = await emptySnapshotFolder(snapshotFolder);
  if (unfinished === wipingName) {
    log.warn('a reset was interrupted; it is finished now');
    await wipe();
  } else if (unfinished === loadingName) {
    log.warn('loading a snapshot was interrupted; it is loaded again');
    await load();
  }
  return {
    store,
    blobs: () => blobs,
    codeFolder,
    runFolder,
    snapshotFolder,
    async restore(path) {
      await rename(path, loading);
      await syncFolder(snapshotFolder);
      return await load();
    },
    wipe,
    async close() {
      await blobs.close();
      await store.close();
      await rm(runFolder, { recursive: true, force: true });
    },
  };
}

const ownFolders = ['code', 'store', 'blobs', 'snapshots'];

// A data folder that was there before may be open to everybody, and stays as its owner made it: what is ours in it is not.
async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
}

// A snapshot of this name is whole, and the state may be neither the one before it nor its own.
const loadingName = 'loading.snapshot';
// While there is a file of this name, a part of the state may be gone.
const wipingName = 'wiping';

/** Removes drafts that a kill left behind; tells whether it interrupted a reset or the loading of a snapshot. */
async function emptySnapshotFolder(folder: string): Promise<typeof wipingName | typeof loadingName | undefined> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = await readdir(folder);
  for (const name of names) if (name !== loadingName && name !== wipingName) await rm(join(folder, name), { recursive: true, force: true });
  return names.includes(wipingName) ? wipingName : names.includes(loadingName) ? loadingName : undefined;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

// The same data folder always gets the same run folder, so that what a killed server left behind is found and removed.
async function makeRunFolder(dataFolder: string | undefined): Promise<string> {
  if (dataFolder === undefined) return await mkdtemp(join(tmpdir(), 'haneul-'));
  const name = createHash('sha256').update(dataFolder).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), `haneul-${name}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const status = await lstat(folder);
  const uid = process.getuid?.();
  // In a shared temporary folder somebody else may have made it first, to read or replace our sockets.
  if (!status.isDirectory() || (uid !== undefined && status.uid !== uid)) {
    throw new UserFacingError(`${folder} belongs to somebody else.`, 'Remove it, or set TMPDIR to a folder of your own.');
  }
  return folder;
}
