// Functions reach the internet and nothing nearer, in a world of network namespaces that the test makes (egressWorld.ts).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findExecutable } from '../../src/sandbox/launcher/tools.ts';
import type { Guarantee } from '../../src/sandbox/types.ts';

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
  readonly answers: Readonly<Record<'public' | 'own' | 'refused', readonly string[]>>;
}

const missing = ['bwrap', 'ip', 'nft', 'unshare', 'nsenter'].filter((name) => findExecutable(name, process.env) === undefined);
const skip = process.getuid?.() !== 0 ? 'not run: needs root' : missing.length > 0 ? `not run: ${missing.join(', ')} is not installed` : false;

const fetches = `
const http = require('node:http');
const get = (url) => new Promise((resolve) => {
  const request = http.get(url, { timeout: 700, agent: false }, (response) => response.setEncoding('utf8').on('data', resolve));
  request.on('timeout', () => request.destroy()).on('error', () => resolve('unreachable'));
});
exports.handler = ({ urls }) => Promise.all(urls.map(get));
`;

function folderOf(t: TestContext): { state: string; code: string } {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-egress-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const code = join(folder, 'code');
  mkdirSync(code, { mode: 0o755 });
  writeFileSync(join(code, 'index.js'), fetches);
  return { state: join(folder, 'sandbox'), code };
}

const world = fileURLToPath(new URL('./egressWorld.js', import.meta.url));

test('functions reach the internet, not this host, nor what is around it, nor each other; and nothing is left behind', { skip }, (t) => {
  const { state, code } = folderOf(t);
  const { status, stdout, stderr } = spawnSync('unshare', ['--net', process.execPath, world, state, code], { encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 0, stderr);
  const { guarantees, before, during, after, answers } = JSON.parse(stdout) as Report;
  assert.ok(guarantees.some(({ name, on }) => on && name === 'functions reach the internet, as on AWS'));
  assert.deepEqual(answers.public, ['internet']);
  assert.deepEqual(answers.own, ['endpoint'], 'the endpoint is there as well');
  assert.ok(answers.refused.length >= 6 && answers.refused.every((answer) => answer === 'unreachable'), JSON.stringify(answers.refused));
  assert.equal(during.names.filter((name) => name.startsWith('hnl')).length, 2);
  assert.deepEqual([during.forwarding, before.forwarding], ['1', '0']);
  assert.deepEqual(after, before);
});

test('what a killed server left is removed by the next one', { skip }, (t) => {
  const { state, code } = folderOf(t);
  const again = `${process.execPath} ${world} ${state} ${code}`;
  // The second run finds the first one's table and forwarding; it makes its own internet beside, so the old one goes first.
  const script = `${again} die; nft list tables >&2; ip link delete outer; ${again}`;
  const { status, stdout, stderr } = spawnSync('unshare', ['--net', '/bin/sh', '-c', script], { encoding: 'utf8', timeout: 90_000 });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /table inet haneul_[0-9a-f]{6}_\d+\n/, 'there was something to remove');
  const [, second = ''] = stdout.trim().split('\n');
  const { before, after, answers } = JSON.parse(second) as Report;
  assert.equal(before.tables, '', 'removed at the start');
  assert.deepEqual(after, before);
  assert.deepEqual(answers.public, ['internet']);
});
