// A copy of an initialised process (SnapStart), confined as if it had been launched: native/snapshot/clone.c makes it and stays
// beside it, in the place that bubblewrap's outer process has for others.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, readdirSync, realpathSync } from 'node:fs';
import type { Server } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Helper } from '../native/openHelper.ts';
import { runtimeApiPort } from '../limits.ts';
import { giveBack, launchedProcess } from './bubblewrapLaunched.ts';
import type { LaunchContext, Taken } from './bubblewrapLaunched.ts';
import { listTree } from './bubblewrapProcess.ts';
import type { CopyRequest, LaunchedProcess } from './launcher.ts';
import { quoteForShell, runTool } from './tools.ts';

export interface CopyParts {
  readonly context: LaunchContext;
  readonly helper: Helper;
  readonly copier: string;
  /** Of the template, outside and inside; the copy has another one outside. */
  readonly uid: number;
  /** The first process of the template's namespaces; the interpreter is its only child. */
  readonly pidInside: number;
}

/** Descriptor of the copier: what it tells. 1 to 4 are the copy's. */
const infoFd = 5;

/** Copies; everything is in place when it resolves, and the copy waits to be told who it is. */
export async function launchCopy(request: CopyRequest, fork: () => void, parts: CopyParts): Promise<LaunchedProcess> {
  const { context, helper, pidInside } = parts;
  const taken: Taken = { uid: context.uids.take(), pair: undefined, child: undefined, held: undefined, disconnect: undefined };
  try {
    const template = templateOf(pidInside);
    const { storage } = context;
    const image = storage.kind === 'image' ? realpathSync.native(await storage.template(request.temporaryMegabytes)) : '';
    if (image === '') throw new Error('/tmp cannot be given to a copy here');
    const pair = (taken.pair = await context.pipes.take());
    const child = (taken.child = startCopier(parts, template, image, { request, taken }));
    const told = readLines(child);
    if ((await told.next()) !== 'watching') throw new Error(`the template could not be watched: ${told.complaint()}`);
    fork();
    const pid = Number(await told.next());
    if (!Number.isInteger(pid) || pid < 2) throw new Error(`the template could not be copied: ${told.complaint()}`);
    const held = (taken.held = await helper.adopt(pid));
    const endpoints: Server[] = [];
    const listenAt = async (port: number | undefined): Promise<void> => void (port !== undefined && endpoints.push(await held.listen(port)));
    const [server] = await Promise.all([
      held.listen(runtimeApiPort),
      listenAt(request.extensionPort),
      context.egress.connect(pid).then((disconnect) => (taken.disconnect = disconnect)),
      copyTemporaryFiles(template, pid, parts, taken.uid ?? 0),
    ]);
    return {
      ...launchedProcess({
        request: { framed: true }, context, child, pair, uid: taken.uid, pidInside: Promise.resolve(pid), apiServer: async () => server, apiListens: true, held,
        endpointServers: async () => endpoints,
        async disconnect() {
          for (const each of [server, ...endpoints]) each.close();
          await taken.disconnect?.();
        },
      }),
      async assign({ endpointPort }) {
        if (endpointPort === undefined) for (const each of endpoints) each.close();
        else await listenAt(endpointPort);
      },
    };
  } catch (error) {
    await giveBack(taken, context);
    throw error;
  }
}

/** The interpreter; what follows it are its copies. */
function templateOf(pidInside: number): number {
  const [, template] = listTree(pidInside, 2);
  if (template === undefined) throw new Error('the template has ended');
  return template;
}

function startCopier({ copier, uid }: CopyParts, template: number, image: string, { request, taken }: { readonly request: CopyRequest; readonly taken: Taken }): ChildProcess {
  const { pair } = taken;
  const args = [String(template), String(taken.uid), String(uid), image, ...request.joinFiles];
  if (pair === undefined) throw new Error('there are no pipes');
  try {
    return spawn(copier, args, { cwd: '/', env: {}, stdio: ['ignore', pair.stdout.writeFd, pair.stderr.writeFd, 'pipe', 'pipe', 'pipe'] });
  } finally {
    closeSync(pair.stdout.writeFd);
    closeSync(pair.stderr.writeFd);
  }
}

/** The lines that the copier tells, one after the other; undefined when it has ended. */
function readLines(child: ChildProcess): { next(): Promise<string | undefined>; complaint(): string } {
  const stream = (child.stdio as readonly unknown[])[infoFd] as Duplex;
  for (const fd of [3, 4, infoFd]) ((child.stdio as readonly unknown[])[fd] as Duplex | null)?.on('error', () => undefined);
  let text = '';
  let hasEnded = false;
  let wake = (): void => undefined;
  const end = (): void => {
    hasEnded = true;
    wake();
  };
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    wake();
  });
  stream.once('close', end);
  child.once('error', end);
  return {
    async next() {
      for (;;) {
        const at = text.indexOf('\n');
        if (at >= 0) {
          const line = text.slice(0, at);
          text = text.slice(at + 1);
          return line;
        }
        if (hasEnded) return undefined;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    complaint: () => `exit ${child.exitCode ?? child.signalCode ?? 'unknown'}`,
  };
}

/**
 * What initialisation wrote to /tmp is part of the snapshot. Each end works inside, as the function's own user: whatever names a hostile
 * one changes meanwhile, they mean nothing outside.
 */
async function copyTemporaryFiles(template: number, pid: number, { context, uid }: CopyParts, copyUid: number): Promise<void> {
  if (readdirSync(`/proc/${template}/root/tmp`).length === 0) return;
  const inside = (target: number, user: number, command: string): string =>
    `${quoteForShell(context.tools.nsenter)} --target ${target} --mount --setgid ${user} --setuid ${user} -- ${command}`;
  // Not the folder itself, which is root's.
  const pack = "find /tmp -mindepth 1 -maxdepth 1 -printf '%f\\0' | tar -C /tmp --null --ignore-failed-read -T - -cf -";
  const script = `${inside(template, uid, `/bin/sh -c ${quoteForShell(pack)}`)} | ${inside(pid, copyUid, 'tar -C /tmp -xpf -')}`;
  const copied = await runTool('/bin/sh', ['-c', `PATH=/usr/bin:/bin; export PATH; ${script}`]);
  if (copied.code !== 0) throw new Error(`/tmp could not be copied: ${copied.stderr.trim().slice(0, 200)}`);
}
