import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installOnce, installStep, type Missing } from './installOnce.ts';
import { runCommand } from './runCommand.ts';

/** A Go program of this repository, built once per version of its sources under `.cache/`; answers its path, or why there is none. */
export async function requireGoProgram(name: string, sourceFolder: string): Promise<string | Missing> {
  const found = await runCommand('go', ['version']).catch(() => undefined);
  if (found?.exitCode !== 0) return { missing: 'not run: go is not installed' };
  const sources = ['main.go', 'go.mod', 'go.sum'].map((file) => readFileSync(join(sourceFolder, file)));
  const digest = sources.reduce((hash, content) => hash.update(content), createHash('sha256')).digest('hex').slice(0, 12);
  const folder = await installOnce(`go-${name}-${digest}`, async (target) => {
    await installStep('go', ['build', '-trimpath', '-o', join(target, name), '.'], sourceFolder);
  });
  return typeof folder === 'string' ? join(folder, name) : folder;
}
