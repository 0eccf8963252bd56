import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwardingRules, parseForwarded, parseTables, rulesOf, tableName } from './rules.ts';

const own = { mark: '3fa9c1', pid: 77, interfacePrefix: 'hnl3fa9c1-', subnet: 65 };

test('rulesOf names the table by server and process, and translates only its own addresses', () => {
  const text = rulesOf(own);
  assert.ok(text.startsWith('table inet haneul_3fa9c1_77 {'));
  assert.match(text, /ip saddr 198\.19\.4\.0\/22 oifname != "hnl\*" masquerade/);
  assert.match(text, /chain input \{[^}]*iifname "hnl3fa9c1-\*" drop/);
});

test('parseTables finds the tables of servers, and no others', () => {
  const listing = `table ip filter\ntable inet haneul_forwarding\ntable inet ${tableName(own)}\ntable inet haneul_mine\n`;
  assert.deepEqual(parseTables(listing), { own: [{ name: 'haneul_3fa9c1_77', pid: 77 }], hasForwarding: true });
  assert.deepEqual(parseTables(''), { own: [], hasForwarding: false });
});

test('parseForwarded reads back what forwardingRules wrote', () => {
  assert.deepEqual(parseForwarded(forwardingRules(['eth0', 'wlan0'])), ['eth0', 'wlan0']);
});
