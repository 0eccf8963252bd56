import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnNetwork } from './firewall.ts';
import { forwardingCommands, installCommands, parseChains, parseForwardingChain, removeCommands } from './iptablesRules.ts';
import { pastaArguments } from './pastaEgress.ts';
import { forwardingRules, parseForwarded, parseTables, rulesOf, tableName } from './rules.ts';
import { chooseSubnet } from './subnets.ts';
import { plugScript } from './vethEgress.ts';

const own: OwnNetwork = { mark: '3fa9c1', pid: 77, interfacePrefix: 'hnl3fa9c1-', subnet: 65, host: undefined };
const withHost: OwnNetwork = { ...own, host: { address: '198.19.4.1', closedPorts: [4566] } };

test('rulesOf names the table by server and process, and translates only its own addresses', () => {
  const text = rulesOf(own);
  assert.ok(text.startsWith('table inet haneul_3fa9c1_77 {'));
  assert.match(text, /ip saddr 198\.19\.4\.0\/22 oifname != "hnl\*" masquerade/);
  assert.match(text, /chain input \{[^}]*iifname "hnl3fa9c1-\*" drop/);
  assert.doesNotMatch(text, /dnat/);
});

test('rulesOf opens the loopback of the host only when told to, and never a closed port', () => {
  const text = rulesOf(withHost);
  assert.match(text, /tcp dport \{ 4566 \} drop\n\s+iifname "hnl3fa9c1-\*" ct status dnat accept\n\s+iifname "hnl3fa9c1-\*" drop/);
  assert.match(text, /iifname "hnl3fa9c1-\*" ip daddr 198\.19\.4\.1 dnat ip to 127\.0\.0\.1/);
});

test('parseTables finds the tables of servers, and no others', () => {
  const listing = `table ip filter\ntable inet haneul_forwarding\ntable inet ${tableName(own)}\ntable inet haneul_mine\n`;
  assert.deepEqual(parseTables(listing), { own: [{ name: 'haneul_3fa9c1_77', pid: 77 }], hasForwarding: true });
  assert.deepEqual(parseTables(''), { own: [], hasForwarding: false });
});

test('parseForwarded reads back what forwardingRules wrote', () => {
  assert.deepEqual(parseForwarded(forwardingRules(['eth0', 'wlan0'])), ['eth0', 'wlan0']);
});

test('installCommands fills the chains before anything enters them, and drops before it accepts', () => {
  const lines = installCommands(withHost).map((command) => command.join(' '));
  const firstEntered = lines.findIndex((line) => line.includes(' -I '));
  assert.ok(lines.slice(firstEntered).every((line) => / -I (INPUT|FORWARD|POSTROUTING|PREROUTING) 1 -j HNL/.test(line)), 'entered last');
  const of = (chain: string): string[] => lines.filter((line) => line.includes(`-A ${chain}_3fa9c1_77`)).map((line) => line.replace(/^.* HNL._3fa9c1_77 /, ''));
  assert.deepEqual(of('HNLI'), ['-i hnl3fa9c1-+ -p tcp --dport 4566 -j DROP', '-i hnl3fa9c1-+ -m conntrack --ctstate DNAT -j ACCEPT', '-i hnl3fa9c1-+ -j DROP']);
  assert.equal(of('HNLF').at(-1), '-i hnl3fa9c1-+ -j ACCEPT');
  assert.ok(of('HNLF').indexOf('-i hnl3fa9c1-+ -d 192.168.0.0/16 -j DROP') > 0);
  assert.deepEqual(of('HNLP'), ['-s 198.19.4.0/22 ! -o hnl+ -j MASQUERADE']);
  assert.ok(installCommands(own).every((command) => !command.includes('DNAT')), 'the host is shut unless told otherwise');
  assert.ok(lines.every((line) => line.split(' ').every((word) => word.length <= 28)), 'iptables takes names of 28 characters');
});

test('parseChains finds whose chains there are, and removeCommands takes all of them away', () => {
  const made = installCommands(withHost).filter((command) => command.includes('-N')).map((command) => `-N ${command.at(-1) ?? ''}`);
  assert.deepEqual(parseChains(`-P INPUT ACCEPT\n-N DOCKER\n${made.join('\n')}\n-N HNL_FORWARDING\n`), [{ mark: '3fa9c1', pid: 77 }]);
  assert.deepEqual(removeCommands(own).filter((command) => command.includes('-X')).map((command) => `-N ${command.at(-1) ?? ''}`), made);
});

test('parseForwardingChain reads back what forwardingCommands wrote', () => {
  const commands = forwardingCommands(['eth0', 'wlan0'], false);
  assert.deepEqual(parseForwardingChain(commands.map((command) => command.join(' ')).join('\n')), ['eth0', 'wlan0']);
  assert.equal(forwardingCommands(['eth0'], true).length, 1, 'the chain of another server is used');
});

test('chooseSubnet goes by the mark, and around what the host uses itself', () => {
  assert.equal(chooseSubnet('000001', ''), 1);
  assert.equal(chooseSubnet('000001', 'default via 192.0.2.1 dev eth0\n198.18.4.1 dev eth0 scope link\nlocal 198.18.8.9 dev eth0 table local'), 3);
  assert.equal(chooseSubnet('000001', '198.18.0.0/16 dev eth0'), 64);
  assert.equal(chooseSubnet('000001', '198.18.0.0/15 dev eth0'), undefined);
  assert.equal(chooseSubnet('000001', '198.18.4.2 dev hnl000001-1 scope link'), 1, 'what is of a server does not count');
});

test('plugScript refuses a process in the network of the host, and lets loopback be reached only when told to', () => {
  const script = (reachesHost: boolean): string => plugScript({ ip: '/sbin/ip', nsenter: '/bin/nsenter' }, { name: 'hnl3fa9c1-1', pid: 12, gateway: '198.19.4.1', address: '198.19.4.2', reachesHost });
  const [first, check] = script(false).split('\n');
  assert.deepEqual([first, check?.startsWith('[ "$(readlink /proc/12/ns/net)" != "$(readlink /proc/self/ns/net)" ] ||')], ['set -e', true]);
  assert.deepEqual([script(false).includes('route_localnet'), script(true).includes('conf/hnl3fa9c1-1/route_localnet')], [false, true]);
});

test('pastaArguments forward no port, do not stand for the loopback of the host, and have no version 6', () => {
  const text = pastaArguments(12).join(' ');
  for (const part of ['-t none -u none -T none -U none', '--no-map-gw', '--ipv4-only', '--foreground']) assert.ok(text.includes(part), part);
  assert.equal(pastaArguments(12).at(-1), '12');
});
