// What bubblewrap is told: which namespaces, which mounts, and how the program inside loses what is left of root.
import { filesMax, processesMax } from '../limits.ts';
import { imageMountPoints } from '../image/mountPoints.ts';
import type { LaunchRequest, Placement } from './launcher.ts';
import { deviceMounts, foldersAbove } from './systemFiles.ts';

/** Descriptors of the launcher. 3 and 4 are the framed channel, or the gate's; bubblewrap reads and closes 5, 6 and 7. */
export const fds = { toFunction: 3, fromFunction: 4, args: 5, seccomp: 6, info: 7, entered: 8 } as const;

/** Namespaces and identity. */
export function isolation(isRoot: boolean): string[] {
  const namespaces = ['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try'];
  // With a user namespace one capability-free user is left, the same inside as outside (see deviceMounts). Without, the three that setpriv needs to leave root remain.
  const identity = isRoot
    ? ['--cap-drop', 'ALL', '--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_SETPCAP']
    : ['--unshare-user', '--cap-drop', 'ALL'];
  return [...namespaces, ...identity, '--hostname', 'localhost', '--die-with-parent', '--new-session', '--clearenv'];
}

export interface ArgumentParts {
  readonly request: LaunchRequest;
  readonly placement: Placement;
  readonly isRoot: boolean;
  readonly system: readonly string[];
  /** Arguments that mount the generated files of /etc. */
  readonly etc: readonly string[];
  readonly hiddenFolders: readonly string[];
  /** How /tmp comes: a tmpfs, a host folder that is a mount already, or later. */
  readonly temporary: { readonly kind: 'tmpfs' } | { readonly kind: 'folder'; readonly path: string } | { readonly kind: 'later' };
  readonly hasFilter: boolean;
}

/** Everything that bubblewrap reads from its arguments descriptor. */
export function sandboxArguments(parts: ArgumentParts): string[] {
  const { request, placement, isRoot } = parts;
  if (request.root !== undefined) return imageArguments(parts, request.root);
  const args = [...isolation(isRoot), ...parts.system, ...foldersAbove(request.interpreterPaths)];
  for (const path of request.interpreterPaths) args.push('--ro-bind', path, path);
  for (const folder of parts.hiddenFolders) {
    if (folder.startsWith('/usr/') || request.interpreterPaths.some((path) => folder.startsWith(`${path}/`))) args.push('--tmpfs', folder);
  }
  args.push(...parts.etc, '--proc', '/proc', ...deviceMounts(isRoot), '--remount-ro', '/dev', ...temporaryMount(parts), ...filesMounts(parts));
  args.push('--ro-bind', request.runtimeFolder, placement.runtimeFolder, ...packageMounts(parts));
  args.push('--remount-ro', '/', '--chdir', request.files ? placement.taskFolder : '/');
  for (const [name, value] of Object.entries(request.variables(placement))) args.push('--setenv', name, value);
  if (parts.hasFilter) args.push('--seccomp', String(fds.seccomp));
  args.push('--info-fd', String(fds.info));
  return args;
}

/** The root of an image, read-only, with the mount points that were made in it (image/mountPoints.ts). Nothing of the host is seen besides. */
function imageArguments(parts: ArgumentParts, root: string): string[] {
  const { request, placement, isRoot } = parts;
  const args = [...isolation(isRoot), '--ro-bind', root, '/', '--proc', '/proc', ...deviceMounts(isRoot), '--remount-ro', '/dev', ...temporaryMount(parts)];
  for (let index = 0; index + 2 < parts.etc.length; index += 3) {
    const [option = '', path = '', place = ''] = parts.etc.slice(index, index + 3);
    if (imageMountPoints.files.some((file) => place === `/${file}`)) args.push(option, path, place);
  }
  args.push('--ro-bind', request.runtimeFolder, placement.runtimeFolder, '--chdir', '/');
  for (const [name, value] of Object.entries(request.variables(placement))) args.push('--setenv', name, value);
  if (parts.hasFilter) args.push('--seccomp', String(fds.seccomp));
  args.push('--info-fd', String(fds.info));
  return args;
}

function temporaryMount({ temporary, request }: ArgumentParts): string[] {
  if (temporary.kind === 'folder') return ['--bind', temporary.path, '/tmp'];
  if (temporary.kind === 'later') return ['--dir', '/tmp'];
  return ['--perms', '1777', '--size', String(request.temporaryMegabytes * 1024 * 1024), '--tmpfs', '/tmp'];
}

function filesMounts({ request, placement }: ArgumentParts): string[] {
  const { taskFolder, layersFolder } = placement;
  // The dynamic linker remembers for good that a folder of its search path was missing when the interpreter started.
  if (!request.files) return [taskFolder, layersFolder].flatMap((folder) => ['--dir', folder, '--dir', `${folder}/lib`]);
  const { files } = request;
  return [
    '--ro-bind', files.codeFolder, taskFolder,
    ...(files.layersFolder === undefined ? ['--dir', layersFolder] : ['--ro-bind', files.layersFolder, layersFolder]),
  ];
}

/**
 * `import` looks only in the folders above the importing file, where `require` knows NODE_PATH as well. AWS serves both from layers
 * and from its SDK, in this order; two links above /var/task do the same.
 */
function packageMounts({ request: { packages }, placement }: ArgumentParts): string[] {
  if (packages === undefined) return [];
  const links = packages.family === 'node' ? ['--symlink', `${placement.layersFolder}/nodejs/node_modules`, '/var/node_modules', '--symlink', packages.path, '/node_modules'] : [];
  if (packages.folder === undefined) return links;
  return [...foldersAbove([packages.path]), '--ro-bind', packages.folder, packages.path, ...links];
}

export interface PrivilegeTools {
  readonly prlimit: string;
  readonly setpriv: string | undefined;
}

/** The innermost steps where our own program cannot take them: limits, then the user. */
export function dropPrivileges({ prlimit, setpriv }: PrivilegeTools, uid: number | undefined): string[] {
  const limits = [prlimit, '--core=0:0', `--nofile=${filesMax}:${filesMax}`, `--nproc=${processesMax}:${processesMax}`, '--'];
  if (uid === undefined || setpriv === undefined) return limits;
  return [
    ...limits, setpriv, '--reuid', String(uid), '--regid', String(uid), '--clear-groups', '--no-new-privs', '--bounding-set', '-all',
    '--inh-caps', '-all', '--',
  ];
}

/** The same by our own program, in one step (native/enter.c). */
export function enterSandbox(placement: Placement, uid: number, mode: 'start' | 'run'): string[] {
  return [`${placement.runtimeFolder}/enter`, 'enter', String(uid), String(processesMax), String(filesMax), mode, '--'];
}
