// Other servers of the same APIs, started beside ours: fetched once into `.cache/`, each in a process of its own on a free port. What a
// machine cannot fetch or start is named and left out.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installOnce, installStep, type Missing } from '../../test/support/installOnce.ts';
import { requirePythonPackages } from '../../test/support/pythonPackages.ts';
import { baseEnvironment } from '../../test/support/runCommand.ts';
import { startServerProcess } from '../../test/support/serverProcess.ts';

export type RivalName = 'ministack' | 'moto' | 'fauxqs' | 's3rver';

export interface Contender {
  readonly name: string;
  readonly port: number;
  /** Where it keeps what it has acknowledged: only what is on disk survives a kill. */
  readonly keeps: 'on disk, synced' | 'in files' | 'in memory';
  /** Resident, in MiB, with its children; undefined where nothing tells. */
  memoryMiB(): number | undefined;
  stop(): Promise<void>;
}

interface Rival {
  readonly version: string;
  readonly keeps: Contender['keeps'];
  /** Answers what to start, or why that cannot be. */
  readonly prepare: () => Promise<readonly [command: string, ...args: string[]] | Missing>;
  readonly args: (port: number, folder: string) => readonly string[];
  readonly environment?: (port: number) => Readonly<Record<string, string>>;
}

const python = async (name: string, packages: readonly string[], program: string): Promise<readonly [string] | Missing> => {
  const found = await requirePythonPackages(name, packages);
  return typeof found === 'string' ? [found.replace(/python$/, program)] : found;
};

const npm = async (name: string, packages: readonly string[], script: string): Promise<readonly [string, string] | Missing> => {
  // fauxqs needs a Node of today; one comes as a package.
  const isOld = Number(process.versions.node.split('.')[0]) < 22;
  const interpreter = `node-${process.platform}-${process.arch}`;
  const folder = await installOnce(`npm-${name}-${packages.join('-').replaceAll(/[@/]/g, '-')}`, async (target) => {
    await installStep('npm', ['install', '--prefix', target, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--force', ...packages, ...(isOld ? [`${interpreter}@22`] : [])], target);
  });
  if (typeof folder !== 'string') return folder;
  return [isOld ? join(folder, 'node_modules', interpreter, 'bin/node') : process.execPath, join(folder, 'node_modules', script)];
};

const rivals: Readonly<Record<RivalName, Rival>> = {
  ministack: {
    version: '1.5.33',
    keeps: 'in memory',
    prepare: () => python('ministack', ['ministack==1.5.33'], 'ministack'),
    args: () => [],
    environment: (port) => ({ GATEWAY_PORT: String(port) }),
  },
  moto: {
    version: '5.2.5',
    keeps: 'in memory',
    prepare: () => python('moto', ['moto[server]==5.2.5'], 'moto_server'),
    args: (port) => ['-H', '127.0.0.1', '-p', String(port)],
  },
  fauxqs: {
    version: '2.4.1',
    keeps: 'in memory',
    prepare: () => npm('fauxqs', ['fauxqs@2.4.1'], 'fauxqs/dist/server.js'),
    args: () => [],
    environment: (port) => ({ FAUXQS_PORT: String(port), FAUXQS_LOGGER: 'false' }),
  },
  s3rver: {
    version: '3.7.1',
    keeps: 'in files',
    prepare: () => npm('s3rver', ['s3rver@3.7.1'], 's3rver/bin/s3rver.js'),
    args: (port, folder) => ['-d', folder, '-a', '127.0.0.1', '-p', String(port), '-s', '--allow-mismatched-signatures'],
  },
};

/** Ours, with its data on disk. */
export async function startOurs(): Promise<Contender> {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-bench-'));
  const server = await startServerProcess({ dataFolder: folder });
  return {
    name: 'haneul',
    port: server.port,
    keeps: 'on disk, synced',
    memoryMiB: () => memoryOf(server.pid),
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One of the others; undefined, with a word on stderr, where it cannot be had here. */
export async function startRival(name: RivalName): Promise<Contender | undefined> {
  const rival = rivals[name];
  const prepared = await rival.prepare();
  if (!Array.isArray(prepared)) return leaveOut(name, (prepared as Missing).missing);
  const [command, ...first] = prepared as readonly [string, ...string[]];
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), `bench-${name}-`))];
  const child = spawn(command, [...first, ...rival.args(port, folder)], { cwd: folder, env: { ...baseEnvironment(), HOME: folder, ...rival.environment?.(port) }, stdio: 'ignore' });
  let ended = false;
  child.on('error', () => (ended = true)).on('exit', () => (ended = true));
  const stop = async (): Promise<void> => {
    const exited = ended ? undefined : once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const deadline = performance.now() + 40_000;
  while (!ended && performance.now() < deadline) {
    if (await isListening(port)) return { name: `${name} ${rival.version}`, port, keeps: rival.keeps, memoryMiB: () => memoryOf(child.pid ?? 0), stop };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop();
  return leaveOut(name, 'it did not start');
}

function leaveOut(name: string, why: string): undefined {
  process.stderr.write(`haneul bench: ${name} is left out: ${why}\n`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function memoryOf(pid: number): number | undefined {
  try {
    const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number));
    return Math.round(kilobytes / 1024 + children.reduce((sum, child) => sum + (memoryOf(child) ?? 0), 0));
  } catch {
    return undefined;
  }
}
