// Functions reach the internet and nothing nearer, in a world of network namespaces that the test makes (egressWorld.ts), with each
// packet filter that hosts have.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findExecutable } from '../../src/sandbox/launcher/tools.ts';
import type { Guarantee } from '../../src/sandbox/types.ts';
import { requireNetworkTool } from '../support/networkTools.ts';
import type { NetworkTool } from '../support/networkTools.ts';

interface Host {
  readonly names: readonly string[];
  readonly tables: string;
  readonly forwarding: string;
}

interface Report {
  readonly guarantees: readonly Guarantee[];
  readonly before: Host;
  readonly during: Host;
  readonly after: Host;
  readonly answers: Readonly<Record<'public' | 'own' | 'refused' | 'host', readonly string[]>>;
}

const missing = ['bwrap', 'ip', 'unshare', 'nsenter'].filter((name) => findExecutable(name, process.env) === undefined);
const skip = process.getuid?.() !== 0 ? 'not run: needs root' : missing.length > 0 ? `not run: ${missing.join(', ')} is not installed` : false;

const fetches = `
const http = require('node:http');
const get = (url, timeout) => new Promise((resolve) => {
  const request = http.get(url, { timeout, agent: false }, (response) => response.setEncoding('utf8').on('data', resolve));
  request.on('timeout', () => request.destroy()).on('error', () => resolve('unreachable'));
});
exports.handler = ({ urls, timeoutMs }) => Promise.all(urls.map((url) => get(url, timeoutMs)));
`;

interface Place {
  /** The command that runs the world, without its mode. */
  readonly command: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** Undefined when the test was skipped. PATH holds this packet filter; what the machine itself has is still behind it. */
async function placeOf(t: TestContext, filter: NetworkTool): Promise<Place | undefined> {
  const tool = await requireNetworkTool(filter);
  if (typeof tool !== 'string') {
    t.skip(tool.missing);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'haneul-egress-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const code = join(folder, 'code');
  mkdirSync(code, { mode: 0o755 });
  writeFileSync(join(code, 'index.js'), fetches);
  const world = fileURLToPath(new URL('./egressWorld.js', import.meta.url));
  return { command: [process.execPath, world, join(folder, 'sandbox'), code], environment: { ...process.env, PATH: `${tool}${delimiter}${process.env['PATH'] ?? ''}` } };
}

function runWorld({ command, environment }: Place, mode: string): Report {
  const { status, stdout, stderr } = spawnSync('unshare', ['--net', ...command, mode], { encoding: 'utf8', timeout: 120_000, env: environment });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Report;
}

const isOn = ({ guarantees }: Report, start: string): boolean => guarantees.some(({ name, on }) => on && name.startsWith(start));

for (const filter of ['nft', 'iptables-nft', 'iptables-legacy'] as const) {
  test(`by ${filter}, functions reach the internet, not this host, nor what is around it, nor each other; and nothing is left behind`, { skip }, async (t) => {
    const place = await placeOf(t, filter);
    if (!place) return;
    const report = runWorld(place, 'ask');
    const { before, during, after, answers } = report;
    assert.ok(isOn(report, 'functions reach the internet') && isOn(report, 'functions reach nothing nearer') && isOn(report, 'functions cannot reach the network of the host'));
    assert.deepEqual(answers.public, ['internet']);
    assert.deepEqual(answers.own, ['endpoint'], 'the endpoint is there as well');
    assert.ok(answers.refused.length >= 6 && answers.refused.every((answer) => answer === 'unreachable'), JSON.stringify(answers.refused));
    assert.ok(answers.host.every((answer) => answer === 'unreachable'), 'neither the name nor the gateway');
    assert.equal(during.names.filter((name) => name.startsWith('hnl')).length, 2);
    assert.deepEqual([during.forwarding, before.forwarding], ['1', '0']);
    assert.deepEqual(after, before);
  });

  test(`by ${filter}, functions reach the loopback of the host where they may, but not its closed ports and nothing else`, { skip }, async (t) => {
    const place = await placeOf(t, filter);
    if (!place) return;
    const report = runWorld(place, 'host');
    const { before, after, answers } = report;
    assert.ok(!isOn(report, 'functions cannot reach the network of the host'));
    assert.deepEqual(answers.host, ['host', 'loopback', 'host'], 'by name, and by what it means');
    assert.ok(answers.refused.length >= 6 && answers.refused.every((answer) => answer === 'unreachable'), JSON.stringify(answers.refused));
    assert.deepEqual([answers.public, answers.own], [['internet'], ['endpoint']]);
    assert.deepEqual(after, before);
  });

  test(`by ${filter}, what a killed server left is removed by the next one`, { skip }, async (t) => {
    const place = await placeOf(t, filter);
    if (!place) return;
    // The second run finds the first one's rules and forwarding; it makes its own internet beside, so the old one goes first.
    const again = place.command.join(' ');
    const list = filter === 'nft' ? 'nft list tables' : 'iptables -S; iptables -t nat -S';
    const script = `${again} die; { ${list}; } >&2; ip link delete outer; ${again} ask`;
    const { status, stdout, stderr } = spawnSync('unshare', ['--net', '/bin/sh', '-c', script], { encoding: 'utf8', timeout: 180_000, env: place.environment });
    assert.equal(status, 0, stderr);
    assert.match(stderr, /(table inet haneul|-N HNLF)_[0-9a-f]{6}_\d+\n/, 'there was something to remove');
    const [, second = ''] = stdout.trim().split('\n');
    const { before, after, answers } = JSON.parse(second) as Report;
    assert.doesNotMatch(before.tables, /haneul|HNL/, 'removed at the start');
    assert.deepEqual(after, before);
    assert.deepEqual(answers.public, ['internet']);
  });
}

test('functions reach the internet where the host drops what it forwards, by iptables', { skip }, async (t) => {
  const [place, other] = [await placeOf(t, 'nft'), await placeOf(t, 'iptables-nft')];
  if (!place || !other) return;
  const environment = { ...place.environment, PATH: `${place.environment['PATH']?.split(delimiter)[0] ?? ''}${delimiter}${other.environment['PATH'] ?? ''}` };
  const report = runWorld({ ...place, environment }, 'barred');
  assert.deepEqual(report.answers.public, ['internet']);
  // iptables itself makes the tables that it is asked to fill, and leaves them, empty.
  const rules = ({ tables }: Host): string => tables.replace(/^table ip \w+\n/gm, '');
  assert.equal(rules(report.after), rules(report.before));
});
