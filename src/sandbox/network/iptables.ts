import { runTool } from '../launcher/tools.ts';
import type { Firewall } from './firewall.ts';
import { forwardingChain, forwardingCommands, installCommands, parseChains, parseForwardingChain, removeCommands } from './iptablesRules.ts';
import type { IptablesCommand } from './iptablesRules.ts';
import { firstLine, run } from './runNetworkTool.ts';

/** For another program that changes the tables at the same time. */
const wait = ['-w', '5'];

/** iptables, of either kind: three chains a server, entered from the top of the host's own, and one that tells which interfaces forward only because of servers. */
export function createIptables(iptables: string): Firewall {
  const attempt = ([...args]: IptablesCommand) => runTool(iptables, [...wait, ...args]);
  const listing = async (): Promise<string> => (await Promise.all(['filter', 'nat'].map((table) => attempt(['-t', table, '-S'])))).map(({ stdout }) => stdout).join('\n');
  const removeChains = async (own: Parameters<typeof removeCommands>[0]): Promise<void> => {
    for (const command of removeCommands(own)) await attempt(command);
  };
  return {
    name: 'iptables',
    async check() {
      for (const table of ['filter', 'nat']) {
        const result = await attempt(['-t', table, '-S']);
        if (result.code !== 0) return `modprobe iptable_filter iptable_nat xt_conntrack xt_MASQUERADE (${firstLine(result)})`;
      }
      return undefined;
    },
    async install(own) {
      try {
        for (const command of installCommands(own)) await run(iptables, [...wait, ...command]);
      } catch (error) {
        await removeChains(own);
        throw error;
      }
    },
    async limitForwarding(interfaces) {
      for (const command of forwardingCommands(interfaces, (await listing()).includes(`-N ${forwardingChain}`))) await run(iptables, [...wait, ...command]);
    },
    remove: removeChains,
    async reap(isAlive) {
      const text = await listing();
      const servers = parseChains(text);
      const dead = servers.filter(({ pid }) => !isAlive(pid));
      for (const own of dead) await removeChains(own);
      if (!text.includes(`-N ${forwardingChain}`) || dead.length < servers.length) return [];
      for (const command of [['-D', 'FORWARD', '-j', forwardingChain], ['-F', forwardingChain], ['-X', forwardingChain]]) await attempt(command);
      return parseForwardingChain(text);
    },
  };
}

