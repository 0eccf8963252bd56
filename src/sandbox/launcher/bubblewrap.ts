// Process trees in bubblewrap: every namespace its own, a read-only root of the system's programs, a seccomp filter.
//
// Run by root, bubblewrap keeps user 0 and all capabilities, and run under the sandbox's user it could not open host paths below
// a 0700 home. So root's bubblewrap makes the mounts and the innermost step, setpriv, becomes the sandbox's user with an empty
// bounding set. Run by anyone else, bubblewrap makes a user namespace, whose capabilities it drops.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { constants as osConstants } from 'node:os';
import type { Random } from '../../base/random.ts';
import { filesMax, processesMax, runtimeApiPort } from '../limits.ts';
import type { Guarantee } from '../types.ts';
import { createInnerListener } from '../network/innerListener.ts';
import type { InnerListener } from '../network/innerListener.ts';
import { listenInNamespace } from './listenInNamespace.ts';
import type { LaunchedProcess, Launcher, LaunchRequest, Placement } from './launcher.ts';
import { PipeStock } from './pipes.ts';
import type { PipePair } from './pipes.ts';
import { buildSeccompFilter } from './seccomp.ts';
import { deviceMounts, foldersAbove, systemMounts, writeGeneratedEtc } from './systemFiles.ts';
import type { TemporaryStorage } from './temporaryStorage.ts';
import { findExecutable, quoteForShell, runTool } from './tools.ts';
import type { ProcessEnvironment } from './tools.ts';
import { UidPool } from './uids.ts';

export interface BubblewrapOptions {
  readonly folder: string;
  readonly environment: ProcessEnvironment;
  readonly random: Random;
  readonly storage: TemporaryStorage;
  readonly isRoot: boolean;
  /** Host folders that must stay invisible even if they lie under a folder that functions see. */
  readonly hiddenFolders: readonly string[];
}

interface Tools {
  readonly bwrap: string;
  readonly prlimit: string;
  readonly mkfifo: string;
  readonly nsenter: string;
  readonly setpriv: string | undefined;
  readonly unshare: string | undefined;
}

// Descriptors of the launcher. 3 and 4 are the framed channel, or the gate; bubblewrap reads and closes the others.
const fds = { toFunction: 3, fromFunction: 4, args: 5, seccomp: 6, info: 7 } as const;

// Holds a custom runtime back until its Runtime API and its endpoint listen: the namespaces are complete when it speaks, and when the server has
// gone meanwhile it ends. (bubblewrap's own --block-fd goes on in that case, and is reached before the namespaces are complete.)
const gate = ['/bin/sh', '-c', `echo ready >&${fds.fromFunction}; read -r go <&${fds.toFunction} || exit 1; exec "$@" ${fds.toFunction}<&- ${fds.fromFunction}>&-`, 'gate'];

const placement: Placement = {
  taskFolder: '/var/task',
  layersFolder: '/opt',
  runtimeFolder: '/var/runtime',
  temporaryFolder: '/tmp',
  runtimeApiAddress: `127.0.0.1:${runtimeApiPort}`,
};

/** A launcher on bubblewrap, or the reason why there is none. */
export async function openBubblewrap(options: BubblewrapOptions): Promise<Launcher | { readonly unavailable: string; readonly remedy: string }> {
  const tools = findTools(options);
  if ('unavailable' in tools) return tools;
  const filter = buildSeccompFilter(process.arch);
  const system = systemMounts();
  const probe = await runTool(tools.bwrap, [...isolation(options.isRoot), ...system, '--proc', '/proc', ...deviceMounts(options.isRoot), '--', 'true']);
  if (probe.code !== 0) {
    const text = probe.stderr.trim().split('\n')[0] ?? '';
    return { unavailable: `bubblewrap does not work here: ${text}`, remedy: 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 user.max_user_namespaces=65536' };
  }
  const pipes = new PipeStock(join(options.folder, 'pipes'), tools.mkfifo);
  const uids = new UidPool(options.random);
  return {
    guarantees: describe(options, filter !== undefined),
    hasOwnRoot: true,
    launch: (request) => launch(request, { ...options, tools, filter, system, pipes, uids }),
  };
}

interface Context extends BubblewrapOptions {
  readonly tools: Tools;
  readonly filter: Buffer | undefined;
  readonly system: readonly string[];
  readonly pipes: PipeStock;
  readonly uids: UidPool;
}

async function launch(request: LaunchRequest, context: Context): Promise<LaunchedProcess> {
  const uid = context.isRoot ? context.uids.take() : undefined;
  let pair: PipePair | undefined;
  let child: ChildProcess | undefined;
  try {
    const image = context.storage.kind === 'image' ? await context.storage.prepare(request.folder, request.temporaryMegabytes) : undefined;
    const etc = await writeGeneratedEtc(join(request.folder, 'etc'), { uid: uid ?? process.getuid?.() ?? 0, gid: uid ?? process.getgid?.() ?? 0 });
    pair = await context.pipes.take();
    const args = sandboxArguments(request, context, { etc, image: image?.mountPoint, uid });
    const command = [...dropPrivileges(context, uid), ...(request.runtimeApi ? gate : []), ...request.command(placement)];
    child = startProcess(request, context, { pair, script: image?.script, command });
    const pidInside = feed(child, args, context.filter);
    const listeners = request.runtimeApi ? await openGate(child, pidInside, request, context) : { endpointListener: endpointListener(pidInside, request, context) };
    return launchedProcess({ request, context, child, pair, uid, pidInside, ...listeners });
  } catch (error) {
    // Its descriptors close with it, and the gate inside ends at that.
    child?.kill('SIGKILL');
    for (const stream of child?.stdio ?? []) stream?.destroy();
    if (pair) closePair(pair, child === undefined);
    if (uid !== undefined) context.uids.release(uid);
    throw error;
  }
}

interface Listeners {
  readonly runtimeApiServer?: Server | undefined;
  readonly endpointListener: InnerListener | undefined;
}

/** Listens inside as soon as the namespaces are complete, then lets the runtime start. */
async function openGate(child: ChildProcess, pidInside: Promise<number | undefined>, { endpointPort }: LaunchRequest, context: Context): Promise<Listeners> {
  const [toFunction, fromFunction] = [streamOf(child, fds.toFunction), streamOf(child, fds.fromFunction)];
  const isComplete = await new Promise<boolean>((resolve) => {
    fromFunction?.once('data', () => resolve(true));
    fromFunction?.once('close', () => resolve(false));
  });
  if (!isComplete) throw new Error('the sandbox ended before its Runtime API was ready');
  const [runtimeApiServer, endpoint] = await listenInside(pidInside, endpointPort === undefined ? [runtimeApiPort] : [runtimeApiPort, endpointPort], context);
  toFunction?.end('go\n');
  if (endpoint === undefined) return { runtimeApiServer, endpointListener: undefined };
  const listener = createInnerListener(async () => endpoint);
  await listener.open();
  return { runtimeApiServer, endpointListener: listener };
}

/** For an interpreter with our bootstrap, which waits for its first frame while this goes on. */
function endpointListener(pidInside: Promise<number | undefined>, { endpointPort }: LaunchRequest, context: Context): InnerListener | undefined {
  if (endpointPort === undefined) return undefined;
  const listener = createInnerListener(async () => {
    const [server] = await listenInside(pidInside, [endpointPort], context);
    if (server === undefined) throw new Error('nothing listens in the sandbox');
    return server;
  });
  // A network namespace of root's can be entered as soon as it is there; one below a user namespace only once its user ids are set.
  if (context.isRoot) listener.open().catch(() => undefined);
  return listener;
}

async function listenInside(pidInside: Promise<number | undefined>, ports: readonly number[], context: Context): Promise<Server[]> {
  const pid = await pidInside;
  if (pid === undefined) throw new Error('the sandbox ended before it could listen');
  return await listenInNamespace({ nsenter: context.tools.nsenter, pid, ownUserNamespace: !context.isRoot, ports });
}

function streamOf(child: ChildProcess, fd: number): Duplex | undefined {
  const streams = child.stdio as readonly (Duplex | null | undefined)[];
  return streams[fd] ?? undefined;
}

interface StartParts {
  readonly pair: PipePair;
  /** Shell text that mounts /tmp. */
  readonly script: string | undefined;
  readonly command: readonly string[];
}

function startProcess(request: LaunchRequest, context: Context, { pair, script, command }: StartParts): ChildProcess {
  const { tools } = context;
  // The shell joins the limits first, all at once (each costs the kernel a grace period of some 10 ms), then everything that
  // follows is under them.
  const joins = request.joinFiles.map((file, index) => `echo $$ > ${quoteForShell(file)} & j${index}=$!`);
  const waits = request.joinFiles.map((_file, index) => `wait $j${index}`);
  const start = `exec ${quoteForShell(tools.bwrap)} --args ${fds.args} -- ${command.map(quoteForShell).join(' ')}`;
  const text = ['set -e', ...joins, ...waits, ...(script === undefined ? [] : [script]), start].join('\n');
  const shell = ['/bin/sh', '-c', text];
  const [program = '', ...args] =
    script === undefined || tools.unshare === undefined ? shell : [tools.unshare, '--mount', '--propagation', 'private', '--', ...shell];
  try {
    return spawn(program, args, {
      cwd: '/',
      env: {},
      stdio: [
        'ignore', pair.stdout.writeFd, pair.stderr.writeFd, 'pipe', 'pipe', 'pipe', 'pipe', 'pipe',
      ],
    });
  } finally {
    closeSync(pair.stdout.writeFd);
    closeSync(pair.stderr.writeFd);
  }
}

/** Hands bubblewrap its arguments and filter over descriptors: on a command line the function could read them in /proc/1. */
function feed(child: ChildProcess, args: readonly string[], filter: Buffer | undefined): Promise<number | undefined> {
  for (const fd of Object.values(fds)) streamOf(child, fd)?.on('error', () => undefined);
  streamOf(child, fds.args)?.end(`${args.join('\0')}\0`);
  streamOf(child, fds.seccomp)?.end(filter ?? Buffer.alloc(0));
  let text = '';
  return new Promise((resolve) => {
    streamOf(child, fds.info)?.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const match = /"child-pid": (\d+)/.exec(text);
      if (match) resolve(Number(match[1]));
    });
    streamOf(child, fds.info)?.once('close', () => resolve(undefined));
    child.once('error', () => resolve(undefined));
    child.once('exit', () => resolve(undefined));
  });
}

function launchedProcess(parts: {
  readonly request: LaunchRequest;
  readonly context: Context;
  readonly child: ChildProcess;
  readonly pair: PipePair;
  readonly uid: number | undefined;
  readonly pidInside: Promise<number | undefined>;
} & Listeners): LaunchedProcess {
  const { request, context, child, pair, uid, pidInside, runtimeApiServer, endpointListener } = parts;
  const [toFunction, fromFunction] = [streamOf(child, fds.toFunction), streamOf(child, fds.fromFunction)];
  let pid: number | undefined;
  void pidInside.then((value) => (pid = value));
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    child,
    stdoutFd: pair.stdout.readFd,
    stderrFd: pair.stderr.readFd,
    channel: request.framed && toFunction && fromFunction ? { toFunction, fromFunction } : undefined,
    runtimeApiServer,
    endpointListener,
    listProcesses: async () => (isGone() || pid === undefined ? [] : listTree(pid)),
    kill() {
      if (isGone()) return;
      // The first process of the pid namespace takes the whole tree with it, and bubblewrap outside ends once all of it is gone.
      // Before bubblewrap told that process, there is nothing inside yet and the launcher itself can go.
      try {
        process.kill(pid ?? child.pid ?? 0, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
    },
    readExit: readBubblewrapExit,
    async release() {
      endpointListener?.close();
      if (uid !== undefined) context.uids.release(uid);
      pair.release();
    },
  };
}

/** bubblewrap passes on an exit code, and a signal as 128 and its number. */
function readBubblewrapExit(code: number | null, signal: NodeJS.Signals | null) {
  if (signal !== null) return { code: undefined, signal };
  if (code === null) return { code: undefined, signal: undefined };
  const name = Object.entries(osConstants.signals).find(([, number]) => number === code - 128)?.[0];
  return name === undefined ? { code, signal: undefined } : { code: undefined, signal: name };
}

/** A process and all its descendants. Orphans inside a pid namespace stay below its first process, so nothing gets away. */
function listTree(root: number): number[] {
  const found = [root];
  for (let index = 0; index < found.length && found.length < 4 * processesMax; index += 1) {
    try {
      const pid = found[index];
      found.push(...readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number));
    } catch {
      // It ended between two looks.
    }
  }
  return found;
}

function isolation(isRoot: boolean): string[] {
  const namespaces = ['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try'];
  // With a user namespace one capability-free user is left, the same inside as outside (see deviceMounts). Without, the three that setpriv needs to leave root remain.
  const identity = isRoot
    ? ['--cap-drop', 'ALL', '--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_SETPCAP']
    : ['--unshare-user', '--cap-drop', 'ALL'];
  return [...namespaces, ...identity, '--hostname', 'localhost', '--die-with-parent', '--new-session', '--clearenv'];
}

function sandboxArguments(
  request: LaunchRequest,
  context: Context,
  parts: { readonly etc: readonly string[]; readonly image: string | undefined; readonly uid: number | undefined },
): string[] {
  const args = [...isolation(context.isRoot), ...context.system, ...foldersAbove(request.interpreterPaths)];
  for (const path of request.interpreterPaths) args.push('--ro-bind', path, path);
  for (const folder of context.hiddenFolders) {
    if (folder.startsWith('/usr/') || request.interpreterPaths.some((path) => folder.startsWith(`${path}/`))) args.push('--tmpfs', folder);
  }
  args.push(...parts.etc, '--proc', '/proc', ...deviceMounts(context.isRoot), '--remount-ro', '/dev');
  if (parts.image === undefined) args.push('--perms', '1777', '--size', String(request.temporaryMegabytes * 1024 * 1024), '--tmpfs', '/tmp');
  else args.push('--bind', parts.image, '/tmp');
  args.push('--ro-bind', request.codeFolder, placement.taskFolder);
  if (request.layersFolder === undefined) args.push('--dir', placement.layersFolder);
  else args.push('--ro-bind', request.layersFolder, placement.layersFolder);
  if (request.runtimeFolder !== undefined) args.push('--ro-bind', request.runtimeFolder, placement.runtimeFolder);
  args.push(...packageMounts(request));
  args.push('--remount-ro', '/', '--chdir', placement.taskFolder);
  for (const [name, value] of Object.entries(request.variables(placement))) args.push('--setenv', name, value);
  if (context.filter) args.push('--seccomp', String(fds.seccomp));
  args.push('--info-fd', String(fds.info));
  return args;
}

/**
 * `import` looks only in the folders above the importing file, where `require` knows NODE_PATH as well. AWS serves both from layers
 * and from its SDK, in this order; two links above /var/task do the same.
 */
function packageMounts({ packages }: LaunchRequest): string[] {
  if (packages === undefined) return [];
  const links = packages.family === 'node' ? ['--symlink', `${placement.layersFolder}/nodejs/node_modules`, '/var/node_modules', '--symlink', packages.path, '/node_modules'] : [];
  if (packages.folder === undefined) return links;
  return [...foldersAbove([packages.path]), '--ro-bind', packages.folder, packages.path, ...links];
}

function dropPrivileges({ tools }: Context, uid: number | undefined): string[] {
  const limits = [tools.prlimit, '--core=0:0', `--nofile=${filesMax}:${filesMax}`, `--nproc=${processesMax}:${processesMax}`, '--'];
  if (uid === undefined || tools.setpriv === undefined) return limits;
  return [
    ...limits, tools.setpriv, '--reuid', String(uid), '--regid', String(uid), '--clear-groups', '--no-new-privs', '--bounding-set', '-all',
    '--inh-caps', '-all', '--',
  ];
}

function findTools({ environment, isRoot }: BubblewrapOptions): Tools | { readonly unavailable: string; readonly remedy: string } {
  const find = (name: string): string | undefined => findExecutable(name, environment);
  const [bwrap, prlimit, mkfifo, nsenter, setpriv] = ['bwrap', 'prlimit', 'mkfifo', 'nsenter', 'setpriv'].map(find);
  if (bwrap === undefined) return { unavailable: 'bubblewrap is not installed', remedy: 'sudo apt-get install bubblewrap' };
  if (prlimit === undefined || mkfifo === undefined || nsenter === undefined || (isRoot && setpriv === undefined)) {
    return { unavailable: 'prlimit, setpriv, nsenter or mkfifo is missing', remedy: 'sudo apt-get install util-linux coreutils' };
  }
  return { bwrap, prlimit, mkfifo, setpriv, nsenter, unshare: find('unshare') };
}

function describe({ isRoot, storage }: BubblewrapOptions, filtered: boolean): Guarantee[] {
  const asRoot = 'sudo npm start';
  return [
    { name: 'functions see only their own files and none of the server', on: true },
    { name: 'functions cannot see or signal other processes', on: true },
    { name: 'functions cannot reach the network of the host', on: true },
    { name: 'dangerous system calls are refused', on: filtered, ...(filtered ? {} : { remedy: 'run on x86-64 or arm64' }) },
    { name: 'each environment runs under its own user id', on: isRoot, ...(isRoot ? {} : { remedy: asRoot }) },
    {
      name: '/tmp has its own size and does not count as memory',
      on: storage.kind === 'image',
      ...(storage.kind === 'image' ? {} : { remedy: isRoot ? `sudo apt-get install e2fsprogs util-linux (${storage.reason})` : asRoot }),
    },
  ];
}

/** The writing ends are the child's once there is one. */
function closePair(pair: PipePair, withWritingEnds: boolean): void {
  for (const pipe of [pair.stdout, pair.stderr]) {
    closeSync(pipe.readFd);
    if (withWritingEnds) closeSync(pipe.writeFd);
  }
  pair.release();
}
