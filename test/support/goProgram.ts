import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installOnce, installStep, type Missing } from './installOnce.ts';
import { runCommand } from './runCommand.ts';

/**
 * A Go program of this repository, built once per version of its source under `.cache/`. Answers its path, or why it cannot be
 * had here. A program that does not compile is no excuse: that rejects.
 */
export async function requireGoProgram(name: string, sourceFolder: string): Promise<string | Missing> {
  const found = await runCommand('go', ['version']).catch(() => undefined);
  if (found?.exitCode !== 0) return { missing: 'not run: go is not installed' };
  const digestOf = (file: string): string => createHash('sha256').update(readFileSync(join(sourceFolder, file))).digest('hex').slice(0, 12);
  const folder = await installOnce(`go-${name}-${digestOf('go.sum')}`, async () => void (await installStep('go', ['mod', 'download'], sourceFolder)));
  if (typeof folder !== 'string') return folder;
  const program = join(folder, `${name}-${digestOf('main.go')}`);
  if (!existsSync(program)) await installStep('go', ['build', '-trimpath', '-o', program, '.'], sourceFolder);
  return program;
}
