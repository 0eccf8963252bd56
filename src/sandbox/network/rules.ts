// The text that nftables is given and what is read back from it. No other table is ever touched.

import type { OwnNetwork } from './firewall.ts';
import { forbiddenNetworks, subnetOf } from './firewall.ts';

export const tableName = ({ mark, pid }: Pick<OwnNetwork, 'mark' | 'pid'>): string => `haneul_${mark}_${pid}`;

/** One for all servers of a host: which interfaces forward only because of them. */
export const forwardingTable = 'haneul_forwarding';

/** The whole table of a server. */
export function rulesOf(own: OwnNetwork): string {
  const ours = `"${own.interfacePrefix}*"`;
  return `table inet ${tableName(own)} {
  chain input {
    type filter hook input priority -10; policy accept;
${hostInput(own, ours)}    iifname ${ours} drop
  }
  chain forward {
    type filter hook forward priority -10; policy accept;
    iifname "hnl*" oifname "hnl*" drop
    oifname ${ours} ct state established,related accept
    oifname ${ours} drop
    iifname ${ours} meta nfproto ipv6 drop
    iifname ${ours} th dport 53 accept
    iifname ${ours} ip daddr { ${forbiddenNetworks.join(', ')} } drop
  }
  chain leave {
    type nat hook postrouting priority 100; policy accept;
    ip saddr ${subnetOf(own)} oifname != "hnl*" masquerade
  }
${hostChain(own, ours)}}
`;
}

/** What of this host is open, by {@link hostChain} and for no other address. */
function hostInput({ host }: OwnNetwork, ours: string): string {
  if (!host) return '';
  const closed = host.closedPorts.length === 0 ? '' : `    iifname ${ours} tcp dport { ${host.closedPorts.join(', ')} } drop\n`;
  return `${closed}    iifname ${ours} ct status dnat accept\n`;
}

function hostChain({ host }: OwnNetwork, ours: string): string {
  if (!host) return '';
  return `  chain arrive {
    type nat hook prerouting priority -100; policy accept;
    iifname ${ours} ip daddr ${host.address} dnat ip to 127.0.0.1
  }
`;
}

/** Interfaces that forward between themselves and functions, and nowhere else. */
export function forwardingRules(interfaces: readonly string[]): string {
  return `table inet ${forwardingTable} {
  chain forward {
    type filter hook forward priority -20; policy accept;
${interfaces.map((name) => `    iifname "${name}" oifname != "hnl*" drop\n`).join('')}  }
}
`;
}

export function parseTables(listing: string): { readonly own: readonly { readonly name: string; readonly pid: number }[]; readonly hasForwarding: boolean } {
  const names = [...listing.matchAll(/^table inet (haneul_\S+)$/gm)].map(([, name]) => name ?? '');
  const own = names.flatMap((name) => {
    const pid = /^haneul_[0-9a-f]{6}_(\d+)$/.exec(name)?.[1];
    return pid === undefined ? [] : [{ name, pid: Number(pid) }];
  });
  return { own, hasForwarding: names.includes(forwardingTable) };
}

export function parseForwarded(listing: string): string[] {
  return [...listing.matchAll(/iifname "([^"/]+)" oifname != "hnl\*" drop/g)].map(([, name]) => name ?? '');
}
