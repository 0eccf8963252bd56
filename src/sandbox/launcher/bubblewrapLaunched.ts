// What every way of launching in bubblewrap ends in: the process as the rest of the sandbox knows it, and how what it took is given back.
import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Random } from '../../base/random.ts';
import type { HeldSandbox, Helper } from '../native/openHelper.ts';
import type { Egress } from '../network/egress.ts';
import { fds } from './bubblewrapArguments.ts';
import { listTree, readBubblewrapExit, streamOf } from './bubblewrapProcess.ts';
import { connectInNamespace } from './connectInNamespace.ts';
import type { LaunchedProcess, LaunchRequest } from './launcher.ts';
import type { PipePair, PipeStock } from './pipes.ts';
import type { TemporaryStorage } from './temporaryStorage.ts';
import type { ProcessEnvironment } from './tools.ts';
import type { UidPool } from './uids.ts';

export interface BubblewrapOptions {
  readonly folder: string;
  readonly environment: ProcessEnvironment;
  readonly random: Random;
  readonly storage: TemporaryStorage;
  readonly isRoot: boolean;
  /** Makes late changes to sandboxes; root's only. */
  readonly helper: Helper | undefined;
  /** The program that copies initialised processes, where there is one. */
  readonly copier?: string | undefined;
  readonly egress: Egress;
  /** Host folders that must stay invisible even if they lie under a folder that functions see. */
  readonly hiddenFolders: readonly string[];
}

export interface Tools {
  readonly bwrap: string;
  readonly prlimit: string;
  readonly mkfifo: string;
  readonly nsenter: string;
  readonly setpriv: string | undefined;
  readonly unshare: string | undefined;
}

export interface LaunchContext extends BubblewrapOptions {
  /** /opt of a function without layers. */
  readonly emptyFolder: string;
  readonly tools: Tools;
  readonly filter: Buffer | undefined;
  readonly system: readonly string[];
  readonly pipes: PipeStock;
  readonly uids: UidPool;
}

/** What a launch has taken so far, to be given back if it fails. */
export interface Taken {
  readonly uid: number | undefined;
  pair: PipePair | undefined;
  child: ChildProcess | undefined;
  held: HeldSandbox | undefined;
  /** Takes the way to the internet away again. */
  disconnect: (() => Promise<void>) | undefined;
}

export function launchedProcess(parts: {
  readonly request: Pick<LaunchRequest, 'framed'>;
  readonly context: LaunchContext;
  readonly child: ChildProcess;
  readonly pair: PipePair;
  readonly uid: number | undefined;
  readonly pidInside: Promise<number | undefined>;
  readonly apiServer: LaunchedProcess['apiServer'];
  readonly apiListens: boolean;
  readonly held: HeldSandbox | undefined;
  readonly endpointServers: LaunchedProcess['endpointServers'];
  readonly disconnect: () => Promise<void>;
}): LaunchedProcess {
  const { request, context, child, pair, uid, pidInside, apiServer, apiListens, held, endpointServers, disconnect } = parts;
  const [toFunction, fromFunction] = [streamOf(child, fds.toFunction), streamOf(child, fds.fromFunction)];
  let pid: number | undefined;
  void pidInside.then((value) => (pid = value));
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  let released: Promise<boolean> | undefined;
  const letGo = (): Promise<boolean> => (released ??= held?.release() ?? Promise.resolve(true));
  return {
    child,
    stdoutFd: pair.stdout.readFd,
    stderrFd: pair.stderr.readFd,
    channel: request.framed && toFunction && fromFunction ? { toFunction, fromFunction } : undefined,
    apiServer,
    apiListens,
    async connectInside(port): Promise<Socket> {
      const inside = await pidInside;
      if (inside === undefined || isGone()) throw new Error('the sandbox has ended');
      return connectInNamespace({ nsenter: context.tools.nsenter, pid: inside, ownUserNamespace: !context.isRoot }, port);
    },
    endpointServers,
    listProcesses: async (maximum) => (isGone() || pid === undefined ? [] : listTree(pid, maximum)),
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
    assign: () => Promise.reject(new Error('it has its files already')),
    wasLost: async () => !(await letGo()),
    async release() {
      await letGo();
      await disconnect();
      if (uid !== undefined) context.uids.release(uid);
      pair.release();
    },
  };
}

/** After a launch that failed. */
export async function giveBack({ child, pair, uid, held, disconnect }: Taken, context: LaunchContext): Promise<void> {
  // Its descriptors close with it, and the gate inside ends at that.
  child?.kill('SIGKILL');
  for (const stream of child?.stdio ?? []) stream?.destroy();
  void held?.release();
  await disconnect?.();
  if (pair) closePair(pair, child === undefined);
  if (uid !== undefined) context.uids.release(uid);
}

/** The writing ends are the child's once there is one. */
function closePair(pair: PipePair, withWritingEnds: boolean): void {
  for (const pipe of [pair.stdout, pair.stderr]) {
    closeSync(pipe.readFd);
    if (withWritingEnds) closeSync(pipe.writeFd);
  }
  pair.release();
}
