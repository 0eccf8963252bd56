// AWS's own runtime interface client for Java: what runs a managed runtime's handlers there runs them here, unchanged, over the Runtime API.
// It is fetched once by Maven, as its user has set it up, and taken only if it has the hashes of `pins/`.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import yauzl from 'yauzl';
import { packageRoot } from '../../base/packageRoot.ts';
import { openShelf } from '../fetching/openShelf.ts';
import type { Shelf, ShelfCache } from '../fetching/openShelf.ts';
import { runPackageManager } from '../fetching/packageManager.ts';
import type { PackageManagerRun } from '../fetching/packageManager.ts';
import { findExecutable } from '../launcher/tools.ts';
import type { ProcessEnvironment } from '../launcher/tools.ts';
import { jarsFolder, nativeClientName } from './javaCommand.ts';
import { nativeClientBytesMax } from './limits.ts';

export interface JavaClientOptions extends ShelfCache {
  /** For Maven, which has settings of its own there (proxies, mirrors). */
  readonly environment: ProcessEnvironment;
}

export interface JavaClient {
  /** The folder with the jars, if they are there. */
  ready(): string | undefined;
  /** Fetches them if need be and waits, but not for ever. */
  wait(): Promise<string | undefined>;
  isFetching(): boolean;
  close(): void;
}

const pins = join(packageRoot, 'src', 'sandbox', 'java', 'pins');

/** Fetches nothing before a function needs it. */
export function openJavaClient(options: JavaClientOptions): JavaClient {
  let opened: Shelf | undefined;
  const shelf = (): Shelf => (opened ??= shelfFor(options));
  const inside = (folder: string | undefined): string | undefined => folder && join(folder, jarsFolder);
  return {
    ready: () => inside(shelf().ready()),
    wait: async () => inside(await shelf().wait()),
    isFetching: () => opened?.isFetching() === true,
    close: () => opened?.close(),
  };
}

function shelfFor(options: JavaClientOptions): Shelf {
  const hash = createHash('sha256').update(readFileSync(join(pins, 'files.json'))).digest('hex').slice(0, 16);
  return openShelf({
    ...options,
    name: `java-client-${hash}`,
    what: "AWS's runtime client for Java",
    without: 'functions in Java do not run',
    remedy: 'install Maven (sudo apt-get install maven) and check the network',
    fetch: (folder, signal) => fetchClient({ folder, environment: options.environment, signal }),
  });
}

const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

async function fetchClient(run: PackageManagerRun): Promise<void> {
  const maven = findExecutable('mvn', run.environment);
  if (maven === undefined) throw new Error('Maven is not installed');
  await copyFile(join(pins, 'pom.xml'), join(run.folder, 'pom.xml'));
  const target = join(run.folder, jarsFolder);
  await mkdir(target);
  await runPackageManager([maven, '-q', '-B', '-f', join(run.folder, 'pom.xml'), copyDependencies, '-DincludeScope=runtime', `-DoutputDirectory=${target}`], run);
  await requirePinned(target);
  await unpackNativeClient(target);
  for (const name of await readdir(target)) await chmod(join(target, name), 0o644);
}

async function requirePinned(folder: string): Promise<void> {
  const pinned = JSON.parse(readFileSync(join(pins, 'files.json'), 'utf8')) as Readonly<Record<string, string>>;
  const present = await readdir(folder);
  for (const name of present) if (!Object.hasOwn(pinned, name)) throw new Error(`${name} is not expected`);
  for (const [name, hash] of Object.entries(pinned)) {
    if (!present.includes(name)) throw new Error(`${name} did not come`);
    const found = createHash('sha256').update(await readFile(join(folder, name))).digest('hex');
    if (found !== hash) throw new Error(`${name} is not what it was when it was pinned`);
  }
}

/** The client unpacks its library into /tmp at every start, unless it is told where it lies. */
async function unpackNativeClient(folder: string): Promise<void> {
  const jar = (await readdir(folder)).find((name) => name.startsWith('aws-lambda-java-runtime-interface-client-'));
  const wanted = `jni/libaws-lambda-jni.linux-${process.arch === 'arm64' ? 'aarch_64' : 'x86_64'}.so`;
  const zip = await yauzl.fromBufferPromise(await readFile(join(folder, jar ?? '')), { lazyEntries: true });
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName !== wanted || entry.uncompressedSize > nativeClientBytesMax) continue;
    const chunks: Buffer[] = [];
    for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
    await writeFile(join(folder, nativeClientName), Buffer.concat(chunks));
    return;
  }
  throw new Error(`${wanted} is missing`);
}
