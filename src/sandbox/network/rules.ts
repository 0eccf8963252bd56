// The text that nftables is given and what is read back from it. No other table is ever touched.

/** What tells one server's rules and interfaces from another's. */
export interface OwnTable {
  /** Six hexadecimal digits. */
  readonly mark: string;
  readonly pid: number;
  readonly interfacePrefix: string;
  /** Which 1,024 addresses of 198.18.0.0/15. */
  readonly subnet: number;
}

export const tableName = ({ mark, pid }: Pick<OwnTable, 'mark' | 'pid'>): string => `haneul_${mark}_${pid}`;

/** One for all servers of a host: which interfaces forward only because of them. */
export const forwardingTable = 'haneul_forwarding';

/** Not the internet: this host, networks around it, several hosts at once, and other functions (RFC 6890). */
const forbidden = [
  '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/3',
];

export function rulesOf(own: OwnTable): string {
  const ours = `"${own.interfacePrefix}*"`;
  return `table inet ${tableName(own)} {
  chain input {
    type filter hook input priority -10; policy accept;
    iifname ${ours} drop
  }
  chain forward {
    type filter hook forward priority -10; policy accept;
    iifname "hnl*" oifname "hnl*" drop
    oifname ${ours} ct state established,related accept
    oifname ${ours} drop
    iifname ${ours} meta nfproto ipv6 drop
    iifname ${ours} th dport 53 accept
    iifname ${ours} ip daddr { ${forbidden.join(', ')} } drop
  }
  chain leave {
    type nat hook postrouting priority 100; policy accept;
    ip saddr ${subnetOf(own)} oifname != "hnl*" masquerade
  }
}
`;
}

function subnetOf({ subnet }: OwnTable): string {
  const value = subnet * 1024;
  return `198.${18 + (value >> 16)}.${(value >> 8) & 255}.0/22`;
}

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
