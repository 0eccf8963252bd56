// The weaker mode: a process of its own session, without a root, a network or a process table of its own. It runs the code, it
// does not confine it, and says so. Where the server is root the process still gets its own user.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { ServiceError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { filesMax, processesMax } from '../limits.ts';
import type { Guarantee } from '../types.ts';
import type { LaunchedProcess, Launcher, LaunchRequest, Placement } from './launcher.ts';
import { PipeStock } from './pipes.ts';
import type { PipePair } from './pipes.ts';
import { findExecutable, quoteForShell } from './tools.ts';
import type { ProcessEnvironment } from './tools.ts';
import { UidPool } from './uids.ts';

export interface PlainOptions {
  readonly environment: ProcessEnvironment;
  readonly random: Random;
  readonly isRoot: boolean;
  /** A name of this server's own, from its folder: tells its leftovers from another server's processes. */
  readonly instance: string;
  /** Why it has come to this, and what would help. */
  readonly reason: string;
  readonly remedy: string;
}

/** Every process of an environment carries this in its own environment, which is how descendants are found again. */
const marker = 'HANEUL_ENVIRONMENT';

/** A launcher that needs nothing but a shell. What a crashed run of this server left behind is ended and removed first. */
export async function openPlain(options: PlainOptions): Promise<Launcher> {
  for (const pid of listMarked((mark) => mark.startsWith(`${options.instance}/`), undefined)) killQuietly(pid);
  for (const name of await readdir(tmpdir())) {
    if (name.startsWith(`${options.instance}-`)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
  const uids = new UidPool(options.random);
  const mkfifo = findExecutable('mkfifo', options.environment) ?? 'mkfifo';
  return {
    guarantees: describe(options),
    hasOwnRoot: false,
    canAssignLater: false,
    close: () => undefined,
    launch: (request) => launch(request, options, uids, mkfifo),
  };
}

async function launch(request: LaunchRequest, options: PlainOptions, uids: UidPool, mkfifo: string): Promise<LaunchedProcess> {
  if (request.root !== undefined) throw new ServiceError('InvalidRuntimeException', `Container images do not run here: ${options.reason}.`, { status: 502 });
  const uid = options.isRoot ? uids.take() : undefined;
  // Below the data directory (0700) another user could not reach anything: so everything it needs is copied to a place of its own.
  const home = await mkdtemp(join(tmpdir(), `${options.instance}-`));
  let pair: PipePair | undefined;
  let server: Server | undefined;
  let endpoint: Server | undefined;
  try {
    const placement = await place(request, home, uid);
    server = await listenOnLoopback();
    endpoint = request.endpointPort === undefined ? undefined : await listenOnLoopback();
    const [runtimeApiAddress, endpointAddress] = [server, endpoint].map(addressOf);
    const withApi = { ...placement, runtimeApiAddress, ...(endpointAddress === undefined ? {} : { endpointAddress }) };
    pair = await new PipeStock(join(home, 'pipes'), mkfifo).take();
    const mark = `${options.instance}/${request.environmentId}`;
    const child = startProcess(request, withApi, { pair, uid, mark });
    const taken = pair;
    return launchedProcess({ request, mark, child, pair, server, endpoint, release: async () => {
      endpoint?.close();
      taken.release();
      if (uid !== undefined) uids.release(uid);
      await rm(home, { recursive: true, force: true });
    } });
  } catch (error) {
    server?.close();
    endpoint?.close();
    if (uid !== undefined) uids.release(uid);
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

async function place(request: LaunchRequest, home: string, uid: number | undefined): Promise<Placement> {
  const placement = {
    taskFolder: join(home, 'task'), layersFolder: join(home, 'opt'), runtimeFolder: join(home, 'runtime'), temporaryFolder: join(home, 'tmp'),
    runtimeApiAddress: undefined,
  };
  await chmod(home, 0o711);
  if (!request.files) throw new Error('without isolation there is nothing to assign later');
  const { codeFolder, layersFolder } = request.files;
  await cp(codeFolder, placement.taskFolder, { recursive: true });
  if (layersFolder === undefined) await mkdir(placement.layersFolder);
  else await cp(layersFolder, placement.layersFolder, { recursive: true });
  await cp(request.runtimeFolder, placement.runtimeFolder, { recursive: true });
  for (const folder of await readdir(home)) await chmod(join(home, folder), 0o755);
  await mkdir(placement.temporaryFolder, { mode: 0o700 });
  const { packages } = request;
  // Above the code, where both `require` and `import` look.
  if (packages?.folder !== undefined && packages.family === 'node') await symlink(packages.folder, join(home, 'node_modules'));
  if (uid !== undefined) await chown(placement.temporaryFolder, uid, uid);
  return packages?.folder === undefined ? placement : { ...placement, packagesFolder: packages.folder };
}

function startProcess(
  request: LaunchRequest,
  placement: Placement,
  { pair, uid, mark }: { readonly pair: PipePair; readonly uid: number | undefined; readonly mark: string },
): ChildProcess {
  const joins = request.joinFiles.map((file) => `echo $$ > ${quoteForShell(file)}`);
  // The shell joins the limits as root, the kernel lowers the rest; `-u` is missing from some shells.
  const limits = [`ulimit -c 0`, `ulimit -n ${filesMax}`, ...(uid === undefined ? [] : [`ulimit -u ${processesMax} 2>/dev/null || ulimit -p ${processesMax} 2>/dev/null || true`])];
  const drop = uid === undefined ? '' : `setpriv --reuid ${uid} --regid ${uid} --clear-groups --no-new-privs --bounding-set -all --inh-caps -all -- `;
  const script = [...joins, ...limits, `cd ${quoteForShell(placement.taskFolder)}`, `exec ${drop}"$@"`].join('\n');
  try {
    return spawn('/bin/sh', ['-c', script, 'sh', ...request.command(placement)], {
      cwd: '/',
      detached: true,
      env: { ...request.variables(placement), [marker]: mark },
      stdio: ['ignore', pair.stdout.writeFd, pair.stderr.writeFd, request.framed ? 'pipe' : 'ignore', request.framed ? 'pipe' : 'ignore'],
    });
  } finally {
    closeSync(pair.stdout.writeFd);
    closeSync(pair.stderr.writeFd);
  }
}

function launchedProcess(parts: {
  readonly request: LaunchRequest;
  readonly mark: string;
  readonly child: ChildProcess;
  readonly pair: PipePair;
  readonly server: Server | undefined;
  readonly endpoint: Server | undefined;
  readonly release: () => Promise<void>;
}): LaunchedProcess {
  const { request, mark, child, pair, endpoint } = parts;
  const listOwn = (): number[] => listMarked((found) => found === mark, child.pid);
  const streams = child.stdio as readonly (Duplex | null | undefined)[];
  const [toFunction, fromFunction] = [streams[3], streams[4]];
  for (const stream of [toFunction, fromFunction]) stream?.on('error', () => undefined);
  const kill = (): void => {
    for (const pid of listOwn()) killQuietly(pid);
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killQuietly(-child.pid);
  };
  // Nothing but the main process tells that the environment has ended; what it left running goes with it.
  child.once('exit', kill);
  return {
    child,
    stdoutFd: pair.stdout.readFd,
    stderrFd: pair.stderr.readFd,
    channel: request.framed && toFunction && fromFunction ? { toFunction, fromFunction } : undefined,
    apiServer: async () => parts.server,
    apiListens: true,
    connectInside: (port) => connectTo(port),
    // Nothing at the port of the extension: it would be the host's.
    endpointServers: async () => (endpoint === undefined ? [] : [endpoint]),
    assign: () => Promise.reject(new Error('it has its files already')),
    listProcesses: async () => listOwn(),
    kill,
    readExit: (code, signal) => ({ code: code ?? undefined, signal: signal ?? undefined }),
    wasLost: async () => false,
    release: parts.release,
  };
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

/** Every process that started with the environment's mark; a hostile one can shed it, which is one more thing this mode cannot hold. */
function listMarked(isWanted: (mark: string) => boolean, first: number | undefined): number[] {
  const prefix = `${marker}=`;
  if (process.platform !== 'linux') return first === undefined ? [] : [first];
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    if (pid === first) return true;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').some((entry) => entry.startsWith(prefix) && isWanted(entry.slice(prefix.length)));
    } catch {
      return false;
    }
  });
}

function connectTo(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

function listenOnLoopback(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

function addressOf(server: Server | undefined): string | undefined {
  const address = server?.address();
  return address && typeof address === 'object' ? `127.0.0.1:${address.port}` : undefined;
}

function describe({ isRoot, remedy, reason }: PlainOptions): Guarantee[] {
  const off = (name: string): Guarantee => ({ name, on: false, remedy });
  return [
    off(`functions see only their own files and none of the server (${reason})`),
    off('functions cannot see or signal other processes'),
    off('functions cannot reach the network of the host'),
    off('dangerous system calls are refused'),
    isRoot ? { name: 'each environment runs under its own user id', on: true } : { name: 'each environment runs under its own user id', on: false, remedy: 'sudo npm start' },
    off('/tmp has its own size and does not count as memory'),
    off('functions start in environments that were booted ahead'),
  ];
}
