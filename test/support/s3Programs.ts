// Programs that speak to S3 and nothing else, as Debian and the Go modules have them.

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installOnce, installStep, type Missing } from './installOnce.ts';
import { baseEnvironment, fullEnvironment, runCommand } from './runCommand.ts';

export interface S3Program {
  readonly command: string;
  readonly leadingArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
}

export async function requireRclone(): Promise<S3Program | Missing> {
  const root = await unpackDebian('rclone', ['rclone']);
  return typeof root === 'string' ? findVersion(join(root, 'usr/bin/rclone'), [], {}, ['version']) : root;
}

export async function requireS3cmd(): Promise<S3Program | Missing> {
  if (!existsSync('/usr/bin/python3')) return { missing: 'not run: s3cmd needs python3' };
  const root = await unpackDebian('s3cmd', ['s3cmd', 'python3-dateutil', 'python3-magic', 'libmagic1', 'libmagic-mgc', 'python3-six']);
  if (typeof root !== 'string') return root;
  return findVersion('/usr/bin/python3', ['-s', join(root, 'usr/bin/s3cmd')], { PYTHONPATH: join(root, 'usr/lib/python3/dist-packages') }, ['--version']);
}

const s5cmdModule = 'github.com/peak/s5cmd/v2';
const s5cmdVersion = 'v2.3.0';

export async function requireS5cmd(): Promise<S3Program | Missing> {
  if ((await runCommand('go', ['version']).catch(() => undefined))?.exitCode !== 0) return { missing: 'not run: go is not installed' };
  const folder = await installOnce(`s5cmd-${s5cmdVersion}`, async (target) => {
    await installStep('go', ['mod', 'init', 'haneul.invalid/s5cmd'], target);
    await installStep('go', ['mod', 'edit', `-require=${s5cmdModule}@${s5cmdVersion}`], target);
    // Not `installStep`: one build of it may take longer than a download may.
    const built = await runCommand('go', ['build', '-mod=mod', '-o', join(target, 's5cmd'), s5cmdModule], { env: fullEnvironment(), folder: target, timeoutMs: 8 * 60_000 });
    if (built.exitCode !== 0) throw new Error(built.stderr);
  });
  // A program built outside its own repository does not know its version.
  return typeof folder === 'string' ? { command: join(folder, 's5cmd'), leadingArgs: [], env: {}, version: s5cmdVersion.slice(1) } : folder;
}

async function unpackDebian(name: string, packages: readonly string[]): Promise<string | Missing> {
  if (!existsSync('/usr/bin/apt-get')) return { missing: `not run: ${name} comes from Debian's packages` };
  const folder = await installOnce(`${name}-debian`, async (target) => {
    await installStep('apt-get', ['download', '-qq', ...packages], target);
    for (const file of readdirSync(target).filter((each) => each.endsWith('.deb'))) {
      await installStep('dpkg', ['-x', join(target, file), join(target, 'root')], target);
      rmSync(join(target, file));
    }
  });
  return typeof folder === 'string' ? join(folder, 'root') : folder;
}

async function findVersion(command: string, leadingArgs: readonly string[], env: Readonly<Record<string, string>>, args: readonly string[]): Promise<S3Program | Missing> {
  const { exitCode, stdout, stderr } = await runCommand(command, [...leadingArgs, ...args], { env: { ...baseEnvironment(), ...env } });
  const version = /\d+\.\d+(\.\d+)?/.exec(stdout)?.[0];
  if (exitCode !== 0 || version === undefined) return { missing: `not run: ${leadingArgs.at(-1) ?? command} does not start here: ${stderr.trim().split('\n').at(-1) ?? ''}` };
  return { command, leadingArgs, env, version };
}
