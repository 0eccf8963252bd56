import { runTool } from '../launcher/tools.ts';
import type { Firewall } from './firewall.ts';
import { firstLine, run } from './runNetworkTool.ts';
import { forwardingRules, forwardingTable, parseForwarded, parseTables, rulesOf, tableName } from './rules.ts';

/** nftables: one table a server, and one for all servers that tells which interfaces forward only because of them. */
export function createNftables(nft: string): Firewall {
  return {
    name: 'nftables',
    async check(own) {
      const check = await runTool(nft, ['--check', rulesOf(own)]);
      if (check.code !== 0) return `modprobe nf_tables nft_masq (${firstLine(check)})`;
      if (await isForwardingBarred(nft)) return "sudo sh -c 'iptables -I FORWARD -i hnl+ -j ACCEPT && iptables -I FORWARD -o hnl+ -j ACCEPT'";
      return undefined;
    },
    async install(own) {
      await run(nft, [rulesOf(own)]);
    },
    async limitForwarding(interfaces) {
      await run(nft, [forwardingRules(interfaces)]);
    },
    async remove(own) {
      await runTool(nft, ['delete', 'table', 'inet', tableName(own)]);
    },
    async reap(isAlive) {
      const tables = parseTables((await runTool(nft, ['list', 'tables'])).stdout);
      const dead = tables.own.filter(({ pid }) => !isAlive(pid));
      for (const { name } of dead) await runTool(nft, ['delete', 'table', 'inet', name]);
      if (!tables.hasForwarding || dead.length < tables.own.length) return [];
      const { stdout } = await runTool(nft, ['list', 'table', 'inet', forwardingTable]);
      await runTool(nft, ['delete', 'table', 'inet', forwardingTable]);
      return parseForwarded(stdout);
    },
  };
}

/** Docker, for one, drops everything that its own rules do not name; a table of ours cannot allow what another one drops. */
async function isForwardingBarred(nft: string): Promise<boolean> {
  const { stdout } = await runTool(nft, ['list', 'chain', 'ip', 'filter', 'FORWARD']);
  return stdout.includes('policy drop') && !/iifname "hnl/.test(stdout);
}
