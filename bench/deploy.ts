// What deploying large packages costs everybody else: how late the event loop of the server runs its timers while packages of
// 50 MB are deployed one after the other, and several at once. `npm run bench -- deploy [--quick | --long]`. The limit is issue 3's: 10 ms at p99.

import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttachUserPolicyCommand, CreateAccessKeyCommand, CreateUserCommand } from '@aws-sdk/client-iam';
import { zipSync, type Zippable } from 'fflate';
import { signRequest } from '../src/wire/sigv4.ts';
import { createExecutionRole, createFunction, uniqueName } from '../test/support/functions.ts';
import { type SdkCredentials, sdkClients } from '../test/support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../test/support/serverProcess.ts';
import { bySize } from './support/extent.ts';
import { report, type Row } from './support/report.ts';

const limitMs = 10;
const megabyte = 1024 * 1024;
const deployments = bySize({ quick: 2, usual: 5, long: 10 });
const atOnce = 3;
const smallFiles = 10_000;

interface Package {
  readonly name: string;
  /** Two of each, in turn: deploying the same bytes again would be less work. */
  readonly bodies: readonly Buffer[];
}

const folder = mkdtempSync(join(tmpdir(), 'haneul-bench-'));
const server = await startServerProcess({ dataFolder: folder });
try {
  await measure(server);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measure({ endpoint, port, memoryBytes }: ServerProcess): Promise<void> {
  const clients = sdkClients(endpoint);
  const role = await createExecutionRole(clients);
  const names = await Promise.all(Array.from({ length: atOnce }, () => createFunction(clients.lambda, { Role: role, files: { 'index.js': 'exports.handler = async (event) => event;' } })));
  // A key that the server has issued, so that it verifies signatures and hashes what it receives.
  const UserName = uniqueName('deployer');
  await clients.iam.send(new CreateUserCommand({ UserName }));
  await clients.iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }));
  const { AccessKey } = await clients.iam.send(new CreateAccessKeyCommand({ UserName }));
  const credentials = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  clients.destroy();

  const rows: Row[] = [];
  let peakBytes = 0;
  const watch = setInterval(() => (peakBytes = Math.max(peakBytes, memoryBytes())), 50);
  const during = async (path: string, work: () => Promise<number[]>): Promise<void> => {
    say(`${path} …`);
    peakBytes = memoryBytes();
    await readDelays(port);
    const took = (await work()).sort((a, b) => a - b);
    const { p50, p99, max } = await readDelays(port);
    const perDeployment = took.length === 0 ? '' : ((took[Math.floor(took.length / 2)] ?? 0) / 1_000).toFixed(2);
    rows.push({ path, 'p50 ms': p50.toFixed(1), 'p99 ms': p99.toFixed(1), 'max ms': max.toFixed(1), 'limit p99': limitMs, 'deployment s': perDeployment, 'peak RSS MB': Math.round(peakBytes / megabyte) });
  };
  await during('idle', () => new Promise((resolve) => setTimeout(() => resolve([]), bySize({ quick: 500, usual: 2_000, long: 3_000 }))));
  for (const { name, bodies } of packages()) {
    const deploy = (functionName: string, round: number): Promise<number> => deployOnce({ port, functionName, body: bodies[round % bodies.length] ?? Buffer.alloc(0), credentials });
    await during(`${name}, one by one`, async () => {
      const took: number[] = [];
      for (let round = 0; round < deployments; round += 1) took.push(await deploy(names[0] ?? '', round));
      return took;
    });
    await during(`${name}, ${atOnce} at once`, async () => {
      const took = names.map(async (functionName) => {
        const own: number[] = [];
        for (let round = 0; round < Math.ceil(deployments / atOnce); round += 1) own.push(await deploy(functionName, round));
        return own;
      });
      return (await Promise.all(took)).flat();
    });
  }
  clearInterval(watch);
  report('deploy', rows, [`${deployments} deployments each through UpdateFunctionCode, signed; delays as the server measures them itself (/_haneul/metrics)`]);
}

function packages(): readonly Package[] {
  const big = (): Zippable => ({ 'index.js': Buffer.from('exports.handler = async (event) => event;'), model: [randomBytes(49 * megabyte), { level: 0 }] });
  const many = (): Zippable => {
    const files: Zippable = {};
    for (let index = 0; index < smallFiles; index += 1) files[`node_modules/package-${index % 500}/file-${index}.js`] = [randomBytes(2_048), { level: 0 }];
    return files;
  };
  const bodyOf = (files: Zippable): Buffer => Buffer.from(JSON.stringify({ ZipFile: Buffer.from(zipSync(files)).toString('base64') }));
  return [
    { name: 'one file of 49 MB', bodies: [bodyOf(big()), bodyOf(big())] },
    { name: `${smallFiles} small files`, bodies: [bodyOf(many()), bodyOf(many())] },
  ];
}

interface Deployment {
  readonly port: number;
  readonly functionName: string;
  readonly body: Buffer;
  readonly credentials: SdkCredentials;
}

/** Milliseconds until the answer. */
function deployOnce({ port, functionName, body, credentials }: Deployment): Promise<number> {
  const path = `/2015-03-31/functions/${functionName}/code`;
  const headers = signRequest(
    { method: 'PUT', url: `http://127.0.0.1:${port}${path}`, body, headers: { 'content-type': 'application/json' }, service: 'lambda', region: 'us-east-1', nowMs: Date.now() },
    credentials,
  );
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', method: 'PUT', path, headers: { ...headers, 'content-length': body.length } }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      incoming.on('end', () => (incoming.statusCode === 200 ? resolve(performance.now() - startedMs) : reject(new Error(`${incoming.statusCode}: ${text.slice(0, 500)}`))));
    });
    outgoing.on('error', reject).end(body);
  });
}

/** The delays of the event loop since the last reading, in milliseconds. */
async function readDelays(port: number): Promise<{ readonly p50: number; readonly p99: number; readonly max: number }> {
  const text = await (await fetch(`http://127.0.0.1:${port}/_haneul/metrics`)).text();
  const of = (quantile: string): number => Number(new RegExp(`^haneul_event_loop_delay_seconds\\{quantile="${quantile}"\\} (\\S+)$`, 'm').exec(text)?.[1]) * 1_000;
  return { p50: of('0.5'), p99: of('0.99'), max: of('1') };
}

function say(text: string): void {
  process.stderr.write(`haneul bench: ${text}\n`);
}
