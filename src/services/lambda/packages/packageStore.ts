// Packages live twice: as the uploaded archive in the blob store (the truth) and unpacked in `codeFolder/<sha256>`, shared by
// all functions with the same content. The folder is derived: it is made again from the archive whenever it is missing.
import { chmod, mkdir, mkdtemp, readFile, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, systemErrorCode } from '../../../base/errors.ts';
import type { Logger } from '../../../base/log.ts';
import type { BlobId, BlobStore } from '../../../blob/blobStore.ts';
import type { Store } from '../../../kv/store.ts';
import type { WorkPool } from '../../../workers/pool.ts';
import { errors } from '../errors.ts';
import { archiveEntriesMax, archivePathBytesMax, unzippedBytesMax, zippedBytesFromBucketMax } from '../limits.ts';
import { isPackageUsed } from '../store.ts';
import type { CodeReference } from '../store.ts';
import { layerCacheName } from '../images/imageUnpacker.ts';
import type { ImageUnpacker } from '../images/imageUnpacker.ts';
import { programOf } from '../images/imageDocument.ts';
import type { ImageDocument } from '../images/imageDocument.ts';
import type { RemoveInput } from './removeTask.ts';
import type { UnpackAnswer, UnpackInput } from './unpackTask.ts';

export interface PackageStoreDeps {
  readonly store: Store;
  readonly blobs: Pick<BlobStore, 'write' | 'filePath' | 'delete'>;
  readonly work: WorkPool;
  readonly log: Logger;
  readonly codeFolder: string;
  /** For functions of PackageType Image. */
  readonly imageUnpacker?: ImageUnpacker;
}

/** Keeps an unpacked package in place until it is released. */
export interface PackageHold {
  readonly folder: string;
  readonly release: () => void;
}

interface UnpackedPackage extends PackageHold {
  readonly sha256: string;
  readonly unzippedBytes: number;
  readonly nativeArchitectures: readonly string[];
  readonly nativePythons: readonly string[];
  readonly javaRelease?: number;
}

export interface PackageStore {
  /** Checks, unpacks and stores an uploaded archive, and runs `commit`, which makes the rows that own it. When that fails, nothing stays. */
  add<Result>(archive: Uint8Array, signal: AbortSignal, commit: (code: CodeReference) => Promise<Result>): Promise<Result>;
  /** The same for an image, whose document is stored instead. */
  addImage<Result>(document: ImageDocument, signal: AbortSignal, commit: (code: CodeReference) => Promise<Result>): Promise<Result>;
  /** Where the unpacked package is while somebody needs it. */
  folderOf(code: CodeReference): string;
  /** The unpacked package of a stored archive. */
  open(code: CodeReference): Promise<PackageHold>;
  /** Removes the folder of a package once no row and no hold needs it. */
  forget(sha256: string): void;
  /** Once, before the first use: removes what an earlier run left behind. */
  recover(): Promise<void>;
  /** Resolves when removals under way are done. */
  settle(): Promise<void>;
}

const unpackTask = new URL('./unpackTask.js', import.meta.url);
const removeTask = new URL('./removeTask.js', import.meta.url);
const limits = { unzippedBytesMax, entriesMax: archiveEntriesMax, pathBytesMax: archivePathBytesMax };
/** Of folders that are being made; what is left of them goes with the next start, as merged ones do. */
export const temporaryPrefix = 'unpacking-';
export const mergedPrefix = 'merged-';

export function createPackageStore(deps: PackageStoreDeps): PackageStore {
  const { store, blobs, work, log, codeFolder } = deps;
  const holds = new Map<string, number>();
  // Folders that were seen while a hold on them lasts: environments that start in crowds need not look again.
  const present = new Set<string>();
  const doubtful = new Set<string>();
  const removals = new Set<Promise<void>>();
  const exclusive = createExclusive();
  const folderOf = (sha256: string): string => join(codeFolder, sha256);

  function hold(sha256: string): PackageHold {
    holds.set(sha256, (holds.get(sha256) ?? 0) + 1);
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      const left = (holds.get(sha256) ?? 1) - 1;
      if (left > 0) return void holds.set(sha256, left);
      holds.delete(sha256);
      present.delete(sha256);
      if (doubtful.has(sha256)) removeSoon(sha256);
    };
    return { folder: folderOf(sha256), release };
  }

  // Everything that looks at a folder or removes it runs exclusively per package; a hold is taken before or inside.
  function removeSoon(sha256: string): void {
    const removal = exclusive(sha256, async () => {
      // Before the read too: a hold that ends meanwhile may have committed a row that this read does not see.
      if (holds.has(sha256)) return;
      const used = await store.read((tx) => isPackageUsed(tx, sha256));
      if (holds.has(sha256)) return;
      doubtful.delete(sha256);
      if (!used) await removeFolder(work, folderOf(sha256));
    }).catch((error: unknown) => log.error('an unused package could not be removed', { sha256, error: String(error) }));
    removals.add(removal);
    void removal.finally(() => removals.delete(removal));
  }

  /** Unpacks next to the place and renames, so that a folder under its final name is always whole. */
  async function unpack(blobId: BlobId, signal: AbortSignal | undefined): Promise<UnpackedPackage> {
    await mkdir(codeFolder, { recursive: true });
    const target = await mkdtemp(join(codeFolder, temporaryPrefix));
    try {
      const answer = await work.runTask<UnpackInput, UnpackAnswer>(unpackTask, { archivePath: blobs.filePath(blobId), target, limits }, signal === undefined ? {} : { signal });
      if (answer.kind === 'refused') throw refusalOf(answer, log);
      return await exclusive(answer.sha256, async () => {
        if (!(await moveInto(target, folderOf(answer.sha256)))) await removeFolder(work, target);
        return { ...hold(answer.sha256), sha256: answer.sha256, unzippedBytes: answer.unzippedBytes, nativeArchitectures: answer.nativeArchitectures, nativePythons: answer.nativePythons, ...(answer.javaRelease === undefined ? {} : { javaRelease: answer.javaRelease }) };
      });
    } catch (error) {
      // Else the next start removes it.
      await removeFolder(work, target).catch((failure: unknown) => log.warn('a half-made package could not be removed', { error: String(failure) }));
      throw error;
    }
  }

  /** The same for the root of an image. */
  async function unpackImage(blobId: BlobId): Promise<UnpackedPackage> {
    assert(deps.imageUnpacker !== undefined, 'there is nobody who unpacks images');
    await mkdir(codeFolder, { recursive: true });
    const document = JSON.parse(await readFile(blobs.filePath(blobId), 'utf8')) as ImageDocument;
    const sha256 = document.digest.slice('sha256:'.length);
    const held = hold(sha256);
    try {
      await exclusive(`image ${sha256}`, async () => {
        if (await isFolder(held.folder)) return;
        const target = await mkdtemp(join(codeFolder, temporaryPrefix));
        try {
          await deps.imageUnpacker?.unpack(document, target);
          await exclusive(sha256, () => moveInto(target, held.folder));
        } catch (error) {
          await removeFolder(work, target).catch((failure: unknown) => log.warn('a half-made image could not be removed', { error: String(failure) }));
          throw error;
        }
      });
    } catch (error) {
      held.release();
      throw error;
    }
    return { ...held, sha256, unzippedBytes: 0, nativeArchitectures: [], nativePythons: [] };
  }

  return {
    folderOf: ({ sha256 }) => folderOf(sha256),
    async addImage(document, _signal, commit) {
      const { id } = await blobs.write(Buffer.from(JSON.stringify(document)));
      try {
        const held = await unpackImage(id);
        doubtful.add(held.sha256);
        try {
          const { architecture } = programOf(document);
          return await commit({ blobId: id, isImage: true, sha256: held.sha256, zippedBytes: 0, unzippedBytes: 0, nativeArchitectures: architecture === undefined ? [] : [architecture] });
        } finally {
          held.release();
        }
      } catch (error) {
        await blobs.delete(id);
        throw error;
      }
    },
    async add(archive, signal, commit) {
      if (archive.length === 0) throw errors.emptyArchive();
      if (archive.length > zippedBytesFromBucketMax) throw errors.zippedTooLarge(zippedBytesFromBucketMax);
      // Its hash is taken by the thread that unpacks it.
      const { id } = await blobs.write(archive);
      try {
        const held = await unpack(id, signal);
        // Until a row names it the package is doubtful: a request that fails later must not leave a folder.
        doubtful.add(held.sha256);
        try {
          const { sha256, unzippedBytes, nativeArchitectures, nativePythons, javaRelease } = held;
          return await commit({ blobId: id, sha256, zippedBytes: archive.length, unzippedBytes, nativeArchitectures, nativePythons, ...(javaRelease === undefined ? {} : { javaRelease }) });
        } finally {
          held.release();
        }
      } catch (error) {
        await blobs.delete(id);
        throw error;
      }
    },
    async open(code) {
      const held = hold(code.sha256);
      if (present.has(code.sha256)) return held;
      try {
        // One at a time: after a restart many environments of a function may ask at once.
        await exclusive(`open ${code.sha256}`, async () => {
          if (present.has(code.sha256) || (await exclusive(code.sha256, () => isFolder(held.folder)))) return void present.add(code.sha256);
          const again = code.isImage === true ? await unpackImage(code.blobId) : await unpack(code.blobId, undefined);
          again.release();
          assert(again.sha256 === code.sha256, 'a stored package is not what it was', { blobId: code.blobId });
          present.add(code.sha256);
        });
        return held;
      } catch (error) {
        held.release();
        throw error;
      }
    },
    forget(sha256) {
      doubtful.add(sha256);
      if (!holds.has(sha256)) removeSoon(sha256);
    },
    recover: () => recover(deps),
    async settle() {
      await Promise.all(removals);
    },
  };
}

function refusalOf(answer: UnpackAnswer & { readonly kind: 'refused' }, log: Logger): Error {
  log.info('a deployment package was refused', { reason: answer.reason, detail: answer.detail });
  if (answer.reason === 'too-large') return errors.unzippedTooLarge(unzippedBytesMax);
  return answer.reason === 'empty' ? errors.emptyArchive() : errors.brokenArchive();
}

/** False when the folder is there already. */
async function moveInto(from: string, to: string): Promise<boolean> {
  if (await isFolder(to)) return false;
  // mkdtemp makes 0700; the function's user must be able to read its code.
  await chmod(from, 0o755);
  await rename(from, to);
  return true;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

// Folders are not synced to the disk: after a power loss a renamed one may hold empty files, after a mere kill it may not.
// So they outlive the server, and not the machine's boot.
async function recover({ store, work, codeFolder, log }: PackageStoreDeps): Promise<void> {
  await mkdir(codeFolder, { recursive: true });
  const marker = join(codeFolder, 'boot');
  const boot = await readText('/proc/sys/kernel/random/boot_id');
  const sameBoot = boot !== undefined && boot === (await readText(marker));
  for (const name of await readdir(codeFolder)) {
    const isPackage = /^[0-9a-f]{64}$/.test(name);
    if (!isPackage && !name.startsWith(temporaryPrefix) && !name.startsWith(mergedPrefix) && name !== layerCacheName) continue;
    if (name === layerCacheName && sameBoot) continue;
    if (isPackage && sameBoot && (await store.read((tx) => isPackageUsed(tx, name)))) continue;
    log.debug('removing an unpacked package of an earlier run', { name });
    await removeFolder(work, join(codeFolder, name));
  }
  if (boot !== undefined) await writeFile(marker, boot);
}

function removeFolder(work: WorkPool, folder: string): Promise<void> {
  return work.runTask<RemoveInput, void>(removeTask, { folder });
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Runs one piece of work at a time per name. */
function createExclusive(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const tails = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const before = tails.get(name) ?? Promise.resolve();
    const result = before.then(work, work);
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    tails.set(name, tail);
    void tail.then(() => {
      if (tails.get(name) === tail) tails.delete(name);
    });
    return result;
  };
}
