// One thing that functions may need and this host may lack: an SDK, an interpreter. It is fetched once, into a folder of the cache that
// every server of this user shares, and is either complete there or absent.
import { statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { hexId } from '../../base/ids.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { createDeferred } from '../deferred.ts';
import { fetchMs, fetchProgressMs, fetchRetryMs, fetchWaitMs } from './limits.ts';

export interface ShelfCache {
  /** Undefined: nothing is kept and nothing is fetched. */
  readonly cacheFolder: string | undefined;
  /** What is in the cache is used, nothing is fetched. */
  readonly offline: boolean;
  readonly wall: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface ShelfOptions extends ShelfCache {
  /** Names the folder; changes when the contents would. */
  readonly name: string;
  /** For people: `the AWS SDK for JavaScript`. */
  readonly what: string;
  /** What becomes of functions that need it and do not get it: `functions that do not bring it run without`. */
  readonly without: string;
  /** What a person can do when it cannot be fetched. */
  readonly remedy: string;
  /** Fills an empty folder; ends at once when the signal says so. */
  readonly fetch: (folder: string, signal: AbortSignal) => Promise<void>;
}

export interface Shelf {
  /** The folder, if all of it is there. */
  ready(): string | undefined;
  /** Fetches it if need be and waits, but not for ever. */
  wait(): Promise<string | undefined>;
  /** Whether it is worth asking for: fetching goes on, or has not been tried (again) yet. */
  canCome(): boolean;
  isFetching(): boolean;
  close(): void;
}

/** Nothing is looked at before it is asked for. */
export function openShelf(options: ShelfOptions): Shelf {
  const { cacheFolder, wall, log, what, without } = options;
  const folder = cacheFolder === undefined ? undefined : join(cacheFolder, options.name);
  const closed = createDeferred<void>();
  const end = new AbortController();
  let isReady = false;
  let retryAtMs = 0;
  let isWarned = false;
  let fetching: Promise<void> | undefined;

  function ready(): string | undefined {
    isReady ||= folder !== undefined && isComplete(folder);
    return isReady ? folder : undefined;
  }

  async function fetch(target: string, cache: string): Promise<void> {
    const startedMs = wall.now();
    const seconds = (): number => Math.round((wall.now() - startedMs) / 1000);
    log.info(`fetching ${what} for functions, once`, { to: target });
    const stopTelling = repeat(wall, () => log.info(`still fetching ${what}`, { seconds: seconds() }));
    const tooLong = new AbortController();
    const cancelLimit = wall.at(startedMs + fetchMs, () => tooLong.abort());
    try {
      await fill(options, target, cache, AbortSignal.any([end.signal, tooLong.signal]));
      log.info(`${what} is there`, { seconds: seconds() });
    } catch (error) {
      retryAtMs = wall.now() + fetchRetryMs;
      log.warn(`${what} could not be fetched: ${without}`, { reason: error instanceof Error ? error.message : String(error), remedy: options.remedy });
    } finally {
      stopTelling();
      cancelLimit();
      fetching = undefined;
    }
  }

  const canCome = (): boolean => folder !== undefined && !options.offline && !end.signal.aborted && (fetching !== undefined || wall.now() >= retryAtMs);

  return {
    ready,
    canCome,
    async wait() {
      const found = ready();
      if (found !== undefined) return found;
      if (folder === undefined || cacheFolder === undefined || options.offline) {
        if (!isWarned) log.warn(`${what} is not there and nothing is fetched: ${without}`, { remedy: 'start once without --offline' });
        isWarned = true;
        return undefined;
      }
      if (!canCome()) return undefined;
      fetching ??= fetch(folder, cacheFolder);
      const limit = createDeferred<void>();
      const cancel = wall.at(wall.now() + fetchWaitMs, () => limit.resolve());
      await Promise.race([fetching, limit.promise, closed.promise]);
      cancel();
      const fetched = ready();
      if (fetched === undefined && fetching !== undefined && !end.signal.aborted) log.warn(`a function was started without ${what}: it is still being fetched`);
      return fetched;
    },
    isFetching: () => fetching !== undefined,
    close() {
      closed.resolve();
      end.abort();
    },
  };
}

/** Under a name of its own first, so that the last step makes it complete all at once. */
async function fill({ fetch, wall, random }: ShelfOptions, target: string, cache: string, signal: AbortSignal): Promise<void> {
  const partial = join(cache, `partial-${hexId(random, 12)}`);
  try {
    await mkdir(cache, { recursive: true, mode: 0o755 });
    assertOwn(cache);
    await removeLeftovers(cache, wall.now() - 2 * fetchMs);
    await mkdir(partial, { mode: 0o755 });
    await fetch(partial, signal);
    await writeFile(join(partial, '.complete'), '');
    // Another server may have been quicker; its copy is the same.
    await rename(partial, target).catch((error: unknown) => {
      if (!isComplete(target)) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

function repeat(wall: Clock, tell: () => void): () => void {
  let cancel = (): void => undefined;
  const next = (): void => {
    cancel = wall.at(wall.now() + fetchProgressMs, () => {
      tell();
      next();
    });
  };
  next();
  return () => cancel();
}

/** What lies in it runs in functions, with their credentials: a folder that somebody else can write to is none. */
function assertOwn(folder: string): void {
  const { uid, mode } = statSync(folder);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) throw new Error(`${folder} belongs to somebody else, or others may write to it`);
}

function isComplete(folder: string): boolean {
  const found = statSync(join(folder, '.complete'), { throwIfNoEntry: false });
  return found !== undefined && (process.getuid === undefined || found.uid === process.getuid());
}

/** What a killed server left half fetched. */
async function removeLeftovers(cache: string, beforeMs: number): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith('partial-')) continue;
    const found = await stat(join(cache, name)).catch(() => undefined);
    if (found && found.mtimeMs < beforeMs) await rm(join(cache, name), { recursive: true, force: true });
  }
}
