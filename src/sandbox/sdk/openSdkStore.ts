// On AWS `require('@aws-sdk/client-…')` and `import boto3` work in a function that does not bring them. So they do here: what
// `pins/` names, version and hash, is fetched once by npm or pip into a cache that every server of this user shares, when the first
// function that speaks of it starts.
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { hexId } from '../../base/ids.ts';
import type { Logger } from '../../base/log.ts';
import { packageRoot } from '../../base/packageRoot.ts';
import type { Random } from '../../base/random.ts';
import { createDeferred } from '../deferred.ts';
import type { InstalledInterpreter } from '../interpreters.ts';
import type { ProcessEnvironment } from '../launcher/tools.ts';
import type { EnvironmentSpec } from '../types.ts';
import { fetchSdk, packagesFolders } from './fetchSdk.ts';
import type { Fetching } from './fetchSdk.ts';
import { oldestInterpreter, sdkFetchMs, sdkProgressMs, sdkRetryMs, sdkWaitMs, searchedPackagesMax } from './limits.ts';
import { usesSdk } from './usesSdk.ts';

export type SdkFamily = 'node' | 'python';

export interface SdkStoreOptions {
  /** Undefined: nothing is kept and nothing is fetched. */
  readonly cacheFolder: string | undefined;
  /** What is in the cache is used, nothing is fetched. */
  readonly offline: boolean;
  /** For npm and pip, which have settings of their own there (proxies, registries). */
  readonly environment: ProcessEnvironment;
  readonly interpreters: readonly InstalledInterpreter[];
  readonly wall: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface SdkStore {
  /** The folder of the SDK for this function; waits for it, within a bound, when the function speaks of it. */
  find(spec: Pick<EnvironmentSpec, 'codeFolder' | 'layersFolder'>, interpreter: InstalledInterpreter): Promise<string | undefined>;
  close(): void;
}

const names: Readonly<Record<SdkFamily, string>> = { node: 'the AWS SDK for JavaScript', python: 'boto3' };
const pinFiles: Readonly<Record<SdkFamily, string>> = { node: 'package-lock.json', python: 'requirements.txt' };

export function openSdkStore(options: SdkStoreOptions): SdkStore {
  const shelves = new Map<SdkFamily, Shelf>();
  const searched = new Map<string, Promise<boolean>>();
  let isClosed = false;

  function shelfOf(family: SdkFamily): Shelf {
    const shelf = shelves.get(family) ?? openShelf(family, options);
    shelves.set(family, shelf);
    return shelf;
  }

  /** A package never changes in its folder, so each is searched once. */
  function isWanted(spec: Pick<EnvironmentSpec, 'codeFolder' | 'layersFolder'>, family: SdkFamily): Promise<boolean> {
    const folders = [spec.codeFolder, ...(spec.layersFolder === undefined ? [] : [spec.layersFolder])];
    const key = [family, ...folders].join('\0');
    const answer = searched.get(key) ?? usesSdk(folders, family).catch(() => true);
    if (searched.size >= searchedPackagesMax) searched.clear();
    searched.set(key, answer);
    return answer;
  }

  return {
    async find(spec, interpreter) {
      const { family } = interpreter;
      if (isClosed || isOlder(interpreter)) return undefined;
      const shelf = shelfOf(family);
      const ready = await shelf.ready();
      if (ready !== undefined || !(await isWanted(spec, family))) return ready;
      return await shelf.wait();
    },
    close() {
      isClosed = true;
      for (const shelf of shelves.values()) shelf.close();
    },
  };
}

interface Shelf {
  ready(): Promise<string | undefined>;
  /** Fetches it if need be and waits, but not for ever. */
  wait(): Promise<string | undefined>;
  close(): void;
}

function openShelf(family: SdkFamily, options: SdkStoreOptions): Shelf {
  const { cacheFolder, wall, log } = options;
  const pins = join(packageRoot, 'src', 'sandbox', 'sdk', 'pins', family);
  const hash = createHash('sha256').update(readFileSync(join(pins, pinFiles[family]))).digest('hex').slice(0, 16);
  const folder = cacheFolder === undefined ? undefined : join(cacheFolder, `sdk-${family}-${hash}`);
  const closed = createDeferred<void>();
  let isReady = false;
  let retryAtMs = 0;
  let isWarned = false;
  let fetching: Promise<void> | undefined;
  let current: Fetching | undefined;

  async function ready(): Promise<string | undefined> {
    isReady ||= folder !== undefined && (await isComplete(folder));
    return isReady && folder !== undefined ? join(folder, packagesFolders[family]) : undefined;
  }

  async function fetch(target: string, cache: string): Promise<void> {
    const startedMs = wall.now();
    const partial = join(cache, `partial-${family}-${hexId(options.random, 12)}`);
    log.info(`fetching ${names[family]} for functions, once`, { to: target });
    let cancelProgress = (): void => undefined;
    const progress = (): void => {
      log.info(`still fetching ${names[family]}`, { seconds: Math.round((wall.now() - startedMs) / 1000) });
      cancelProgress = wall.at(wall.now() + sdkProgressMs, progress);
    };
    cancelProgress = wall.at(wall.now() + sdkProgressMs, progress);
    const cancelLimit = wall.at(wall.now() + sdkFetchMs, () => current?.kill());
    try {
      await mkdir(cache, { recursive: true, mode: 0o755 });
      assertOwn(cache);
      await removeLeftovers(cache, wall.now() - 2 * sdkFetchMs);
      await mkdir(partial, { mode: 0o755 });
      current = fetchSdk({ family, pins, folder: partial, environment: options.environment, interpreters: options.interpreters });
      await current.done;
      await writeFile(join(partial, '.complete'), '');
      // Another server may have been quicker; its copy is the same.
      await rename(partial, target).catch(() => rm(partial, { recursive: true, force: true }));
      log.info(`${names[family]} is there`, { seconds: Math.round((wall.now() - startedMs) / 1000) });
    } catch (error) {
      retryAtMs = wall.now() + sdkRetryMs;
      await rm(partial, { recursive: true, force: true });
      log.warn(`${names[family]} could not be fetched: functions that do not bring it run without`, {
        reason: error instanceof Error ? error.message : String(error), remedy: 'check the network, or put it into the package of the function',
      });
    } finally {
      cancelProgress();
      cancelLimit();
      current = undefined;
      fetching = undefined;
    }
  }

  return {
    ready,
    async wait() {
      if (folder === undefined || cacheFolder === undefined || options.offline) {
        if (!isWarned) log.warn(`${names[family]} is not there and nothing is fetched: functions that do not bring it run without`, { remedy: 'start once without --offline' });
        isWarned = true;
        return undefined;
      }
      if (fetching === undefined && wall.now() < retryAtMs) return undefined;
      fetching ??= fetch(folder, cacheFolder);
      const limit = createDeferred<void>();
      const cancel = wall.at(wall.now() + sdkWaitMs, () => limit.resolve());
      await Promise.race([fetching, limit.promise, closed.promise]);
      cancel();
      const found = await ready();
      if (found === undefined && fetching !== undefined) log.warn(`a function was started without ${names[family]}: it is still being fetched`);
      return found;
    },
    close() {
      closed.resolve();
      current?.kill();
    },
  };
}

/** What lies in it runs in functions, with their credentials: a folder that somebody else can write to is none. */
function assertOwn(folder: string): void {
  const { uid, mode } = statSync(folder);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) throw new Error(`${folder} belongs to somebody else, or others may write to it`);
}

async function isComplete(folder: string): Promise<boolean> {
  const found = await stat(join(folder, '.complete')).catch(() => undefined);
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

function isOlder({ family, version }: InstalledInterpreter): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldMajor, oldMinor] = oldestInterpreter[family];
  return major < oldMajor || (major === oldMajor && minor < oldMinor);
}
