import { mkdir, readdir } from 'node:fs/promises';
import type { Clock } from '../../../base/clock.ts';
import { systemErrorCode, UserFacingError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/log.ts';
import { type Metrics, silentMetrics } from '../../../base/metrics.ts';
import type { Random } from '../../../base/random.ts';
import type { Engine } from '../../engine.ts';
import { measureEngine } from '../../measureEngine.ts';
import { createOptimisticStore } from '../../optimistic/optimisticStore.ts';
import type { Store } from '../../store.ts';
import { requireFormat, writeFormat } from './formatFile.ts';
import { openLmdbEngine } from './lmdbEngine.ts';
import { acquireOwnerLock } from './ownerLock.ts';

export interface EmbeddedStoreOptions {
  /** Created when missing. Only this store's files belong in it. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics?: Metrics;
}

/** A durable store in a directory that this process alone owns. What cannot be opened is a {@link UserFacingError}. */
export async function openEmbeddedStore({ folder, clock, random, log, metrics = silentMetrics }: EmbeddedStoreOptions): Promise<Store> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = await acquireOwnerLock(folder, random);
    try {
      await requireFormat(folder);
      const engine = openLmdbEngine(folder);
      log.debug('store opened', { folder });
      return createOptimisticStore({ engine: withFolderCare(measureEngine(engine, metrics), lock.release), clock, random });
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw explainOpenFailure(error, folder);
  }
}

function withFolderCare(engine: Engine, release: () => Promise<void>): Engine {
  return {
    ...engine,
    async backup(target) {
      await mkdir(target, { recursive: true, mode: 0o700 });
      if ((await readdir(target)).length > 0) {
        throw new UserFacingError(`the backup folder ${target} is not empty`, 'choose an empty or a new folder');
      }
      await engine.backup(target);
      await writeFormat(target);
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
