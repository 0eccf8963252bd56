import { mkdir, readdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import { systemErrorCode, UserFacingError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/log.ts';
import { type Metrics, silentMetrics } from '../../../base/metrics.ts';
import type { Random } from '../../../base/random.ts';
import { dataUpgrades } from '../../dataFormat.ts';
import type { DataUpgrade } from '../../dataFormat.ts';
import type { Engine } from '../../engine.ts';
import { measureEngine } from '../../measureEngine.ts';
import { createOptimisticStore } from '../../optimistic/optimisticStore.ts';
import { runUpgrades } from '../../runUpgrades.ts';
import type { UpgradeRun } from '../../runUpgrades.ts';
import type { Store } from '../../store.ts';
import { requireFormat, syncFolder, writeFormat } from './formatFile.ts';
import { openLmdbEngine } from './lmdbEngine.ts';
import { acquireOwnerLock } from './ownerLock.ts';

export interface EmbeddedStoreOptions {
  /** Created when missing. Only this store's files belong in it. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics?: Metrics;
  /** Those of this program, except in tests. */
  readonly upgrades?: readonly DataUpgrade[];
  /** LMDB unless given. */
  readonly openEngine?: (folder: string) => Engine | Promise<Engine>;
}

/**
 * A durable store in a directory that this process alone owns, in the newest format: older data is upgraded before anybody sees it. What
 * cannot be opened is a {@link UserFacingError}.
 */
export async function openEmbeddedStore({
  folder,
  clock,
  random,
  log,
  metrics = silentMetrics,
  upgrades = dataUpgrades,
  openEngine = openLmdbEngine,
}: EmbeddedStoreOptions): Promise<Store> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = await acquireOwnerLock(folder, random);
    try {
      const format = 1 + upgrades.length;
      const from = await requireFormat(folder, format);
      const engine = await openEngine(folder);
      // The data file may be new, and so may the folder.
      for (const made of [folder, dirname(resolve(folder))]) await syncFolder(made);
      log.debug('store opened', { folder });
      const measured = withFolderCare(measureEngine(engine, metrics), format, lock.release);
      const store = createOptimisticStore({ engine: measured, clock, random });
      if (from < format) await upgrade(store, { folder, from, upgrades, log });
      return store;
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw explainOpenFailure(error, folder);
  }
}

async function upgrade(store: Store, { folder, from, upgrades, log }: Pick<UpgradeRun, 'from' | 'upgrades' | 'log'> & { folder: string }): Promise<void> {
  const format = 1 + upgrades.length;
  const mark = (reached: number): Promise<void> => writeFormat(folder, reached < format ? { format, from: reached } : { format });
  try {
    // From the first change on, older programs would misread the directory.
    await mark(from);
    await runUpgrades({ store, from, upgrades, log, onUpgraded: mark });
  } catch (error) {
    await store.close();
    throw error;
  }
}

function withFolderCare(engine: Engine, format: number, release: () => Promise<void>): Engine {
  return {
    ...engine,
    async backup(target) {
      await mkdir(target, { recursive: true, mode: 0o700 });
      if ((await readdir(target)).length > 0) {
        throw new UserFacingError(`the backup folder ${target} is not empty`, 'choose an empty or a new folder');
      }
      await engine.backup(target);
      await writeFormat(target, { format });
    },
    async close() {
      await engine.close();
      await release();
    },
  };
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left',
  EDQUOT: 'no space left',
  ENOTDIR: 'it is not a directory',
  EEXIST: 'it is not a directory',
};

function explainOpenFailure(error: unknown, folder: string): unknown {
  const reason = reasons[systemErrorCode(error) ?? ''];
  return reason === undefined ? error : new UserFacingError(`cannot open the data directory ${folder}: ${reason}`);
}
