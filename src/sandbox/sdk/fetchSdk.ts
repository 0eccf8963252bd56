import { spawn } from 'node:child_process';
import { copyFile, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { InstalledInterpreter } from '../interpreters.ts';
import { findExecutable, isExecutableFile } from '../launcher/tools.ts';
import type { ProcessEnvironment } from '../launcher/tools.ts';
import type { SdkFamily } from './openSdkStore.ts';

export interface FetchOptions {
  readonly family: SdkFamily;
  /** The folder that names every package with its hash. */
  readonly pins: string;
  /** Empty; the packages are put below it, see {@link packagesFolders}. */
  readonly folder: string;
  readonly environment: ProcessEnvironment;
  readonly interpreters: readonly InstalledInterpreter[];
}

/** Node.js finds the dependencies of a package only in a folder of this name. */
export const packagesFolders: Readonly<Record<SdkFamily, string>> = { node: 'node_modules', python: 'site-packages' };

export interface Fetching {
  /** Rejects with why it failed, in the package manager's last words. */
  readonly done: Promise<void>;
  kill(): void;
}

/** Fills a folder by the ordinary package manager, in a process of its own. Both check every package against its hash. */
export function fetchSdk(options: FetchOptions): Fetching {
  let end = (): void => undefined;
  let isKilled = false;
  const run = async (command: readonly string[], folder: string): Promise<void> => {
    if (isKilled) throw new Error('it was given up');
    const running = runCommand(command, folder, options.environment);
    end = running.kill;
    await running.done;
  };
  return {
    done: options.family === 'node' ? fetchFromNpm(options, run) : fetchFromPyPi(options, run),
    kill() {
      isKilled = true;
      end();
    },
  };
}

type Run = (command: readonly string[], folder: string) => Promise<void>;

async function fetchFromNpm({ pins, folder, environment }: FetchOptions, run: Run): Promise<void> {
  const beside = join(dirname(process.execPath), 'npm');
  const npm = findExecutable('npm', environment) ?? (isExecutableFile(beside) ? beside : undefined);
  if (npm === undefined) throw new Error('npm is not installed');
  for (const name of ['package.json', 'package-lock.json']) await copyFile(join(pins, name), join(folder, name));
  const patience = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=60000'];
  await run([npm, 'ci', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error', ...patience], folder);
  await removeTypes(join(folder, packagesFolders.node));
}

/** Two thirds of the SDK are declarations for compilers. */
async function removeTypes(packages: string): Promise<void> {
  for (const scope of await readdir(packages)) {
    if (!scope.startsWith('@')) continue;
    for (const name of await readdir(join(packages, scope))) await rm(join(packages, scope, name, 'dist-types'), { recursive: true, force: true });
  }
}

async function fetchFromPyPi({ pins, folder, environment, interpreters }: FetchOptions, run: Run): Promise<void> {
  const pip = await findPip(environment, interpreters, (command) => run(command, folder));
  await run(
    [
      ...pip, 'install', '--target', join(folder, packagesFolders.python), '--no-deps', '--require-hashes', '--only-binary', ':all:', '--no-input', '--quiet', '--retries', '1', '--timeout', '20', '-r', join(pins, 'requirements.txt'),
    ],
    folder,
  );
}

/** A module of one of the interpreters, or a program of its own. */
async function findPip(environment: ProcessEnvironment, interpreters: readonly InstalledInterpreter[], run: (command: readonly string[]) => Promise<void>): Promise<readonly string[]> {
  for (const { family, path } of interpreters) {
    if (family !== 'python') continue;
    const command = [path, '-m', 'pip'];
    if (await run([...command, '--version']).then(() => true, () => false)) return command;
  }
  const program = findExecutable('pip3', environment);
  if (program === undefined) throw new Error('pip is not installed (sudo apt-get install python3-pip)');
  return [program];
}

// A person's own settings would be in the way: `user` excludes `--target`. Older versions do not know all of these as options.
const pipSettings = { PIP_USER: '0', PIP_ROOT_USER_ACTION: 'ignore', PIP_DISABLE_PIP_VERSION_CHECK: '1' };

interface Running {
  readonly done: Promise<void>;
  readonly kill: () => void;
}

function runCommand(command: readonly string[], folder: string, environment: ProcessEnvironment): Running {
  // Readable by the users that functions run as, whatever the server's own mask is.
  const child = spawn('/bin/sh', ['-c', 'umask 022; exec "$@"', 'sh', ...command], {
    cwd: folder, env: { ...environment, ...pipSettings }, stdio: ['ignore', 'ignore', 'pipe'], detached: true,
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-4_000)));
  const done = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const words = complaint.trim().split('\n').filter((line) => !/npm warn|complete log|^\[notice\]/i.test(line)).slice(0, 3).join(' ').slice(0, 400);
      if (code === 0) resolve();
      else reject(new Error(words || `the package manager ended with ${signal ?? code}`));
    });
  });
  return {
    done,
    kill() {
      try {
        if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended meanwhile.
      }
    },
  };
}
