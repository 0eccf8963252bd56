import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { zipSync } from 'fflate';
import { wallClock } from '../../src/base/clock.ts';
import { createLogger } from '../../src/base/log.ts';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { cryptoRandom } from '../../src/base/random.ts';
import { openJavaClient } from '../../src/sandbox/java/openJavaClient.ts';
import { installStep, type Missing } from './installOnce.ts';
import { runCommand } from './runCommand.ts';

/** Where tests keep what functions in Java need: fetched once for a machine. */
export const javaCache = (): string => {
  const folder = join(packageRoot, '.cache', 'functions');
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
};

/** Why functions in Java cannot be tested here; false when they can. */
export async function javaSkipReason(): Promise<string | false> {
  for (const tool of ['java', 'javac', 'mvn']) {
    const found = await runCommand(tool, ['-version'], { timeoutMs: 60_000 }).catch(() => undefined);
    if (found?.exitCode !== 0) return `not run: ${tool} is not installed`;
  }
  return false;
}

/** As the server fetches it; undefined where it cannot be had. */
async function fetchClient(): Promise<string | undefined> {
  const log = createLogger((record) => process.stderr.write(`haneul tests: ${record.text}\n`), 'warn');
  const client = openJavaClient({ cacheFolder: javaCache(), offline: false, wall: wallClock, random: cryptoRandom, log, environment: process.env });
  // It waits for less than a slow network may take.
  for (let tries = 0; tries < 4; tries += 1) {
    const folder = await client.wait();
    if (folder !== undefined || !client.isFetching()) return folder;
  }
  return undefined;
}

/** Compiles one source against AWS's own interfaces, once for each version of it: to Java 11, for any runtime that takes functions still. */
export async function compileFunction(source: string, release = 11): Promise<string | Missing> {
  const client = await fetchClient();
  if (client === undefined) return { missing: "not run: AWS's runtime client for Java could not be fetched" };
  const digest = createHash('sha256').update(`${release}${readFileSync(source, 'utf8')}`).digest('hex').slice(0, 12);
  const folder = join(packageRoot, '.cache', 'clients', `java-function-${digest}`);
  if (!existsSync(join(folder, 'probe'))) await installStep('javac', ['-Xlint:-options', '--release', String(release), '-cp', join(client, '*'), '-d', folder, source], packageRoot);
  return folder;
}

/** A jar of a folder's classes, or of nothing. */
export function makeJar(classes: string | undefined, path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  const files: Record<string, Uint8Array> = { 'META-INF/MANIFEST.MF': Buffer.from('Manifest-Version: 1.0\n') };
  for (const name of classes === undefined ? [] : readdirSync(classes, { recursive: true }).map(String)) {
    if (classes !== undefined && name.endsWith('.class')) files[name] = readFileSync(join(classes, name));
  }
  writeFileSync(path, zipSync(files));
  return path;
}
