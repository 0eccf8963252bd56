// Process trees in bubblewrap: every namespace its own, a read-only root of the system's programs, a seccomp filter.
//
// Run by root, bubblewrap keeps user 0 and all capabilities, and run under the sandbox's user it could not open host paths below
// a 0700 home. So root's bubblewrap makes the mounts and the innermost step, setpriv, becomes the sandbox's user with an empty
// bounding set. Run by anyone else, bubblewrap makes a user namespace, whose capabilities it drops.
import type { ChildProcess } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Server } from 'node:net';
import { ServiceError } from '../../base/errors.ts';
import { runtimeApiPort } from '../limits.ts';
import { createInnerListener } from '../network/innerListener.ts';
import type { InnerListener } from '../network/innerListener.ts';
import type { Helper } from '../native/openHelper.ts';
import { encodeStart } from '../native/protocol.ts';
import type { Guarantee } from '../types.ts';
import { dropPrivileges, enterSandbox, fds, isolation, sandboxArguments } from './bubblewrapArguments.ts';
import type { ArgumentParts } from './bubblewrapArguments.ts';
import { giveBack, launchedProcess } from './bubblewrapLaunched.ts';
import type { BubblewrapOptions, LaunchContext, Taken, Tools } from './bubblewrapLaunched.ts';
import { feed, firstBytes, startProcess, streamOf } from './bubblewrapProcess.ts';
import { listenInNamespace } from './listenInNamespace.ts';
import { launchCopy } from './launchCopy.ts';
import type { Assignment, CopyRequest, LaunchedProcess, Launcher, LaunchRequest } from './launcher.ts';
import { placementInImage, placementInside } from './placement.ts';
import { PipeStock } from './pipes.ts';
import { buildSeccompFilter } from './seccomp.ts';
import { deviceMounts, systemMounts, writeGeneratedEtc } from './systemFiles.ts';
import { findExecutable, runTool } from './tools.ts';
import { UidPool } from './uids.ts';

// Where there is no helper: holds a custom runtime back until its Runtime API and its endpoint listen: the namespaces are complete when it
// speaks, and when the server has gone meanwhile it ends. (bubblewrap's own --block-fd goes on in that case, and is reached
// before the namespaces are complete.)
const gateTo = (program: string): string[] => ['/bin/sh', '-c', `echo ready >&${fds.fromFunction}; read -r go <&${fds.toFunction} || exit 1; exec ${program}`, 'gate'];
const gate = gateTo(`"$@" ${fds.toFunction}<&- ${fds.fromFunction}>&-`);
/** The same for an interpreter whose channel goes on over these descriptors. */
const framedGate = gateTo('"$@"');

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
  const emptyFolder = join(realpathSync(options.folder), 'empty');
  await mkdir(emptyFolder, { recursive: true, mode: 0o755 });
  const pipes = new PipeStock(join(options.folder, 'pipes'), tools.mkfifo);
  const uids = new UidPool(options.random);
  return {
    guarantees: describe(options, filter !== undefined),
    hasOwnRoot: true,
    get canAssignLater() {
      return options.helper?.isAlive === true;
    },
    launch: (request) => launch(request, { ...options, tools, filter, system, pipes, uids, emptyFolder }),
    close: () => options.helper?.close(),
  };
}

async function launch(request: LaunchRequest, context: LaunchContext): Promise<LaunchedProcess> {
  const taken: Taken = { uid: context.isRoot ? context.uids.take() : undefined, pair: undefined, child: undefined, held: undefined, disconnect: undefined };
  try {
    const { helper } = context;
    if (helper?.isAlive === true && taken.uid !== undefined) return await launchHeld(request, context, helper, taken);
    return await launchAlone(request, context, taken);
  } catch (error) {
    await giveBack(taken, context);
    throw error;
  }
}

/** With the helper: /tmp comes, and the Runtime API listens, while the interpreter boots; a slot waits there for its files. */
async function launchHeld(request: LaunchRequest, context: LaunchContext, helper: Helper, taken: Taken): Promise<LaunchedProcess> {
  const { uid = 0 } = taken;
  const placement = placementOf(request);
  const { copier } = context;
  const image = context.storage.kind === 'image' ? await context.storage.template(request.temporaryMegabytes) : undefined;
  const etc = await writeGeneratedEtc(join(request.folder, 'etc'), { uid, gid: uid, hostAddress: context.egress.hostAddress });
  const pair = (taken.pair = await context.pipes.take());
  const args = argumentsFor(request, context, etc, image === undefined ? { kind: 'tmpfs' } : { kind: 'later' });
  const waits = !request.framed || request.runsCodeAtOnce;
  const program = waits ? [] : request.command(placement);
  const child = (taken.child = startProcess({
    ...context.tools, joinFiles: request.joinFiles, pair, script: undefined, command: [...enterSandbox(placement, uid, waits ? 'start' : 'run'), ...program],
  }));
  const pidInside = feed(child, args, context.filter);
  const entered = streamOf(child, fds.entered);
  await firstBytes(entered, 'the sandbox ended before it was ready');
  const pid = (await pidInside) ?? 0;
  const held = (taken.held = await helper.adopt(pid));
  const endpoints: Server[] = [];
  const listenAt = async (port: number | undefined): Promise<void> => void (port !== undefined && endpoints.push(await held.listen(port)));
  const [server] = await Promise.all([
    held.listen(runtimeApiPort),
    listenAt(request.endpointPort),
    listenAt(request.extensionPort),
    context.egress.connect(pid).then((disconnect) => (taken.disconnect = disconnect)),
    image === undefined ? undefined : held.place({ image: realpathSync.native(image) }),
  ]);
  const start = ({ command, variables, workingFolder = placement.taskFolder }: Pick<Assignment, 'command' | 'variables' | 'workingFolder'>): void => {
    if (waits) entered?.end(encodeStart(workingFolder, command(placement), variables(placement)));
    else entered?.destroy();
  };
  if (request.files) start(request);
  return {
    ...launchedProcess({
      request, context, child, pair, uid, pidInside, apiServer: async () => server, apiListens: true, held, endpointServers: async () => endpoints,
      async disconnect() {
        server.close();
        for (const server of endpoints) server.close();
        await taken.disconnect?.();
      },
    }),
    ...(copier === undefined ? {} : { copy: (wanted: CopyRequest, fork: () => void) => launchCopy(wanted, fork, { context, helper, copier, uid, pidInside: pid }) }),
    async assign(assignment) {
      const { codeFolder, layersFolder } = assignment.files;
      // Without an endpoint nobody takes what comes to the extension.
      if (assignment.endpointPort === undefined) for (const server of endpoints) server.close();
      await Promise.all([
        // An image is its own code.
        request.root === undefined && held.place({ code: realpathSync.native(codeFolder), layers: layersFolder === undefined ? context.emptyFolder : realpathSync.native(layersFolder) }),
        listenAt(assignment.endpointPort),
      ]);
      start(assignment);
    },
  };
}

/** Without it: a shell makes /tmp before bubblewrap starts, and a gate holds a custom runtime back. */
async function launchAlone(request: LaunchRequest, context: LaunchContext, taken: Taken): Promise<LaunchedProcess> {
  const { uid } = taken;
  const { tools } = context;
  if (request.root !== undefined) throw new ServiceError('InvalidRuntimeException', 'Container images run only where the server is started as root, on x86-64 or arm64, from an unchanged package.', { status: 502 });
  const placement = placementOf(request);
  const image = context.storage.kind === 'image' ? await context.storage.prepare(request.folder, request.temporaryMegabytes) : undefined;
  const etc = await writeGeneratedEtc(join(request.folder, 'etc'), { uid: uid ?? process.getuid?.() ?? 0, gid: uid ?? process.getgid?.() ?? 0, hostAddress: context.egress.hostAddress });
  const pair = (taken.pair = await context.pipes.take());
  const args = argumentsFor(request, context, etc, image ? { kind: 'folder', path: image.mountPoint } : { kind: 'tmpfs' });
  const isGated = !request.framed || request.startsExtensions;
  const command = [...dropPrivileges(tools, uid), ...(isGated ? (request.framed ? framedGate : gate) : []), ...request.command(placement)];
  const child = (taken.child = startProcess({ ...tools, joinFiles: request.joinFiles, pair, script: image?.script, command }));
  const pidInside = feed(child, args, context.filter);
  const connecting = pidInside.then((pid) => (pid === undefined ? undefined : context.egress.connect(pid)));
  const endpointPorts = [request.endpointPort, request.extensionPort].filter((port) => port !== undefined);
  const ports = [runtimeApiPort, ...endpointPorts];
  const listening = createInnerListener(async () => {
    const [servers] = await Promise.all([listenInside(pidInside, ports, context), connecting]);
    return servers;
  });
  if (isGated) await passGate(child, listening, request.framed);
  return launchedProcess({
    request, context, child, pair, uid, pidInside, apiServer: async () => (await listening.open())[0], apiListens: isGated, held: undefined,
    endpointServers: async () => (endpointPorts.length === 0 ? [] : (await listening.open()).slice(-endpointPorts.length)),
    async disconnect() {
      listening.close();
      await (await connecting)?.();
    },
  });
}

function argumentsFor(request: LaunchRequest, context: LaunchContext, etc: readonly string[], temporary: ArgumentParts['temporary']): string[] {
  const { isRoot, system, hiddenFolders, filter } = context;
  return sandboxArguments({ request, placement: placementOf(request), isRoot, system, etc, hiddenFolders, temporary, hasFilter: filter !== undefined });
}

const placementOf = ({ root }: LaunchRequest): typeof placementInside => (root === undefined ? placementInside : placementInImage);

async function listenInside(pidInside: Promise<number | undefined>, ports: readonly number[], { tools, isRoot }: LaunchContext): Promise<Server[]> {
  const pid = await pidInside;
  if (pid === undefined) throw new Error('the sandbox ended before it could listen');
  return await listenInNamespace({ nsenter: tools.nsenter, pid, ownUserNamespace: !isRoot, ports });
}

/** Listens inside as soon as the namespaces are complete, then lets the runtime start. */
async function passGate(child: ChildProcess, listening: InnerListener, framed: boolean): Promise<void> {
  const [toFunction, fromFunction] = [streamOf(child, fds.toFunction), streamOf(child, fds.fromFunction)];
  await firstBytes(fromFunction, 'the sandbox ended before its Runtime API was ready');
  await listening.open();
  if (framed) toFunction?.write('go\n');
  else toFunction?.end('go\n');
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

const networkGuarantee = 'functions cannot reach the network of the host';

function describe({ isRoot, storage, helper, egress }: BubblewrapOptions, filtered: boolean): Guarantee[] {
  const asRoot = 'sudo npm start';
  return [
    { name: 'functions see only their own files and none of the server', on: true },
    { name: 'functions cannot see or signal other processes', on: true },
    egress.hostAddress === undefined ? { name: networkGuarantee, on: true } : { name: networkGuarantee, on: false, remedy: 'start without --allow-host' },
    { name: 'dangerous system calls are refused', on: filtered, ...(filtered ? {} : { remedy: 'run on x86-64 or arm64' }) },
    { name: 'each environment runs under its own user id', on: isRoot, ...(isRoot ? {} : { remedy: asRoot }) },
    {
      name: '/tmp has its own size and does not count as memory',
      on: storage.kind === 'image',
      ...(storage.kind === 'image' ? {} : { remedy: isRoot ? `sudo apt-get install e2fsprogs util-linux (${storage.reason})` : asRoot }),
    },
    {
      name: 'functions start in environments that were booted ahead',
      on: helper !== undefined,
      ...(helper === undefined ? { remedy: isRoot ? 'run on x86-64 or arm64, from an unchanged package' : asRoot } : {}),
    },
  ];
}
