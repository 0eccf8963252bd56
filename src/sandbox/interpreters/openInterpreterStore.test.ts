// The registry is one on loopback that serves a package of a few hundred bytes; npm is the real one, where there is one.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { wallClock } from '../../base/clock.ts';
import { createLogger } from '../../base/log.ts';
import type { LogRecord } from '../../base/log.ts';
import { cryptoRandom } from '../../base/random.ts';
import type { InstalledInterpreter } from '../interpreters.ts';
import { findExecutable, runTool } from '../launcher/tools.ts';
import { openInterpreterStore } from './openInterpreterStore.ts';
import type { InterpreterPins, InterpreterStore } from './openInterpreterStore.ts';

const installed: readonly InstalledInterpreter[] = [{ family: 'node', version: '20.20.2', path: '/usr/bin/node', extraPaths: [] }];
const packageName = `node-${process.platform}-${process.arch}`;
const twentyTwo = { family: 'node', version: '22' } as const;

interface Bench {
  readonly store: InterpreterStore;
  readonly cacheFolder: string;
  readonly logs: readonly LogRecord[];
  /** What the registry was asked for. */
  readonly requests: readonly string[];
}

interface BenchOptions {
  /** What the program in the package says its version is. */
  readonly version?: string;
  readonly integrity?: string;
  readonly offline?: boolean;
  readonly platform?: string;
  /** The registry answers once this has resolved. */
  readonly until?: Promise<void>;
}

/** A store whose npm knows a registry of one package. */
async function openBench(t: TestContext, options: BenchOptions = {}): Promise<Bench | undefined> {
  const { version = '22.1.0', offline = false, platform = `${process.platform}-${process.arch}` } = options;
  if (findExecutable('npm', process.env) === undefined || process.platform !== 'linux') {
    t.skip('npm is not installed');
    return undefined;
  }
  const home = mkdtempSync(join('/var/tmp', 'haneul-interpreters-'));
  const archive = packageOf({
    'package/package.json': JSON.stringify({ name: packageName, version: '22.1.0' }), 'package/bin/node': `#!/bin/sh\necho ${version}\n`, 'package/include/node/node.h': '',
  });
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const dist = { integrity, tarball: `${address}/${packageName}.tgz` };
    const about = { name: packageName, 'dist-tags': { latest: '22.1.0' }, versions: { '22.1.0': { name: packageName, version: '22.1.0', dist } } };
    void (options.until ?? Promise.resolve()).then(() => response.end(request.url?.endsWith('.tgz') ? archive : JSON.stringify(about)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  writeFileSync(join(home, 'npmrc'), `registry=http://127.0.0.1:${(server.address() as AddressInfo).port}/\ncache=${join(home, 'npm')}\n`);
  const pins: InterpreterPins = { '22': { version: '22.1.0', packages: { [platform]: { name: packageName, integrity: options.integrity ?? integrity } } } };
  const logs: LogRecord[] = [];
  const cacheFolder = join(home, 'cache');
  const store = openInterpreterStore({
    cacheFolder, offline, pins, installed, wall: wallClock, random: cryptoRandom, log: createLogger((record) => logs.push(record), 'info'),
    environment: { PATH: process.env['PATH'], HOME: home, npm_config_userconfig: join(home, 'npmrc'), npm_config_globalconfig: join(home, 'none'), npm_config_update_notifier: 'false' },
  });
  t.after(() => {
    store.close();
    server.closeAllConnections();
    server.close();
    rmSync(home, { recursive: true, force: true });
  });
  return { store, cacheFolder, logs, requests };
}

/** An archive as npm publishes them: tar, in gzip. */
function packageOf(files: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(files).flatMap(([name, text]) => {
    const head = Buffer.alloc(512);
    const mode = text.startsWith('#!') ? '0000755' : '0000644';
    head.write(`${name.padEnd(100, '\0')}${mode}\0${'0000000\0'.repeat(2)}${text.length.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0${' '.repeat(8)}0`);
    head.write('ustar\u000000', 257);
    head.write(`${head.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
    return [head, Buffer.from(text), Buffer.alloc((512 - (text.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

test('openInterpreterStore fetches the version that a runtime asks for, once, and says so', async (t) => {
  let answer = (): void => undefined;
  const bench = await openBench(t, { until: new Promise((resolve) => (answer = resolve)) });
  if (!bench) return;
  const { store, cacheFolder, logs } = bench;
  assert.equal(store.known(twentyTwo), undefined, 'something better is to come');
  const finding = Promise.all([store.find(twentyTwo), store.find(twentyTwo)]);
  assert.equal(store.isPreparing(twentyTwo), true);
  answer();
  const [found, same] = await finding;
  assert.deepEqual([found.version, same.path === found.path, store.isPreparing(twentyTwo)], ['22.1.0', true, false]);
  assert.deepEqual(found.extraPaths, [found.path], 'a function sees the program and nothing else of the cache');
  assert.deepEqual((await runTool(found.path, [])).stdout, '22.1.0\n');
  assert.deepEqual(store.list().map(({ version }) => version), ['22.1.0', '20.20.2']);
  assert.deepEqual(logs.map(({ level, text }) => `${level} ${text}`), ['info fetching Node.js 22.1.0 for functions, once', 'info Node.js 22.1.0 is there']);
  assert.equal(readdirSync(cacheFolder).length, 1, 'nothing half done is left');
  assert.deepEqual(readdirSync(join(found.path, '..', '..')).sort(), ['bin', 'package.json'], 'no headers');
  assert.equal(statSync(found.path).mode & 0o777, 0o755, 'the users that functions run as can run it');
  assert.equal((await store.find({ family: 'node', version: '20' })).version, '20.20.2');
});

test('openInterpreterStore refuses a package with another hash, and the nearest runs with a warning', async (t) => {
  const bench = await openBench(t, { integrity: `sha512-${Buffer.alloc(64).toString('base64')}` });
  if (!bench) return;
  assert.equal((await bench.store.find(twentyTwo)).version, '20.20.2');
  const [, warning] = bench.logs;
  assert.equal(warning?.text, 'Node.js 22.1.0 could not be fetched: functions that ask for Node.js 22 run on 20.20.2');
  assert.match(String(warning?.fields['reason']), /integrity|EINTEGRITY/i);
  assert.deepEqual(readdirSync(bench.cacheFolder), []);
  assert.equal(bench.store.known(twentyTwo)?.version, '20.20.2', 'nothing better is to come soon');
});

test('openInterpreterStore does not take a program that does not run here', async (t) => {
  const bench = await openBench(t, { version: '"something else"' });
  if (!bench) return;
  assert.equal((await bench.store.find(twentyTwo)).version, '20.20.2');
  assert.match(String(bench.logs.at(-1)?.fields['reason']), /it does not run here: something else/);
});

test('openInterpreterStore offline asks nobody, and warns once', async (t) => {
  const bench = await openBench(t, { offline: true });
  if (!bench) return;
  bench.store.prepare(twentyTwo);
  for (let time = 0; time < 2; time += 1) assert.equal((await bench.store.find(twentyTwo)).version, '20.20.2');
  assert.deepEqual(bench.requests, []);
  assert.deepEqual(bench.logs.map(({ text }) => text), ['Node.js 22.1.0 is not there and nothing is fetched: functions that ask for Node.js 22 run on 20.20.2']);
  assert.equal(bench.store.known(twentyTwo)?.version, '20.20.2');
});

test('openInterpreterStore keeps nothing below /tmp, which functions cannot see', () => {
  const logs: LogRecord[] = [];
  const pins: InterpreterPins = { '22': { version: '22.1.0', packages: { [`${process.platform}-${process.arch}`]: { name: packageName, integrity: 'sha512-none' } } } };
  const store = openInterpreterStore({
    cacheFolder: '/tmp/somewhere', offline: false, pins, installed, environment: {}, wall: wallClock, random: cryptoRandom, log: createLogger((record) => logs.push(record), 'info'),
  });
  assert.equal(store.known(twentyTwo)?.version, '20.20.2', 'nothing better is to come');
});

test('openInterpreterStore runs the nearest where no package exists, with one warning a version', async (t) => {
  const bench = await openBench(t, { platform: 'plan9-mips' });
  if (!bench) return;
  for (let time = 0; time < 2; time += 1) assert.equal((await bench.store.find(twentyTwo)).version, '20.20.2');
  assert.deepEqual(bench.logs.map(({ text, fields }) => [text, fields['asked']]), [['interpreter version is not installed, the nearest is used', 'node 22']]);
  await assert.rejects(bench.store.find({ family: 'python', version: '3.12' }), { message: 'Python is not installed on this machine' });
  assert.deepEqual(bench.requests, []);
});
