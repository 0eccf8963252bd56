// npm and pip, each as its user has set it up (registries, proxies, certificates), in a process of its own.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { findExecutable, isExecutableFile } from '../launcher/tools.ts';
import type { ProcessEnvironment } from '../launcher/tools.ts';

export interface PackageManagerRun {
  readonly folder: string;
  readonly environment: ProcessEnvironment;
  readonly signal: AbortSignal;
}

/** Installs what the package-lock.json of a folder names, into its node_modules. npm checks every package against its hash and runs no script of theirs. */
export async function installFromLock(run: PackageManagerRun): Promise<void> {
  const beside = join(dirname(process.execPath), 'npm');
  const npm = findExecutable('npm', run.environment) ?? (isExecutableFile(beside) ? beside : undefined);
  if (npm === undefined) throw new Error('npm is not installed');
  const patience = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=60000'];
  await runPackageManager([npm, 'ci', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error', ...patience], run);
}

// A person's own settings would be in the way: `user` excludes `--target`. Older versions do not know all of these as options.
const pipSettings = { PIP_USER: '0', PIP_ROOT_USER_ACTION: 'ignore', PIP_DISABLE_PIP_VERSION_CHECK: '1' };

/** Runs a command to its end; rejects with the last words of one that fails. The signal ends it with all that it started. */
export function runPackageManager(command: readonly string[], { folder, environment, signal }: PackageManagerRun): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    if (signal.aborted) return reject(new Error('it was given up'));
    // Readable by the users that functions run as, whatever the server's own mask is.
    const child = spawn('/bin/sh', ['-c', 'umask 022; exec "$@"', 'sh', ...command], {
      cwd: folder, env: { ...environment, ...pipSettings }, stdio: ['ignore', 'ignore', 'pipe'], detached: true,
    });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-4_000)));
    const kill = (): void => {
      try {
        if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended meanwhile.
      }
    };
    signal.addEventListener('abort', kill, { once: true });
    child.once('error', reject);
    child.once('close', (code, ending) => {
      signal.removeEventListener('abort', kill);
      const words = complaint.trim().split('\n').filter((line) => !/npm warn|complete log|^\[notice\]/i.test(line)).slice(0, 3).join(' ').slice(0, 400);
      if (code === 0) resolve();
      else reject(new Error(words || `the package manager ended with ${ending ?? code}`));
    });
  });
}
