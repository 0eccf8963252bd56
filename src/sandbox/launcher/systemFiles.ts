// The part of the host's file system that a function may see: programs and libraries, and the few files of /etc that name
// resolution, TLS and time zones need. Nothing else of /etc, no home, no /var, no /run, no /sys.
import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resolverFile } from '../network/resolvers.ts';

const programFolders = ['/bin', '/sbin', '/lib', '/lib64', '/lib32', '/libx32'];

/** Read-only as they are. ld.so.cache and alternatives hold only names of libraries and programs under /usr. */
const visibleEtc = [
  '/etc/ssl/certs', '/etc/ssl/cert.pem', '/etc/ssl/openssl.cnf', '/etc/pki/ca-trust', '/etc/pki/tls/certs', '/etc/pki/tls/cert.pem', '/etc/pki/tls/openssl.cnf',
  '/etc/ca-certificates', '/etc/ca-certificates.conf', '/etc/crypto-policies', '/etc/localtime', '/etc/timezone',
  '/etc/mime.types', '/etc/protocols', '/etc/services', '/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/ld.so.conf.d', '/etc/alternatives',
];

/**
 * Arguments that make the folders above a mount point. bubblewrap would make them itself, but searchable by root alone, and the
 * function is not root.
 */
export function foldersAbove(paths: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1)) folders.add(path.slice(0, end));
  }
  return [...folders].flatMap((folder) => ['--dir', folder]);
}

/** Arguments for bubblewrap that mount the system. */
export function systemMounts(): string[] {
  const args = ['--ro-bind', '/usr', '/usr', ...foldersAbove([...visibleEtc, '/var/task'])];
  for (const folder of programFolders) {
    if (!existsSync(folder)) continue;
    if (lstatSync(folder).isSymbolicLink()) args.push('--symlink', readlinkSync(folder), folder);
    else args.push('--ro-bind', folder, folder);
  }
  for (const path of visibleEtc) {
    if (!existsSync(path)) continue;
    // A link may lead into /run or a home; what it names is bound in its place.
    args.push('--ro-bind', realpathSync(path), path);
  }
  return args;
}

/**
 * /dev. For root bubblewrap makes it, with terminals. Without root terminals would cost a second, nested user namespace, and the
 * network could not be entered any more to listen for the Runtime API; so there the plain devices are bound one by one.
 */
export function deviceMounts(isRoot: boolean): string[] {
  if (isRoot) return ['--dev', '/dev'];
  const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'].flatMap((name) => ['--dev-bind', `/dev/${name}`, `/dev/${name}`]);
  const links = [['fd', ''], ['stdin', '/0'], ['stdout', '/1'], ['stderr', '/2']].flatMap(([name, end]) => ['--symlink', `/proc/self/fd${end}`, `/dev/${name}`]);
  return ['--tmpfs', '/dev', ...devices, ...links, '--dir', '/dev/shm'];
}

/** What functions call the machine that the server runs on, where they may reach it. */
export const hostName = 'host.haneul.internal';

export interface GeneratedIdentity {
  readonly uid: number;
  readonly gid: number;
  /** What {@link hostName} means; it is unknown otherwise. */
  readonly hostAddress: string | undefined;
}

/** Writes the generated files of /etc into `folder` and answers the arguments that mount them. */
export async function writeGeneratedEtc(folder: string, identity: GeneratedIdentity): Promise<string[]> {
  const { uid, gid, hostAddress } = identity;
  const files: Record<string, string> = {
    // AWS's own name for the account that functions run under.
    passwd: `root:x:0:0:root:/root:/sbin/nologin\nsbx_user1051:x:${uid}:${gid}::/home/sbx_user1051:/sbin/nologin\n`,
    group: `root:x:0:\nsbx_user1051:x:${gid}:\n`,
    // Where extensions receive telemetry.
    hosts: `127.0.0.1 localhost sandbox.localdomain sandbox\n::1 localhost\n${hostAddress === undefined ? '' : `${hostAddress} ${hostName}\n`}`,
    hostname: 'localhost\n',
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n',
  };
  await mkdir(folder);
  const args: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o644 });
    args.push('--ro-bind', path, `/etc/${name}`);
  }
  const resolvers = resolverFile();
  if (resolvers !== undefined) args.push('--ro-bind', resolvers, '/etc/resolv.conf');
  return args;
}
