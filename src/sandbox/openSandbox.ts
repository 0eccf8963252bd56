import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join, resolve } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { assert, ServiceError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { packageRoot } from '../base/packageRoot.ts';
import type { Random } from '../base/random.ts';
import { hexId } from '../base/ids.ts';
import { findInterpreters } from './interpreters.ts';
import type { InstalledInterpreter } from './interpreters.ts';
import type { InterpreterPins } from './interpreters/openInterpreterStore.ts';
import { openBubblewrap } from './launcher/bubblewrap.ts';
import { openEgress, sharedNetwork } from './network/egress.ts';
import type { Egress, HostAccessOptions } from './network/egress.ts';
import type { Launcher } from './launcher/launcher.ts';
import { openPlain } from './launcher/plain.ts';
import { openTemporaryStorage } from './launcher/temporaryStorage.ts';
import type { ProcessEnvironment } from './launcher/tools.ts';
import { openLimiter } from './limits/openLimiter.ts';
import type { Limiter } from './limits/limiter.ts';
import { slotsMax, slotsMin } from './limits.ts';
import { findPrebuilt, openHelper } from './native/openHelper.ts';
import type { Helper } from './native/openHelper.ts';
import { superviseHelper } from './native/superviseHelper.ts';
import { bootSlot } from './pool/slot.ts';
import type { Slot } from './pool/slot.ts';
import { slotKindOf } from './pool/slotKind.ts';
import type { KindSpec, SlotKind } from './pool/slotKind.ts';
import { createSlotPool } from './pool/slotPool.ts';
import { takeSnapshot } from './snapshot/takeSnapshot.ts';
import { openRuntimeTools } from './runtimeTools.ts';
import { startEnvironment } from './startEnvironment.ts';
import type { StartOptions } from './startEnvironment.ts';
import type { Environment, EnvironmentSpec, Sandbox, Snapshot } from './types.ts';

export interface SandboxOptions {
  /** A folder of the sandbox's own, below the data directory. Two live sandboxes never share one (the data directory's lock). */
  readonly folder: string;
  readonly wall: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The server's own environment, for PATH, HOME and the settings of npm and pip. Functions see nothing of it. */
  readonly environment: ProcessEnvironment;
  /** Folders that functions must never see, even if they lie under /usr or beside an interpreter: the data directory, above all. */
  readonly hiddenFolders?: readonly string[];
  /**
   * Where what is fetched for functions (interpreters, the AWS SDK) is kept, and what this host's own interpreters said of themselves;
   * shared between servers. Without it nothing is.
   */
  readonly cacheFolder?: string | undefined;
  /** Fetch nothing. */
  readonly offline?: boolean;
  /** Which interpreters can be fetched: for tests. */
  readonly interpreterPins?: InterpreterPins;
  /** Let functions reach what listens on this host's loopback, as `host.haneul.internal`. */
  readonly allowHost?: HostAccessOptions | undefined;
  /** Do without bubblewrap even if it is there: for tests of the weaker mode. */
  readonly isolation?: 'strongest' | 'none';
  /** How many environments of a kind wait for a function; a maximum of 0 starts none ahead. */
  readonly slots?: { readonly minimum: number; readonly maximum: number };
  /** Do without the native helper even if it is there: for tests of the weaker mode. */
  readonly helper?: 'native' | 'none';
}

/** Prepares the machinery: what this host can do, what it has installed, and what an earlier run left behind (which is removed). */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { folder, wall, random, log, environment } = options;
  const isRoot = process.getuid?.() === 0;
  const folders = { environments: join(folder, 'environments'), runtime: join(folder, 'runtime') };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const instance = `haneul-${createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 12)}`;
  const limiter = await openLimiter({ instance, wall, log, isRoot });
  await removeLeftovers(folder, limiter, log);
  await mkdir(folders.environments, { mode: 0o700 });
  await copyBootstraps(folders.runtime);
  const egress = await openEgress({ environment, isRoot, instance, allowHost: options.allowHost, log });
  const [launcher, installed] = await Promise.all([
    openLauncher(options, { instance, isRoot, runtimeFolder: folders.runtime, limiter, egress }),
    findInterpreters(environment, join(options.cacheFolder ?? folder, 'interpreters.json')),
  ]);
  const tools = openRuntimeTools({
    cacheFolder: options.cacheFolder, offline: options.offline ?? false, interpreterPins: options.interpreterPins, environment, wall, random, log, installed,
    isRoot, isConfined: launcher.hasOwnRoot, runtimeFolder: folders.runtime,
  });
  if (options.allowHost && !launcher.hasOwnRoot) log.info('functions share the network of this machine: they reach it as localhost, also without --allow-host');
  const [live, snapshots] = [new Map<string, Promise<Environment>>(), new Set<Snapshot>()];
  const { minimum, maximum } = options.slots ?? { minimum: slotsMin, maximum: slotsMax };
  const pool = createSlotPool({
    wall, log, freeMemory: freemem, minimum, maximum,
    async boot(kind: SlotKind): Promise<Slot> {
      if (kind.interpreter !== undefined) await tools.precompile(kind.interpreter);
      const id = `slot-${hexId(random, 16)}`;
      return bootSlot({ kind, id, folder: join(folders.environments, id), runtimeFolder: folders.runtime, launcher, limiter, wall });
    },
  });
  let isClosed = false;

  const folderOf = (id: string): string => join(folders.environments, `${id}-${hexId(random, 8)}`);

  async function optionsFor(spec: EnvironmentSpec): Promise<StartOptions> {
    const { interpreter, sdkFolder } = await tools.find(spec);
    if (isClosed) throw new ServiceError('ServiceUnavailable', 'The server is stopping.', { status: 503 });
    return {
      spec, interpreter, sdkFolder, launcher, limiter, wall, random, log, folder: folderOf(spec.environmentId), runtimeFolder: folders.runtime,
      takeSlot() {
        const kind = kindOf(spec, interpreter);
        return kind && pool.take(kind);
      },
    };
  }

  const kindOf = (spec: KindSpec, interpreter: InstalledInterpreter | undefined): SlotKind | undefined =>
    launcher.canAssignLater && !isClosed ? slotKindOf(spec, interpreter, tools.packagesFor(interpreter)) : undefined;

  return {
    pools: () => pool.states(),
    expect(spec) {
      tools.whenKnown(spec.runtime, (interpreter) => {
        const kind = kindOf(spec, interpreter);
        if (kind) pool.expect(kind);
      });
    },
    prepare(runtime) {
      if (!isClosed) tools.prepare(runtime);
    },
    isPreparing: (runtime) => tools.isPreparing(runtime),
    guarantees: [...launcher.guarantees, ...(launcher.hasOwnRoot ? egress : sharedNetwork).guarantees, ...limiter.guarantees],
    get interpreters() {
      return tools.interpreters().map(({ family, version, path }) => ({ family, version, path }));
    },
    async start(spec) {
      assert(!isClosed, 'the sandbox is closed');
      assert(/^[\w-]{1,100}$/.test(spec.environmentId) && !live.has(spec.environmentId), 'environment ids are unique plain names', { environmentId: spec.environmentId });
      assertReadable(spec.codeFolder, isRoot && launcher.hasOwnRoot);
      const starting = startEnvironment(await optionsFor(spec));
      keepLive(live, spec, starting);
      return starting;
    },
    async takeSnapshot(spec) {
      assert(!isClosed, 'the sandbox is closed');
      const outcome = await takeSnapshot({ ...(await optionsFor(spec)), newId: () => `copy-${hexId(random, 16)}`, folderOf, onEnvironment: keepLive.bind(undefined, live), optionsFor });
      if (outcome.kind === 'taken') snapshots.add(outcome.snapshot);
      return outcome;
    },
    async close() {
      isClosed = true;
      tools.close();
      await Promise.allSettled([pool.close(), ...[...snapshots].map((snapshot) => snapshot.close()), ...[...live.values()].map(async (starting) => (await starting).kill())]);
      await egress.close();
      launcher.close();
      await limiter.close().catch((error: unknown) => log.warn('limits could not be removed, the next start will', { error: String(error) }));
    },
  };
}

/** Until it has ended. */
function keepLive(live: Map<string, Promise<Environment>>, { environmentId }: EnvironmentSpec, starting: Promise<Environment>): void {
  live.set(environmentId, starting);
  const forget = (): void => void live.delete(environmentId);
  starting.then((started) => started.exited.then(forget, forget), forget);
}

async function removeLeftovers(folder: string, limiter: Limiter, log: Logger): Promise<void> {
  const reaped = await limiter.reap();
  const leftovers = await readdir(join(folder, 'environments')).catch(() => []);
  for (const name of ['environments', 'pipes']) await rm(join(folder, name), { recursive: true, force: true });
  if (reaped + leftovers.length > 0) log.info('leftovers of an earlier run removed', { groups: reaped, folders: leftovers.length });
}

interface LauncherParts {
  readonly instance: string;
  readonly isRoot: boolean;
  readonly runtimeFolder: string;
  readonly limiter: Limiter;
  readonly egress: Egress;
}

async function openLauncher(options: SandboxOptions, { instance, isRoot, runtimeFolder, limiter, egress }: LauncherParts): Promise<Launcher> {
  const { folder, environment, random } = options;
  const weaker = (reason: string, remedy: string): Promise<Launcher> => openPlain({ environment, random, isRoot, instance, reason, remedy });
  if (options.isolation === 'none') return weaker('isolation is switched off', 'start without that option');
  if (process.platform !== 'linux') return weaker(`there is no bubblewrap on ${process.platform}`, 'run on Linux');
  const hiddenFolders = [folder, ...(options.hiddenFolders ?? [])];
  const openHelperIfAny = async (): Promise<Helper | undefined> => {
    const program = isRoot && options.helper !== 'none' ? await findPrebuilt('haneul-helper', process.arch) : undefined;
    return program && (await startHelper(program, runtimeFolder, limiter, options));
  };
  // Both wait for other programs.
  const [storage, helper] = await Promise.all([
    isRoot ? openTemporaryStorage(folder, environment) : ({ kind: 'tmpfs', reason: 'only root can mount images' } as const),
    openHelperIfAny(),
  ]);
  const copier = helper && (await writeCopier(runtimeFolder));
  const launcher = await openBubblewrap({ folder, environment, random, isRoot, storage, hiddenFolders, helper, copier, egress });
  if (!('unavailable' in launcher)) return launcher;
  helper?.close();
  return weaker(launcher.unavailable, launcher.remedy);
}

/** The helper's program is in every runtime folder too: it is the first to run inside a sandbox. */
async function startHelper(program: Buffer, runtimeFolder: string, { freezerFolder }: Limiter, { wall, log }: SandboxOptions): Promise<Helper> {
  for (const family of ['node', 'python', 'java', 'ruby', 'custom']) await writeFile(join(runtimeFolder, family, 'enter'), program, { mode: 0o755 });
  const path = join(runtimeFolder, 'haneul-helper');
  await writeFile(path, program, { mode: 0o700 });
  return superviseHelper({ open: (onLost) => openHelper({ path, freezerFolder, log, onLost }), wall, log });
}

/** What copies initialised processes (SnapStart), where it was built for this machine. */
async function writeCopier(runtimeFolder: string): Promise<string | undefined> {
  const program = await findPrebuilt('haneul-clone', process.arch);
  if (program === undefined) return undefined;
  const path = join(runtimeFolder, 'haneul-clone');
  await writeFile(path, program, { mode: 0o700 });
  return path;
}

/** A copy that every sandbox user can read, whatever the permissions of the installation are. */
async function copyBootstraps(target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await cp(join(packageRoot, 'src', 'sandbox', 'bootstraps'), target, { recursive: true });
  await mkdir(join(target, 'custom'));
  // Where AWS's client is mounted.
  await mkdir(join(target, 'java', 'lib'), { recursive: true });
  await chmod(target, 0o755);
  // Where the SDK is mounted.
  await mkdir(join(target, 'node', 'node_modules'));
  for (const name of await readdir(target, { recursive: true })) {
    const path = join(target, name);
    await chmod(path, (await stat(path)).isDirectory() ? 0o755 : 0o644);
  }
}

/** Under another user, code below a 0700 folder would only say "cannot find module". */
function assertReadable(codeFolder: string, byOthers: boolean): void {
  const { mode } = statSync(codeFolder);
  assert(!byOthers || (mode & 0o005) === 0o005, 'the code folder must be readable and searchable by others (0755)', { codeFolder, mode: mode.toString(8) });
}
