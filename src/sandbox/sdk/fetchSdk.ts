import { copyFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { installFromLock, runPackageManager } from '../fetching/packageManager.ts';
import type { PackageManagerRun } from '../fetching/packageManager.ts';
import type { InstalledInterpreter } from '../interpreters.ts';
import { findExecutable } from '../launcher/tools.ts';
import type { SdkFamily } from './openSdkStore.ts';

export interface FetchOptions extends PackageManagerRun {
  readonly family: SdkFamily;
  /** The folder that names every package with its hash. */
  readonly pins: string;
  readonly interpreters: readonly InstalledInterpreter[];
}

/** Node.js finds the dependencies of a package only in a folder of this name. */
export const packagesFolders: Readonly<Record<SdkFamily, string>> = { node: 'node_modules', python: 'site-packages' };

/** Fills a folder, below the one that {@link packagesFolders} names, by the ordinary package manager. Both check every package against its hash. */
export async function fetchSdk(options: FetchOptions): Promise<void> {
  await (options.family === 'node' ? fetchFromNpm(options) : fetchFromPyPi(options));
}

async function fetchFromNpm(options: FetchOptions): Promise<void> {
  const { pins, folder } = options;
  for (const name of ['package.json', 'package-lock.json']) await copyFile(join(pins, name), join(folder, name));
  await installFromLock(options);
  await removeTypes(join(folder, packagesFolders.node));
}

/** Two thirds of the SDK are declarations for compilers. */
async function removeTypes(packages: string): Promise<void> {
  for (const scope of await readdir(packages)) {
    if (!scope.startsWith('@')) continue;
    for (const name of await readdir(join(packages, scope))) await rm(join(packages, scope, name, 'dist-types'), { recursive: true, force: true });
  }
}

async function fetchFromPyPi(options: FetchOptions): Promise<void> {
  const pip = await findPip(options);
  const install = [
    ...pip, 'install', '--target', join(options.folder, packagesFolders.python), '--no-deps', '--require-hashes', '--only-binary', ':all:', '--no-input', '--quiet', '--retries', '1', '--timeout', '20', '-r', join(options.pins, 'requirements.txt'),
  ];
  await runPackageManager(install, options);
}

/** A module of one of the interpreters, or a program of its own. */
async function findPip(options: FetchOptions): Promise<readonly string[]> {
  for (const { family, path } of options.interpreters) {
    if (family !== 'python') continue;
    const command = [path, '-m', 'pip'];
    if (await runPackageManager([...command, '--version'], options).then(() => true, () => false)) return command;
  }
  const program = findExecutable('pip3', options.environment);
  if (program === undefined) throw new Error('pip is not installed (sudo apt-get install python3-pip)');
  return [program];
}
