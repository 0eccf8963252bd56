// V8's compiled code for the JavaScript SDK, made once for each version of Node.js and put beside the packages, where every function reads
// it and none can write. It is made from the pinned packages alone, inside a sandbox: no code of a function ever had a hand in it.
import type { ChildProcess } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hexId } from '../../base/ids.ts';
import type { Logger } from '../../base/log.ts';
import { packageRoot } from '../../base/packageRoot.ts';
import type { Random } from '../../base/random.ts';
import { readResult } from '../fetching/readResult.ts';
import type { InstalledInterpreter } from '../interpreters.ts';
import { dropPrivileges, isolation } from '../launcher/bubblewrapArguments.ts';
import { deviceMounts, foldersAbove, systemMounts } from '../launcher/systemFiles.ts';
import { findExecutable } from '../launcher/tools.ts';
import type { ProcessEnvironment } from '../launcher/tools.ts';
import { codeCacheBytesMax, codeCacheMs } from './limits.ts';

export interface CodeCachesOptions {
  readonly environment: ProcessEnvironment;
  readonly isRoot: boolean;
  /** Whether bubblewrap works here. */
  readonly isConfined: boolean;
  /** Our bootstraps of Node.js. */
  readonly runtimeFolder: string;
  readonly random: Random;
  readonly log: Logger;
}

export interface CodeCaches {
  /** Makes the file for an SDK and an interpreter unless it is there; functions that start meanwhile do without. Resolves when that is over, never rejects. */
  ensure(sdkFolder: string, interpreter: InstalledInterpreter): Promise<void>;
  close(): void;
}

/** Nothing is made before a function needs it, and each at most once by this server. */
export function openCodeCaches(options: CodeCachesOptions): CodeCaches {
  const made = new Map<string, Promise<void>>();
  let running: ChildProcess | undefined;
  let isClosed = false;

  async function make(sdkFolder: string, interpreter: InstalledInterpreter): Promise<void> {
    const file = join(sdkFolder, codeCacheName(interpreter));
    const command = codeCacheCommand(sdkFolder, interpreter, options);
    if (isClosed || command === undefined || statSync(file, { throwIfNoEntry: false })) return;
    const partial = `${file}.${hexId(options.random, 12)}`;
    try {
      const bytes = await readResult(command, { bytesMax: codeCacheBytesMax, timeoutMs: codeCacheMs, onChild: (child) => (running = child) });
      assertWhole(bytes);
      await mkdir(dirname(file), { recursive: true, mode: 0o755 });
      await writeFile(partial, bytes, { mode: 0o644 });
      await rename(partial, file);
      options.log.debug('compiled code of the AWS SDK is kept', { file, bytes: bytes.length });
    } catch (error) {
      await rm(partial, { force: true });
      if (!isClosed) options.log.debug('compiled code of the AWS SDK could not be made: functions compile it themselves', { error: String(error) });
    } finally {
      running = undefined;
    }
  }

  return {
    ensure(sdkFolder, interpreter) {
      const key = `${sdkFolder}\0${interpreter.path}`;
      const making = made.get(key) ?? make(sdkFolder, interpreter);
      made.set(key, making);
      return making;
    },
    close() {
      isClosed = true;
      running?.kill('SIGKILL');
    },
  };
}

/** As bootstraps/node/codeCache.cjs looks for it. */
function codeCacheName({ version }: InstalledInterpreter): string {
  return join('.code-cache', `node-${version}-${process.arch}.bin`);
}

/** What makes the file and prints it to descriptor 3; undefined where none can be made, or used. */
export function codeCacheCommand(sdkFolder: string, interpreter: InstalledInterpreter, options: CodeCachesOptions): readonly string[] | undefined {
  const { environment, isRoot, isConfined, runtimeFolder } = options;
  if (interpreter.family !== 'node') return undefined;
  const builder = (bootstraps: string, packages: string): string[] => [interpreter.path, `${bootstraps}/buildCodeCache.cjs`, packages, ...packageNames()];
  // An ordinary user's functions run as that user in any case; as root, nothing of what was fetched runs unconfined.
  if (!isConfined) return isRoot ? undefined : builder(runtimeFolder, sdkFolder);
  const [bwrap, prlimit, setpriv] = ['bwrap', 'prlimit', 'setpriv'].map((name) => findExecutable(name, environment));
  if (bwrap === undefined || prlimit === undefined || (isRoot && setpriv === undefined)) return undefined;
  return [
    bwrap, ...isolation(isRoot), ...systemMounts(), ...foldersAbove([...interpreter.extraPaths, '/var/runtime']), ...interpreter.extraPaths.flatMap((path) => ['--ro-bind', path, path]),
    '--proc', '/proc', ...deviceMounts(isRoot), '--ro-bind', runtimeFolder, '/var/runtime', '--ro-bind', sdkFolder, '/var/runtime/node_modules', '--remount-ro', '/', '--chdir', '/', '--',
    ...dropPrivileges({ prlimit, setpriv }, isRoot ? nobody : undefined), ...builder('/var/runtime', '/var/runtime/node_modules'),
  ];
}

/** The user that owns nothing, on every Linux. */
const nobody = 65_534;

/** The length of the index, the index, and data without a gap. */
function assertWhole(bytes: Buffer): void {
  const dataStart = 4 + bytes.readUInt32LE(0);
  const index = Object.values(JSON.parse(bytes.toString('utf8', 4, dataStart)) as Record<string, readonly [number, number]>);
  let position = 0;
  for (const [start, length] of index) {
    if (start !== position || !Number.isSafeInteger(length) || length < 0) throw new Error('the data has gaps');
    position += length;
  }
  if (dataStart + position !== bytes.length) throw new Error('the data is not whole');
}

function packageNames(): string[] {
  const pins = JSON.parse(readFileSync(join(packageRoot, 'src', 'sandbox', 'sdk', 'pins', 'node', 'package.json'), 'utf8')) as { readonly dependencies: object };
  return Object.keys(pins.dependencies);
}
