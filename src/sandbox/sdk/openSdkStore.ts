// On AWS `require('@aws-sdk/client-…')` and `import boto3` work in a function that does not bring them. So they do here: what
// `pins/` names, version and hash, is fetched once by npm or pip into a cache that every server of this user shares, when the first
// function that speaks of it starts.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../base/packageRoot.ts';
import { openShelf } from '../fetching/openShelf.ts';
import type { Shelf, ShelfCache } from '../fetching/openShelf.ts';
import type { InstalledInterpreter } from '../interpreters.ts';
import type { ProcessEnvironment } from '../launcher/tools.ts';
import type { EnvironmentSpec, Interpreter } from '../types.ts';
import { fetchSdk, packagesFolders } from './fetchSdk.ts';
import { oldestInterpreter, searchedPackagesMax } from './limits.ts';
import { usesSdk } from './usesSdk.ts';

export type SdkFamily = 'node' | 'python';

/** What decides whether there is an SDK for a program. */
export type SdkUser = Pick<Interpreter, 'version'> & { readonly family: SdkFamily };

export interface SdkStoreOptions extends ShelfCache {
  /** For npm and pip, which have settings of their own there (proxies, registries). */
  readonly environment: ProcessEnvironment;
  readonly interpreters: readonly InstalledInterpreter[];
}

export interface SdkStore {
  /** The folder of the SDK for this interpreter if it is there already. */
  known(user: SdkUser): string | undefined;
  /** The folder of the SDK for this function; waits for it, within a bound, when the function speaks of it. */
  find(spec: Pick<EnvironmentSpec, 'codeFolder' | 'layersFolder'>, user: SdkUser): Promise<string | undefined>;
  close(): void;
}

const names: Readonly<Record<SdkFamily, string>> = { node: 'the AWS SDK for JavaScript', python: 'boto3' };
const pinFiles: Readonly<Record<SdkFamily, string>> = { node: 'package-lock.json', python: 'requirements.txt' };

/** Fetches nothing before a function needs it. */
export function openSdkStore(options: SdkStoreOptions): SdkStore {
  const shelves = new Map<SdkFamily, Shelf>();
  const searched = new Map<string, Promise<boolean>>();
  let isClosed = false;

  function shelfOf(family: SdkFamily): Shelf {
    const shelf = shelves.get(family) ?? shelfFor(family, options);
    shelves.set(family, shelf);
    return shelf;
  }

  const packagesIn = (folder: string | undefined, family: SdkFamily): string | undefined => folder && join(folder, packagesFolders[family]);

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
    known: (user) => (isClosed || isOlder(user) ? undefined : packagesIn(shelfOf(user.family).ready(), user.family)),
    async find(spec, user) {
      const { family } = user;
      if (isClosed || isOlder(user)) return undefined;
      const shelf = shelfOf(family);
      const ready = shelf.ready();
      if (ready !== undefined || !(await isWanted(spec, family))) return packagesIn(ready, family);
      return packagesIn(await shelf.wait(), family);
    },
    close() {
      isClosed = true;
      for (const shelf of shelves.values()) shelf.close();
    },
  };
}

function shelfFor(family: SdkFamily, options: SdkStoreOptions): Shelf {
  const { environment, interpreters } = options;
  const pins = join(packageRoot, 'src', 'sandbox', 'sdk', 'pins', family);
  const hash = createHash('sha256').update(readFileSync(join(pins, pinFiles[family]))).digest('hex').slice(0, 16);
  return openShelf({
    ...options,
    name: `sdk-${family}-${hash}`,
    what: names[family],
    without: 'functions that do not bring it run without',
    remedy: 'check the network, or put it into the package of the function',
    fetch: (folder, signal) => fetchSdk({ family, pins, folder, environment, interpreters, signal }),
  });
}

function isOlder({ family, version }: SdkUser): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldMajor, oldMinor] = oldestInterpreter[family];
  return major < oldMajor || (major === oldMajor && minor < oldMinor);
}
