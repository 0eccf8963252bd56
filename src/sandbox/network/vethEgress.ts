// A pair of virtual interfaces an environment, and address translation by the host's packet filter. Functions reach public addresses and
// name servers, and neither this machine nor the networks around it. Interfaces go with their environment; what is in the packet filter
// carries the server's pid, so that the next start of any server removes what a killed one left.
import { readFile, writeFile } from 'node:fs/promises';
import type { Logger } from '../../base/log.ts';
import { quoteForShell, runTool } from '../launcher/tools.ts';
import type { HostAccessOptions, Way } from './egress.ts';
import { addressOf } from './firewall.ts';
import type { Firewall, OwnNetwork } from './firewall.ts';
import { environmentsPerSubnet } from './limits.ts';
import { run } from './runNetworkTool.ts';
import { chooseSubnet } from './subnets.ts';

export interface VethEgressOptions {
  readonly ip: string;
  readonly nsenter: string;
  /** Those of the host, the preferred one first. */
  readonly firewalls: readonly Firewall[];
  readonly instance: string;
  readonly allowHost: HostAccessOptions | undefined;
  readonly log: Logger;
}

/** For root. Answers the way, or the command that would make one. */
export async function openVethEgress(options: VethEgressOptions): Promise<Way | string> {
  const { ip, firewalls } = options;
  const mark = options.instance.replace(/^haneul-/, '').slice(0, 6);
  const subnet = chooseSubnet(mark, (await runTool(ip, ['-o', '-4', 'route', 'show', 'table', 'all'])).stdout);
  if (subnet === undefined) return 'a free /22 of 198.18.0.0/15: this host uses all of them';
  const own: OwnNetwork = { mark, pid: process.pid, interfacePrefix: `hnl${mark}-`, subnet, host: options.allowHost && { address: addressOf(subnet, 0), closedPorts: [] } };
  for (const firewall of firewalls) await reap(firewall);
  let remedy = '';
  for (const firewall of firewalls) {
    const reason = await firewall.check(own);
    if (reason === undefined) return createVethEgress(options, firewall, own);
    remedy ||= reason;
  }
  return remedy;
}

function createVethEgress({ ip, nsenter, allowHost, log }: VethEgressOptions, firewall: Firewall, own: OwnNetwork): Way {
  const taken = new Set<number>();
  let last = 0;
  let opening: Promise<void> | undefined;

  /** Round and round, so that a number comes back only long after its interface has gone. */
  function takeNumber(): number | undefined {
    for (let tried = 0; tried < environmentsPerSubnet; tried += 1) {
      last = (last % environmentsPerSubnet) + 1;
      if (!taken.has(last)) return last;
    }
    return undefined;
  }

  async function connect(pid: number): Promise<() => Promise<void>> {
    const number = takeNumber();
    if (number === undefined) throw new Error('no address is left');
    taken.add(number);
    const name = `${own.interfacePrefix}${number}`;
    try {
      opening ??= prepareHost(ip, firewall, own.host && allowHost ? { ...own, host: { ...own.host, closedPorts: allowHost.closedPorts() } } : own);
      await opening;
      await run('/bin/sh', ['-c', plugScript({ ip, nsenter }, { name, pid, gateway: addressOf(own.subnet, 0), address: addressOf(own.subnet, number), reachesHost: own.host !== undefined })]);
    } catch (error) {
      taken.delete(number);
      throw error;
    }
    return async () => {
      // It goes with the network namespace as well, but later: something may still hold a socket in there.
      await runTool(ip, ['link', 'delete', name]);
      taken.delete(number);
    };
  }

  return {
    isNarrow: true,
    hostAddress: own.host?.address,
    connect: (pid) =>
      connect(pid).catch((error: unknown) => {
        log.warn('a function could not be given the internet', { error: String(error) });
        return async () => undefined;
      }),
    async close() {
      if (opening === undefined) return;
      await opening.catch(() => undefined);
      await firewall.remove(own);
      await reap(firewall);
    },
  };
}

/** The packet filter, and permission for the way in and out to forward. */
async function prepareHost(ip: string, firewall: Firewall, own: OwnNetwork): Promise<void> {
  await firewall.install(own);
  const { stdout } = await run(ip, ['-o', 'route', 'show', 'default']);
  const uplinks = [...new Set([...stdout.matchAll(/ dev (\S+)/g)].map(([, name]) => name ?? ''))];
  const closed: string[] = [];
  for (const name of uplinks) if ((await readFile(forwardingFile(name), 'latin1')).trim() === '0') closed.push(name);
  if (closed.length === 0) return;
  // What did not forward before forwards for functions only; the packet filter also tells what has to be undone.
  await firewall.limitForwarding(closed);
  for (const name of closed) await writeFile(forwardingFile(name), '1');
}

interface Plug {
  readonly name: string;
  readonly pid: number;
  readonly gateway: string;
  readonly address: string;
  readonly reachesHost: boolean;
}

/** Exported for its test. */
export function plugScript(tools: Pick<VethEgressOptions, 'ip' | 'nsenter'>, { name, pid, gateway, address, reachesHost }: Plug): string {
  const ip = quoteForShell(tools.ip);
  const inside = [
    `${ip} address add ${address}/32 dev eth0`,
    // A function outside of a VPC has version 4 alone on AWS too; here version 6 would open a way to the other end by its link-local address.
    'echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6 2>/dev/null || true',
    `${ip} link set eth0 up`,
    `${ip} route add ${gateway} dev eth0`,
    `${ip} route add default via ${gateway}`,
  ];
  return [
    'set -e',
    // A process id that means something else by now must not make the host's own network a function's.
    `[ "$(readlink /proc/${pid}/ns/net)" != "$(readlink /proc/self/ns/net)" ] || { echo 'the function has no network of its own' >&2; exit 1; }`,
    `${ip} link add ${name} type veth peer name eth0 netns ${pid}`,
    `echo 1 > /proc/sys/net/ipv6/conf/${name}/disable_ipv6 2>/dev/null || true`,
    `${ip} address add ${gateway}/32 dev ${name}`,
    `${ip} link set ${name} up`,
    `${ip} route replace ${address}/32 dev ${name}`,
    `echo 1 > ${forwardingFile(name)}`,
    // What the packet filter sends on to 127.0.0.1 may arrive here, and nothing else does.
    ...(reachesHost ? [`echo 1 > /proc/sys/net/ipv4/conf/${name}/route_localnet`] : []),
    `exec ${quoteForShell(tools.nsenter)} --target ${pid} --net -- /bin/sh -ec ${quoteForShell(inside.join('\n'))}`,
  ].join('\n');
}

const forwardingFile = (name: string): string => `/proc/sys/net/ipv4/conf/${name}/forwarding`;

/** Removes what servers that are gone left; with the last one, forwarding is as it was. */
async function reap(firewall: Firewall): Promise<void> {
  for (const name of await firewall.reap(isAlive)) await writeFile(forwardingFile(name), '0').catch(() => undefined);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
