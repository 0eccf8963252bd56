// What an invocation costs: cold, warm at one connection, throughput at sixteen; Node.js and Python; against the yardstick of
// the same run. `npm run bench -- invoke [--quick | --long]`.

import { UpdateFunctionConfigurationCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { createExecutionRole, createFunction, waitUntilUpdated } from '../test/support/functions.ts';
import { sdkClients } from '../test/support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../test/support/serverProcess.ts';
import { bySize, extent } from './support/extent.ts';
import { loadHttp, postRequest, type LoadResult } from './support/loadHttp.ts';
import { median, report, type Row } from './support/report.ts';
import { startYardstick } from './support/yardstick.ts';

const { runs } = extent;
const coldSamples = bySize({ quick: 2, usual: 6, long: 12 });
const oneConnection = { connections: 1, requests: bySize({ quick: 200, usual: 4_000, long: 4_000 }), millisecondsMax: bySize({ quick: 1_000, usual: 1_000, long: 4_000 }) };
const sixteen = { connections: 16, requests: bySize({ quick: 500, usual: 30_000, long: 30_000 }), millisecondsMax: bySize({ quick: 1_000, usual: 2_000, long: 5_000 }) };

const event = JSON.stringify({ hello: 'world', list: [1, 2, 3], text: 'fifty-five bytes' });
const handlers = {
  'Node.js': { Runtime: 'nodejs22.x', Handler: 'index.handler', files: { 'index.js': 'exports.handler = async (event) => event;' } },
  Python: { Runtime: 'python3.12', Handler: 'app.handler', files: { 'app.py': 'def handler(event, context):\n    return event\n' } },
} as const;

const yardstick = await startYardstick();
const server = await startServerProcess();
try {
  await measure(server);
} finally {
  await yardstick.stop();
  await server.stop();
}

async function measure({ endpoint, port }: ServerProcess): Promise<void> {
  const clients = sdkClients(endpoint);
  const role = await createExecutionRole(clients);
  const paths: { readonly name: string; readonly port: number; readonly request: Buffer }[] = [
    { name: 'yardstick echo', port: yardstick.port, request: postRequest('/echo', event, 'lambda') },
    { name: 'yardstick json', port: yardstick.port, request: postRequest('/json', event, 'lambda') },
  ];
  const cold: Row[] = [];
  for (const [name, handler] of Object.entries(handlers)) {
    const FunctionName = await createFunction(clients.lambda, { Role: role, ...handler });
    const request = postRequest(`/2015-03-31/functions/${FunctionName}/invocations`, event, 'lambda');
    cold.push(await measureCold(name, clients.lambda, FunctionName, port, request));
    paths.push({ name: `invoke ${name}`, port, request });
  }
  const rows: Row[] = [];
  // The paths take turns within each run, so that a disturbance of the machine meets all of them.
  const results = new Map<string, { warm: LoadResult[]; full: LoadResult[] }>(paths.map(({ name }) => [name, { warm: [], full: [] }]));
  for (let run = 1; run <= runs; run += 1) {
    say(`run ${run} of ${runs} …`);
    for (const { name, ...path } of paths) {
      await loadHttp({ ...path, connections: 16, requests: 64, millisecondsMax: 10_000 });
      results.get(name)?.warm.push(await loadHttp({ ...path, ...oneConnection }));
      results.get(name)?.full.push(await loadHttp({ ...path, ...sixteen }));
    }
  }
  const of = (name: string, pick: (result: { warm: LoadResult[]; full: LoadResult[] }) => number[]): number => median(pick(results.get(name) ?? { warm: [], full: [] }));
  const echo50 = of('yardstick echo', ({ warm }) => warm.map((result) => result.p50Microseconds));
  const echoRate = of('yardstick echo', ({ full }) => full.map((result) => result.perSecond));
  for (const { name } of paths) {
    const p50 = of(name, ({ warm }) => warm.map((result) => result.p50Microseconds));
    const rate = of(name, ({ full }) => full.map((result) => result.perSecond));
    rows.push({
      path: name,
      'warm p50 us': p50,
      'warm p99 us': of(name, ({ warm }) => warm.map((result) => result.p99Microseconds)),
      'x echo': (p50 / echo50).toFixed(2),
      'c=16 per s': rate,
      'of echo': (rate / echoRate).toFixed(2),
      failed: of(name, ({ warm, full }) => [...warm, ...full].map((result) => result.failed)),
    });
  }
  clients.destroy();
  process.stdout.write('\n');
  report('invoke-warm', rows, [`median of ${runs} runs, ${Buffer.byteLength(event)} bytes of JSON in and out`]);
  process.stdout.write('\n');
  report('invoke-cold', cold, [`${coldSamples} first invocations after a configuration change`]);
}

/** A configuration change retires the warm environments, so that the next invocation is a cold one. */
async function measureCold(name: string, lambda: LambdaClient, FunctionName: string, port: number, request: Buffer): Promise<Row> {
  const milliseconds: number[] = [];
  for (let sample = 0; sample < coldSamples; sample += 1) {
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables: { SAMPLE: String(sample) } } }));
    await waitUntilUpdated(lambda, FunctionName);
    const { p50Microseconds, failed } = await loadHttp({ port, request, connections: 1, requests: 1, millisecondsMax: 30_000 });
    if (failed > 0) throw new Error(`the cold invocation of ${name} failed`);
    milliseconds.push(p50Microseconds / 1_000);
  }
  const sorted = milliseconds.sort((a, b) => a - b);
  return { path: `cold ${name}`, 'min ms': (sorted[0] ?? 0).toFixed(1), 'median ms': median(sorted).toFixed(1), 'max ms': (sorted.at(-1) ?? 0).toFixed(1) };
}

function say(text: string): void {
  process.stderr.write(`haneul bench: ${text}\n`);
}
