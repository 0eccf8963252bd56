// The way to the internet: where the server is root, a pair of virtual interfaces an environment and a packet filter (vethEgress.ts);
// where it is not, pasta (pastaEgress.ts). Without either a network of its own leads nowhere.
import type { Logger } from '../../base/log.ts';
import { findExecutable } from '../launcher/tools.ts';
import type { ProcessEnvironment } from '../launcher/tools.ts';
import type { Guarantee } from '../types.ts';
import { createIptables } from './iptables.ts';
import { createNftables } from './nftables.ts';
import { openPastaEgress } from './pastaEgress.ts';
import { openVethEgress } from './vethEgress.ts';

export interface EgressOptions {
  readonly environment: ProcessEnvironment;
  readonly isRoot: boolean;
  /** Tells the servers of one host apart. */
  readonly instance: string;
  /** Lets functions reach what listens on this host's loopback; see {@link HostAccessOptions}. */
  readonly allowHost: HostAccessOptions | undefined;
  readonly log: Logger;
}

export interface HostAccessOptions {
  /** TCP ports that stay shut: the server's own, where everybody on this machine may be the administrator. Asked when the first function starts. */
  readonly closedPorts: () => readonly number[];
}

export interface Egress {
  readonly guarantees: readonly Guarantee[];
  /** What `host.haneul.internal` means to functions. */
  readonly hostAddress: string | undefined;
  /** Gives the network of a process a way out; answers what takes it away. Never rejects: without one a function still runs. */
  connect(pid: number): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export const reachesInternet = 'functions reach the internet, as on AWS';
const nothingNearer = 'functions reach nothing nearer than the internet';

/** Finds out whether functions can be given the internet. Nothing on the host is changed before the first function needs it. */
export async function openEgress(options: EgressOptions): Promise<Egress> {
  return withGuarantees(options.isRoot ? await openAsRoot(options) : await openAsUser(options));
}

/** For a mode without networks of their own: functions are where the server is. */
export const sharedNetwork: Egress = {
  guarantees: [{ name: reachesInternet, on: true }], hostAddress: undefined, connect: async () => async () => undefined, close: async () => undefined,
};

/** A way out, or the command that would make one. */
export type Way = Omit<Egress, 'guarantees'> & { readonly isNarrow: boolean };

async function openAsRoot(options: EgressOptions): Promise<Way | string> {
  const find = (name: string): string | undefined => findExecutable(name, options.environment);
  const [ip, nsenter, nft, iptables] = ['ip', 'nsenter', 'nft', 'iptables'].map(find);
  if (ip === undefined || nsenter === undefined || (nft === undefined && iptables === undefined)) return 'sudo apt-get install iproute2 nftables';
  const firewalls = [...(nft === undefined ? [] : [createNftables(nft)]), ...(iptables === undefined ? [] : [createIptables(iptables)])];
  return openVethEgress({ ip, nsenter, firewalls, instance: options.instance, allowHost: options.allowHost, log: options.log });
}

async function openAsUser({ environment, allowHost, log }: EgressOptions): Promise<Way | string> {
  const pasta = findExecutable('pasta', environment);
  if (pasta === undefined) return 'sudo npm start (or, for the internet without root: sudo apt-get install passt)';
  if (allowHost) log.warn('functions cannot reach this machine: the server is not root', { remedy: 'sudo npm start' });
  return openPastaEgress({ pasta, log });
}

function withGuarantees(way: Way | string): Egress {
  if (typeof way === 'string') return { ...sharedNetwork, guarantees: [{ name: reachesInternet, on: false, remedy: way }] };
  const { isNarrow, ...egress } = way;
  return { ...egress, guarantees: [{ name: reachesInternet, on: true }, { name: nothingNearer, on: isNarrow, ...(isNarrow ? {} : { remedy: 'sudo npm start' }) }] };
}
