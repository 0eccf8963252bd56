// Which Node.js, Python, Java and Ruby programs this host has. Each candidate is asked once for its version and for its real path (a pyenv
// shim is a shell script that costs 200 ms a start), and the answers are kept beside their modification times.
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ProcessEnvironment } from './launcher/tools.ts';
import { isExecutableFile, runTool } from './launcher/tools.ts';
import type { Interpreter, RuntimeKind } from './types.ts';

export interface InstalledInterpreter extends Interpreter {
  /** What of it lies outside the system folders and has to be shown to a function. */
  readonly extraPaths: readonly string[];
}

type Family = Interpreter['family'];

/** Whether what runs in it speaks the framed channel, and not the Runtime API. */
export const isFramed = (interpreter: Interpreter | undefined): boolean => interpreter?.family === 'node' || interpreter?.family === 'python';

/** The oldest that our bootstraps, and AWS's client for Java, run on. */
const oldest: Readonly<Record<Family, readonly [number, number]>> = { node: [16, 0], python: [3, 8], java: [8, 0], ruby: [3, 0] };

const queries: Readonly<Record<Family, readonly string[]>> = {
  node: ['-p', 'JSON.stringify([process.versions.node, process.execPath, process.execPath])'],
  python: ['-I', '-S', '-c', 'import sys,json;print(json.dumps([sys.version.split()[0].rstrip("+"),getattr(sys,"_base_executable",sys.executable) or sys.executable,sys.base_prefix]))'],
  java: ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-XshowSettings:properties', '-version'],
  ruby: ['--disable-gems', '-rrbconfig', '-e', 'p [RUBY_VERSION, RbConfig.ruby, RbConfig::CONFIG["prefix"]]'],
};

/**
 * Finds every usable interpreter, newest first within a family. What they answered is kept in `cacheFile`, which servers may share:
 * asking ten of them costs a start 150 ms of processor time.
 */
export async function findInterpreters(environment: ProcessEnvironment, cacheFile: string): Promise<InstalledInterpreter[]> {
  const cached = await readCache(cacheFile);
  const asked: Record<string, CacheEntry> = {};
  const found = new Map<string, InstalledInterpreter>();
  await Promise.all(
    (['node', 'python', 'java', 'ruby'] as const).flatMap((family) =>
      listCandidates(family, environment).map(async (path) => {
        const stamp = stampOf(path);
        if (stamp === undefined) return;
        const known = cached[path];
        const isKnown = known?.stamp === stamp && isExecutableFile(known.path);
        const entry = isKnown ? known : await ask(family, path, stamp);
        if (!entry) return;
        if (!isKnown) asked[path] = entry;
        if (!isRecent(family, entry.version)) return;
        found.set(`${family} ${entry.path}`, { family, version: entry.version, path: entry.path, extraPaths: extraPaths(family, entry) });
      }),
    ),
  );
  if (Object.keys(asked).length > 0) await writeCache(cacheFile, { ...cached, ...asked }).catch(() => undefined);
  return [...found.values()].sort((a, b) => a.family.localeCompare(b.family) || compareVersions(b.version, a.version));
}

/**
 * The interpreter for a runtime: the exact one, else the nearest of the family, newer before older; undefined when there is none. Java first looks at what is newer, which runs
 * what was compiled for the one that is missing; older does not.
 */
export function chooseInterpreter<Known extends Interpreter>(
  interpreters: readonly Known[],
  runtime: Exclude<RuntimeKind, { readonly family: 'custom' }>,
): { readonly interpreter: Known; readonly isExact: boolean } | undefined {
  const wanted = release(runtime.family, runtime.version);
  const ranked = interpreters
    .filter(({ family }) => family === runtime.family)
    .map((interpreter) => ({ interpreter, distance: release(runtime.family, interpreter.version) - wanted }))
    .sort((a, b) => (runtime.family === 'java' ? Number(a.distance < 0) - Number(b.distance < 0) : 0) || Math.abs(a.distance) - Math.abs(b.distance) || b.distance - a.distance || compareVersions(b.interpreter.version, a.interpreter.version));
  const best = ranked[0];
  return best && { interpreter: best.interpreter, isExact: best.distance === 0 };
}

/** One number that orders a family's releases: Node.js and Java by major version, Python and Ruby by minor. */
function release(family: Family, version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return family === 'python' || family === 'ruby' ? major * 100 + minor : major;
}

function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function isRecent(family: Family, version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldMajor, oldMinor] = oldest[family];
  return major > oldMajor || (major === oldMajor && minor >= oldMinor);
}

interface CacheEntry {
  readonly stamp: string;
  readonly version: string;
  readonly path: string;
  readonly prefix: string;
}

async function ask(family: Family, path: string, stamp: string): Promise<CacheEntry | undefined> {
  const { code, stdout, stderr } = await runTool(path, queries[family], 10_000);
  if (code !== 0) return undefined;
  try {
    const [version, executable, prefix] = family === 'java' ? readJavaSettings(stderr) : (JSON.parse(stdout) as unknown[]);
    if (typeof version !== 'string' || typeof executable !== 'string' || typeof prefix !== 'string') return undefined;
    return { stamp, version, path: realpathSync(executable), prefix };
  } catch {
    return undefined;
  }
}

/** `    java.version = 17.0.15`; before 9 it is 1.8.0_392. */
function readJavaSettings(settings: string): readonly (string | undefined)[] {
  const read = (name: string): string | undefined => new RegExp(`^\\s*${name} = (.+)$`, 'm').exec(settings)?.[1]?.trim();
  const [version, home] = [read('java\\.version'), read('java\\.home')];
  return [version?.replace(/^1\./, '').replaceAll('_', '.').replace(/[-+].*$/, ''), home && join(home, 'bin', 'java'), home];
}

/** Debian keeps the settings of a Java below /etc and links to them. */
function javaSettings(home: string): string[] {
  const links = ['lib/jvm.cfg', 'conf/logging.properties', 'conf/security/java.security', 'lib/security/java.security', 'lib/logging.properties'];
  const folders = links.flatMap((name) => /^\/etc\/java[\w.-]*(?=\/)/.exec(realPathOf(join(home, name)) ?? '')?.[0] ?? []);
  return [...new Set(folders)];
}

function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** What a function has to see besides /usr. A whole installation only where it is recognisable as one: never somebody's home. */
function extraPaths(family: Family, { path, prefix, version }: CacheEntry): string[] {
  const isVisible = (candidate: string): boolean => /^\/(usr|bin|lib|lib64)\//.test(candidate);
  if (family === 'java') return [...javaSettings(prefix), ...(isVisible(path) ? [] : [realpathSync(prefix)])];
  if (isVisible(path)) return [];
  if (family === 'python') return isFolder(join(prefix, 'lib', `python${version.split('.').slice(0, 2).join('.')}`)) ? [realpathSync(prefix)] : [path];
  if (family === 'ruby') return isFolder(join(prefix, 'lib', 'ruby')) ? [realpathSync(prefix)] : [path];
  const root = dirname(dirname(path));
  return isFolder(join(root, 'include', 'node')) || isFolder(join(root, 'lib', 'node_modules')) ? [root] : [path];
}

function listCandidates(family: Family, environment: ProcessEnvironment): string[] {
  const home = environment['HOME'];
  const below = (folder: string, inside: string): string[] => listFolder(folder).map((name) => join(folder, name, inside));
  const pathFolders = [...(environment['PATH'] ?? '').split(':'), '/usr/local/bin', '/usr/bin'].filter((folder) => folder.startsWith('/'));
  const inPath = [...new Set(pathFolders)]
    // A shim answers for a version that its own folder holds as well.
    .filter((folder) => !folder.endsWith('/shims'))
    .flatMap((folder) => listFolder(folder).filter((name) => programNames[family].test(name)).map((name) => join(folder, name)));
  const inHome = (folder: string, inside: string): string[] => (home ? below(join(home, folder), inside) : []);
  const managers = {
    node: () => [...inHome('.nvm/versions/node', 'bin/node'), ...below('/opt', 'bin/node'), process.execPath],
    python: () => [...inHome('.pyenv/versions', 'bin/python3'), ...below('/opt', 'bin/python3')],
    java: () => [
      ...below('/usr/lib/jvm', 'bin/java'), ...inHome('.sdkman/candidates/java', 'bin/java'), ...inHome('.jdks', 'bin/java'), ...below('/opt', 'bin/java'),
      ...(environment['JAVA_HOME']?.startsWith('/') === true ? [join(environment['JAVA_HOME'], 'bin', 'java')] : []),
    ],
    ruby: () => [...inHome('.rbenv/versions', 'bin/ruby'), ...inHome('.rubies', 'bin/ruby'), ...below('/opt', 'bin/ruby')],
  }[family]();
  const real = new Set<string>();
  for (const path of [...inPath, ...managers]) {
    if (isExecutableFile(path)) real.add(realpathSync(path));
  }
  return [...real];
}

const programNames: Readonly<Record<Family, RegExp>> = { node: /^node(js)?(-?\d+)?$/, python: /^python3(\.\d+)?$/, java: /^java$/, ruby: /^ruby(\d\.\d)?$/ };

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function stampOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.mtimeMs} ${found.size}`;
}

async function readCache(file: string): Promise<Readonly<Record<string, CacheEntry>>> {
  try {
    const entries: unknown = JSON.parse(await readFile(file, 'utf8'));
    return Object.fromEntries(Object.entries(Object(entries) as object).filter((entry): entry is [string, CacheEntry] => isEntry(entry[1])));
  } catch {
    return {};
  }
}

function isEntry(value: unknown): value is CacheEntry {
  const { stamp, version, path, prefix } = Object(value) as Partial<Record<keyof CacheEntry, unknown>>;
  return [stamp, version, path, prefix].every((field) => typeof field === 'string');
}

// By way of a second file: another server may be reading this one. Whose entries are lost when two write at once asks again.
async function writeCache(file: string, entries: Readonly<Record<string, CacheEntry>>): Promise<void> {
  const present = Object.entries(entries).filter(([path, { stamp }]) => stampOf(path) === stamp);
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, JSON.stringify(Object.fromEntries(present)), { mode: 0o600 });
  await rename(draft, file);
}
