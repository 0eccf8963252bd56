// The way to the internet, where the server is root: a pair of virtual interfaces an environment, and address translation by nftables
// in a table of our own. Functions reach public addresses and name servers, and neither this machine nor the networks around it.
// Interfaces go with their environment; the table carries the server's pid, so that the next start of any server removes what a
// killed one left.
import { readFile, writeFile } from 'node:fs/promises';
import type { Logger } from '../../base/log.ts';
import { findExecutable, quoteForShell, runTool } from '../launcher/tools.ts';
import type { ProcessEnvironment, ToolResult } from '../launcher/tools.ts';
import type { Guarantee } from '../types.ts';
import { egressSubnets, environmentsPerSubnet } from './limits.ts';
import { forwardingRules, forwardingTable, parseForwarded, parseTables, rulesOf, tableName } from './rules.ts';
import type { OwnTable } from './rules.ts';

export interface EgressOptions {
  readonly environment: ProcessEnvironment;
  readonly isRoot: boolean;
  /** Tells the servers of one host apart. */
  readonly instance: string;
  readonly log: Logger;
}

export interface Egress {
  readonly guarantee: Guarantee;
  /** Gives the network of a process a way out; answers what takes it away. Never rejects: without one a function still runs. */
  connect(pid: number): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const guaranteeName = 'functions reach the internet, as on AWS';

/** Finds out whether functions can be given the internet. Nothing on the host is changed before the first function needs it. */
export async function openEgress(options: EgressOptions): Promise<Egress> {
  if (!options.isRoot) return unavailable('sudo npm start');
  const [ip, nft, nsenter] = ['ip', 'nft', 'nsenter'].map((name) => findExecutable(name, options.environment));
  if (ip === undefined || nft === undefined || nsenter === undefined) return unavailable('sudo apt-get install iproute2 nftables');
  const tools: Tools = { ip, nft, nsenter, environment: options.environment };
  const own = ownTable(options.instance);
  const check = await runTool(nft, ['--check', rulesOf(own)]);
  if (check.code !== 0) return unavailable(`modprobe nf_tables nft_masq (${firstLine(check)})`);
  await reap(tools);
  if (await isForwardingBarred(tools)) return unavailable("sudo sh -c 'iptables -I FORWARD -i hnl+ -j ACCEPT && iptables -I FORWARD -o hnl+ -j ACCEPT'");
  return createEgress(tools, own, options.log);
}

/** For a mode without networks of their own: functions are where the server is. */
export const sharedNetwork: Egress = { guarantee: { name: guaranteeName, on: true }, connect: async () => async () => undefined, close: async () => undefined };

function unavailable(remedy: string): Egress {
  return { ...sharedNetwork, guarantee: { name: guaranteeName, on: false, remedy } };
}

interface Tools {
  readonly ip: string;
  readonly nft: string;
  readonly nsenter: string;
  readonly environment: ProcessEnvironment;
}

function createEgress(tools: Tools, own: OwnTable, log: Logger): Egress {
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
      opening ??= prepareHost(tools, own);
      await opening;
      await plug(tools, { name, pid, gateway: addressOf(own.subnet, 0), address: addressOf(own.subnet, number) });
    } catch (error) {
      taken.delete(number);
      throw error;
    }
    return async () => {
      // It goes with the network namespace as well, but later: something may still hold a socket in there.
      await runTool(tools.ip, ['link', 'delete', name]);
      taken.delete(number);
    };
  }

  return {
    guarantee: { name: guaranteeName, on: true },
    connect: (pid) =>
      connect(pid).catch((error: unknown) => {
        log.warn('a function could not be given the internet', { error: String(error) });
        return async () => undefined;
      }),
    async close() {
      if (opening === undefined) return;
      await opening.catch(() => undefined);
      await runTool(tools.nft, ['delete', 'table', 'inet', tableName(own)]);
      await reap(tools);
    },
  };
}

/** The table, and permission for the way in and out to forward. */
async function prepareHost(tools: Tools, own: OwnTable): Promise<void> {
  await run(tools.nft, [rulesOf(own)]);
  const { stdout } = await run(tools.ip, ['-o', 'route', 'show', 'default']);
  const uplinks = [...new Set([...stdout.matchAll(/ dev (\S+)/g)].map(([, name]) => name ?? ''))];
  const closed: string[] = [];
  for (const name of uplinks) if ((await readFile(forwardingFile(name), 'latin1')).trim() === '0') closed.push(name);
  if (closed.length === 0) return;
  // What did not forward before forwards for functions only; the table also tells what has to be undone.
  await run(tools.nft, [forwardingRules(closed)]);
  for (const name of closed) await writeFile(forwardingFile(name), '1');
}

async function plug(tools: Tools, { name, pid, gateway, address }: { readonly name: string; readonly pid: number; readonly gateway: string; readonly address: string }): Promise<void> {
  const ip = quoteForShell(tools.ip);
  const inside = [
    `${ip} address add ${address}/32 dev eth0`,
    // Version 6 would only open a way to the other end by its link-local address.
    'echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6 2>/dev/null || true',
    `${ip} link set eth0 up`,
    `${ip} route add ${gateway} dev eth0`,
    `${ip} route add default via ${gateway}`,
  ];
  const script = [
    'set -e',
    `${ip} link add ${name} type veth peer name eth0 netns ${pid}`,
    `echo 1 > /proc/sys/net/ipv6/conf/${name}/disable_ipv6 2>/dev/null || true`,
    `${ip} address add ${gateway}/32 dev ${name}`,
    `${ip} link set ${name} up`,
    `${ip} route replace ${address}/32 dev ${name}`,
    `echo 1 > ${forwardingFile(name)}`,
    `exec ${quoteForShell(tools.nsenter)} --target ${pid} --net -- /bin/sh -ec ${quoteForShell(inside.join('\n'))}`,
  ];
  await run('/bin/sh', ['-c', script.join('\n')]);
}

const forwardingFile = (name: string): string => `/proc/sys/net/ipv4/conf/${name}/forwarding`;

/** Removes the tables of servers that are gone; with the last one, forwarding is as it was. */
async function reap(tools: Tools): Promise<void> {
  const tables = parseTables((await runTool(tools.nft, ['list', 'tables'])).stdout);
  const dead = tables.own.filter(({ pid }) => !isAlive(pid));
  for (const { name } of dead) await runTool(tools.nft, ['delete', 'table', 'inet', name]);
  if (!tables.hasForwarding || dead.length < tables.own.length) return;
  const { stdout } = await runTool(tools.nft, ['list', 'table', 'inet', forwardingTable]);
  for (const name of parseForwarded(stdout)) await writeFile(forwardingFile(name), '0').catch(() => undefined);
  await runTool(tools.nft, ['delete', 'table', 'inet', forwardingTable]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Docker, for one, drops everything that its own rules do not name; a table of ours cannot allow what another one drops. */
async function isForwardingBarred({ nft }: Tools): Promise<boolean> {
  const { stdout } = await runTool(nft, ['list', 'chain', 'ip', 'filter', 'FORWARD']);
  return stdout.includes('policy drop') && !/iifname "hnl/.test(stdout);
}

function ownTable(instance: string): OwnTable {
  const mark = instance.replace(/^haneul-/, '').slice(0, 6);
  const subnet = Number.parseInt(mark, 16) % egressSubnets;
  return { mark, pid: process.pid, interfacePrefix: `hnl${mark}-`, subnet };
}

/** Out of 198.18.0.0/15, which is for tests of networks and routed nowhere (RFC 2544): 128 subnets of 1,024 addresses. */
function addressOf(subnet: number, number: number): string {
  const value = subnet * 1024 + number + 1;
  return `198.${18 + (value >> 16)}.${(value >> 8) & 255}.${value & 255}`;
}

async function run(program: string, args: readonly string[]): Promise<ToolResult> {
  const result = await runTool(program, args);
  if (result.code !== 0) throw new Error(firstLine(result));
  return result;
}

const firstLine = ({ stderr }: ToolResult): string => stderr.trim().split('\n')[0] ?? '';
