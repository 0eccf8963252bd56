// How soon a server that has functions serves them again, and what it weighs while it waits: from the start of the process to the answer
// of the first invocation of a stored function, and the memory of its own (anonymous RSS) once it has been idle.
// `npm run bench -- start [--quick | --long]`.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../src/base/packageRoot.ts';
import { createExecutionRole, createFunction, invoke } from '../test/support/functions.ts';
import { baseEnvironment } from '../test/support/runCommand.ts';
import { sdkClients } from '../test/support/sdkClients.ts';
import { startServerProcess } from '../test/support/serverProcess.ts';
import { bySize } from './support/extent.ts';
import { postRequest } from './support/loadHttp.ts';
import { median, report, type Row } from './support/report.ts';

const runs = bySize({ quick: 3, usual: 10, long: 20 });
const idleMs = 3_000;
const kinds = [
  { name: 'Node.js', Runtime: 'nodejs20.x', Handler: 'index.handler', files: { 'index.js': 'exports.handler = async () => "here";' } },
  { name: 'Python', Runtime: 'python3.12', Handler: 'app.handler', files: { 'app.py': 'def handler(event, context):\n  return "here"\n' } },
] as const;

const rows: Row[] = [];
for (const kind of kinds) {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-start-'));
  try {
    const name = await deploy(folder, kind);
    const results = [];
    for (let run = 0; run < runs; run += 1) results.push(await measure(folder, name, runs - run <= 3));
    rows.push({
      function: kind.name,
      'start to answer ms': median(results.map(({ answerMs }) => answerMs)).toFixed(0),
      'max ms': Math.max(...results.map(({ answerMs }) => answerMs)).toFixed(0),
      'idle anonymous RSS MB': median(results.flatMap(({ idleBytes }) => idleBytes).map((bytes) => bytes / 2 ** 20)).toFixed(0),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
report('start', rows, [`median of ${runs} starts over stored data, root; memory ${idleMs / 1_000} s after the invocation; wanted: 700 ms, 100 MB`]);

async function deploy(dataFolder: string, { Runtime, Handler, files }: (typeof kinds)[number]): Promise<string> {
  const server = await startServerProcess({ dataFolder });
  const aws = sdkClients(server.endpoint);
  const name = await createFunction(aws.lambda, { Role: await createExecutionRole(aws), Runtime, Handler, files });
  await invoke(aws.lambda, name);
  aws.destroy();
  await server.stop();
  return name;
}

// To wait until it is idle takes longer than all the rest.
async function measure(dataFolder: string, functionName: string, weigh: boolean): Promise<{ readonly answerMs: number; readonly idleBytes: readonly number[] }> {
  const port = await freePort();
  const request = postRequest(`/2015-03-31/functions/${functionName}/invocations`, '{}', 'lambda');
  const startedMs = performance.now();
  const child = spawn(process.execPath, [join(packageRoot, 'dist/program/main.js'), 'start', '--port', String(port), '--data-dir', dataFolder], { env: baseEnvironment(), stdio: 'ignore' });
  const exited = once(child, 'exit');
  try {
    while (!(await answers(port, request))) await sleep(2);
    const answerMs = performance.now() - startedMs;
    if (!weigh) return { answerMs, idleBytes: [] };
    await sleep(idleMs);
    const bytes = Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
    return { answerMs, idleBytes: [bytes] };
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

/** False while nobody listens; any answer but the function's own is a failure. */
async function answers(port: number, request: Buffer): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } catch {
    return false;
  }
  socket.write(request);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  if (!/^HTTP\/1\.1 200 [^]*"here"$/.test(answer.toString('latin1'))) throw new Error(`unexpected answer: ${answer.toString('latin1')}`);
  return true;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
