// What iptables is told and what is read back from it; rules.ts says the same in nftables' language.
import type { OwnNetwork } from './firewall.ts';
import { forbiddenNetworks, subnetOf } from './firewall.ts';

export type IptablesCommand = readonly string[];

type Owner = Pick<OwnNetwork, 'mark' | 'pid'>;

/** Where each of a server's chains is entered. Names may have 28 characters. */
export function chainsOf({ mark, pid }: Owner): readonly { readonly table: 'filter' | 'nat'; readonly hook: string; readonly chain: string }[] {
  return [
    { table: 'filter', hook: 'INPUT', chain: `HNLI_${mark}_${pid}` },
    { table: 'filter', hook: 'FORWARD', chain: `HNLF_${mark}_${pid}` },
    { table: 'nat', hook: 'POSTROUTING', chain: `HNLP_${mark}_${pid}` },
    { table: 'nat', hook: 'PREROUTING', chain: `HNLR_${mark}_${pid}` },
  ];
}

/** One for all servers of a host: which interfaces forward only because of them. */
export const forwardingChain = 'HNL_FORWARDING';

const ofConnections = (state: string): string[] => ['-m', 'conntrack', '--ctstate', state];

/** In the order in which nothing is open before it is bounded. */
export function installCommands(own: OwnNetwork): IptablesCommand[] {
  const chains = chainsOf(own);
  const [input = '', forward = '', leave = '', arrive = ''] = chains.map(({ chain }) => chain);
  const ours = `${own.interfacePrefix}+`;
  const filter = (chain: string, ...rule: string[]): IptablesCommand => ['-t', 'filter', '-A', chain, ...rule];
  const { host } = own;
  return [
    ...chains.map(({ table, chain }) => ['-t', table, '-N', chain]),
    ...(host?.closedPorts ?? []).map((port) => filter(input, '-i', ours, '-p', 'tcp', '--dport', String(port), '-j', 'DROP')),
    ...(host ? [filter(input, '-i', ours, ...ofConnections('DNAT'), '-j', 'ACCEPT')] : []),
    filter(input, '-i', ours, '-j', 'DROP'),
    filter(forward, '-i', 'hnl+', '-o', 'hnl+', '-j', 'DROP'),
    filter(forward, '-o', ours, ...ofConnections('ESTABLISHED,RELATED'), '-j', 'ACCEPT'),
    filter(forward, '-o', ours, '-j', 'DROP'),
    ...['udp', 'tcp'].map((protocol) => filter(forward, '-i', ours, '-p', protocol, '--dport', '53', '-j', 'ACCEPT')),
    ...forbiddenNetworks.map((network) => filter(forward, '-i', ours, '-d', network, '-j', 'DROP')),
    // Also where everything else is dropped, as Docker does.
    filter(forward, '-i', ours, '-j', 'ACCEPT'),
    ['-t', 'nat', '-A', leave, '-s', subnetOf(own), '!', '-o', 'hnl+', '-j', 'MASQUERADE'],
    ...(host ? [['-t', 'nat', '-A', arrive, '-i', ours, '-d', host.address, '-j', 'DNAT', '--to-destination', '127.0.0.1']] : []),
    ...chains.map(({ table, hook, chain }) => ['-t', table, '-I', hook, '1', '-j', chain]),
  ];
}

/** Each may fail: a server may have been killed between any two of the commands that made them. */
export function removeCommands(owner: Owner): IptablesCommand[] {
  return chainsOf(owner).flatMap(({ table, hook, chain }) => [['-t', table, '-D', hook, '-j', chain], ['-t', table, '-F', chain], ['-t', table, '-X', chain]]);
}

/** Whose chains there are. */
export function parseChains(listing: string): Owner[] {
  const owners = [...listing.matchAll(/^-N HNL[IFPR]_([0-9a-f]{6})_(\d+)$/gm)].map(([, mark = '', pid]) => ({ mark, pid: Number(pid) }));
  return owners.filter((owner, index) => owners.findIndex(({ mark, pid }) => mark === owner.mark && pid === owner.pid) === index);
}

export function forwardingCommands(interfaces: readonly string[], exists: boolean): IptablesCommand[] {
  return [
    ...(exists ? [] : [['-N', forwardingChain], ['-I', 'FORWARD', '1', '-j', forwardingChain]]),
    ...interfaces.map((name) => ['-A', forwardingChain, '-i', name, '!', '-o', 'hnl+', '-j', 'DROP']),
  ];
}

export function parseForwardingChain(listing: string): string[] {
  return [...listing.matchAll(/^-A HNL_FORWARDING -i (\S+) ! -o hnl\+ -j DROP$/gm)].map(([, name]) => name ?? '');
}
