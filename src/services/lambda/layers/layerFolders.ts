// What environments see at /opt: the unpacked layer, or a folder that several are merged into. The same layers in the same order
// share one folder, whichever functions have them; it is derived, and made again when it is missing.
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../../base/log.ts';
import type { WorkPool } from '../../../workers/pool.ts';
import { mergedFoldersIdleMax } from '../limits.ts';
import { mergedPrefix, temporaryPrefix } from '../packages/packageStore.ts';
import type { PackageHold, PackageStore } from '../packages/packageStore.ts';
import type { RemoveInput } from '../packages/removeTask.ts';
import type { CodeReference } from '../store.ts';
import type { MergeInput } from './mergeTask.ts';

export interface LayerFolders {
  /** The folder of these layers, in their order; undefined when there are none. */
  open(codes: readonly CodeReference[]): Promise<PackageHold | undefined>;
  /** Resolves when removals under way are done. */
  settle(): Promise<void>;
}

export interface LayerFoldersDeps {
  readonly packages: PackageStore;
  readonly work: WorkPool;
  readonly codeFolder: string;
  readonly log: Logger;
}

interface Merged {
  readonly folder: string;
  /** Rejects when it could not be made. */
  readonly ready: Promise<void>;
  holds: number;
}

const mergeTask = new URL('./mergeTask.js', import.meta.url);
const removeTask = new URL('../packages/removeTask.js', import.meta.url);

export function createLayerFolders({ packages, work, codeFolder, log }: LayerFoldersDeps): LayerFolders {
  /** In the order of their last use. */
  const known = new Map<string, Merged>();
  const removals = new Set<Promise<void>>();
  const settled = (): Promise<unknown> => Promise.all(removals);

  async function make(codes: readonly CodeReference[], folder: string): Promise<void> {
    const parts = await openAll(packages, codes);
    const target = await mkdtemp(join(codeFolder, temporaryPrefix));
    try {
      await work.runTask<MergeInput, void>(mergeTask, { folders: parts.map((part) => part.folder), target });
      // mkdtemp makes 0700; the function's user must be able to read it.
      await chmod(target, 0o755);
      // One of the same name may be on its way out.
      await settled();
      await rename(target, folder);
    } catch (error) {
      await remove(target);
      throw error;
    } finally {
      for (const part of parts) part.release();
    }
  }

  function remove(folder: string): Promise<void> {
    const removal = work
      .runTask<RemoveInput, void>(removeTask, { folder })
      .catch((error: unknown) => log.warn('a folder of merged layers could not be removed, the next start will', { error: String(error) }));
    removals.add(removal);
    void removal.finally(() => removals.delete(removal));
    return removal;
  }

  function removeIdle(): void {
    const idle = [...known].filter(([, { holds }]) => holds === 0);
    for (const [name, { folder }] of idle.slice(0, Math.max(0, idle.length - mergedFoldersIdleMax))) {
      known.delete(name);
      void remove(folder);
    }
  }

  async function openMerged(codes: readonly CodeReference[]): Promise<PackageHold> {
    const name = createHash('sha256').update(codes.map(({ sha256 }) => sha256).join(' ')).digest('hex');
    const folder = join(codeFolder, mergedPrefix + name);
    const merged = known.get(name) ?? { folder, ready: make(codes, folder), holds: 0 };
    known.delete(name);
    known.set(name, merged);
    merged.holds += 1;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      merged.holds -= 1;
      removeIdle();
    };
    try {
      await merged.ready;
      // Somebody may have tidied up below the server.
      await stat(folder);
      return { folder, release };
    } catch (error) {
      if (known.get(name) === merged) known.delete(name);
      release();
      throw error;
    }
  }

  return {
    async open(codes) {
      const [first, second] = codes;
      if (first === undefined) return undefined;
      return second === undefined ? packages.open(first) : openMerged(codes);
    },
    async settle() {
      await settled();
    },
  };
}

async function openAll(packages: PackageStore, codes: readonly CodeReference[]): Promise<PackageHold[]> {
  const opened: PackageHold[] = [];
  try {
    for (const code of codes) opened.push(await packages.open(code));
    return opened;
  } catch (error) {
    for (const part of opened) part.release();
    throw error;
  }
}
