// What a way to the internet needs of the host's packet filter. Whatever is made in it carries the server's mark and pid, and nothing else
// of it is ever touched.

/** What tells one server's rules and interfaces from another's. */
export interface OwnNetwork {
  /** Six hexadecimal digits. */
  readonly mark: string;
  readonly pid: number;
  readonly interfacePrefix: string;
  /** Which 1,024 addresses of 198.18.0.0/15. */
  readonly subnet: number;
  /** What functions may reach of this host, when its operator says so. */
  readonly host: HostAccess | undefined;
}

export interface HostAccess {
  /** Seen inside; stands for the host's loopback. */
  readonly address: string;
  /** TCP ports that stay shut: the server's own, where everybody on this machine may be the administrator. */
  readonly closedPorts: readonly number[];
}

export interface Firewall {
  readonly name: 'nftables' | 'iptables';
  /** Undefined when it works here; else the command that would make it. Changes nothing. */
  check(own: OwnNetwork): Promise<string | undefined>;
  /** Translates what leaves, and lets nothing else through. */
  install(own: OwnNetwork): Promise<void>;
  /** Interfaces that forward from now on do so for functions only. Remembered until {@link reap} finds no server any more. */
  limitForwarding(interfaces: readonly string[]): Promise<void>;
  remove(own: OwnNetwork): Promise<void>;
  /** Removes what servers that are gone left. Answers the interfaces that forwarded only for the last of them. */
  reap(isAlive: (pid: number) => boolean): Promise<readonly string[]>;
}

/** Not the internet: this host, networks around it, several hosts at once, and other functions (RFC 6890). */
export const forbiddenNetworks = [
  '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/3',
] as const;

/** The address of an environment; number 0 is the gateway. Out of 198.18.0.0/15, which is for tests of networks (RFC 2544): 128 subnets of 1,024 addresses. */
export function addressOf(subnet: number, number: number): string {
  const value = subnet * 1024 + number + 1;
  return `198.${18 + (value >> 16)}.${(value >> 8) & 255}.${value & 255}`;
}

/** All addresses of a server. */
export function subnetOf({ subnet }: Pick<OwnNetwork, 'subnet'>): string {
  const value = subnet * 1024;
  return `198.${18 + (value >> 16)}.${(value >> 8) & 255}.0/22`;
}
