import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WalkProgram } from './clientWalk.ts';
import { installOnce, installStep, type Missing } from './installOnce.ts';
import { runCommand } from './runCommand.ts';

/**
 * A Java program of this repository with the jars its pom.xml names; both kept under `.cache/`. Answers how to run it, or why it
 * cannot be had here. A program that does not compile is no excuse: that rejects.
 */
export async function requireJavaProgram(mainClass: string, sourceFolder: string): Promise<WalkProgram | Missing> {
  for (const tool of ['javac', 'mvn']) {
    const found = await runCommand(tool, ['-version'], { timeoutMs: 60_000 }).catch(() => undefined);
    if (found?.exitCode !== 0) return { missing: `not run: ${tool} is not installed` };
  }
  const pom = join(sourceFolder, 'pom.xml');
  const folder = await installOnce(`java-${mainClass}-${digestOf(pom)}`, async (target) => {
    await installStep('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${target}/jars`], target);
  });
  if (typeof folder !== 'string') return folder;
  const source = join(sourceFolder, `${mainClass}.java`);
  const classes = join(folder, digestOf(source));
  if (!existsSync(join(classes, `${mainClass}.class`))) await installStep('javac', ['-cp', join(folder, 'jars', '*'), '-d', classes, source], folder);
  return { command: 'java', args: ['-cp', `${classes}:${join(folder, 'jars', '*')}`, mainClass] };
}

function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12);
}
