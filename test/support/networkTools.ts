// Packet filters and pasta for the tests of functions' way to the internet, out of Debian's packages, unpacked beside the checkout: installed, they
// would change what every other server on this machine does.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable } from '../../src/sandbox/launcher/tools.ts';
import { installOnce, installStep, type Missing } from './installOnce.ts';

export type NetworkTool = 'nft' | 'iptables-nft' | 'iptables-legacy' | 'pasta';

const packages = [
  'nftables', 'libnftables1', 'libnftnl11', 'libmnl0', 'libxtables12', 'libjansson4', 'libedit2', 'libbsd0', 'iptables', 'libip4tc2', 'libip6tc2', 'libnetfilter-conntrack3', 'libnfnetlink0', 'passt',
];

/** The name that a program is looked for under, and where its package has it. */
const programs: Readonly<Record<NetworkTool, readonly [name: string, path: string]>> = {
  nft: ['nft', 'usr/sbin/nft'], 'iptables-nft': ['iptables', 'usr/sbin/iptables-nft'], 'iptables-legacy': ['iptables', 'usr/sbin/iptables-legacy'], pasta: ['pasta', 'usr/bin/pasta'],
};

/** A folder for PATH that holds this one of them. */
export async function requireNetworkTool(tool: NetworkTool): Promise<string | Missing> {
  if (findExecutable('apt-get', process.env) === undefined || findExecutable('dpkg', process.env) === undefined) return { missing: `not run: ${tool} comes from Debian's packages` };
  const folder = await installOnce('network-tools', async (target) => {
    await installStep('apt-get', ['download', '-qq', ...packages], target);
    for (const file of readdirSync(target).filter((name) => name.endsWith('.deb'))) await installStep('dpkg', ['-x', file, 'root'], target);
    const root = join(target, 'root');
    const libraries = ['usr/lib', 'lib'].flatMap((name) => readdirSync(join(root, name)).filter((part) => part.endsWith('-linux-gnu')).map((part) => join(root, name, part)));
    for (const [kind, [name, path]] of Object.entries(programs)) {
      mkdirSync(join(target, 'bin', kind), { recursive: true });
      const set = `LD_LIBRARY_PATH=${libraries.join(':')} XTABLES_LIBDIR=${join(libraries[0] ?? '', 'xtables')}`;
      writeFileSync(join(target, 'bin', kind, name), `#!/bin/sh\n${set} exec ${join(root, path)} "$@"\n`, { mode: 0o755 });
    }
  });
  return typeof folder === 'string' ? join(folder, 'bin', tool) : folder;
}
