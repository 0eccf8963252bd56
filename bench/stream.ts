// How soon the first byte of a streamed response is there, against a whole buffered invocation of the same run: both warm, one
// connection, Node.js. `npm run bench -- stream [--quick | --long]`.

import { connect } from 'node:net';
import { createExecutionRole, createFunction } from '../test/support/functions.ts';
import { sdkClients } from '../test/support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../test/support/serverProcess.ts';
import { bySize, extent } from './support/extent.ts';
import { loadHttp, postRequest } from './support/loadHttp.ts';
import { median, report } from './support/report.ts';

const { runs } = extent;
const plan = { connections: 1, requests: bySize({ quick: 100, usual: 2_000, long: 4_000 }), millisecondsMax: bySize({ quick: 1_000, usual: 2_000, long: 4_000 }) };
const event = JSON.stringify({ hello: 'world', list: [1, 2, 3], text: 'fifty-five bytes' });
const buffered = 'exports.handler = async (event) => event;';
const streamed = 'exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.write(JSON.stringify(event)); stream.end(); });';

const server = await startServerProcess();
try {
  await measure(server);
} finally {
  await server.stop();
}

async function measure({ endpoint, port }: ServerProcess): Promise<void> {
  const clients = sdkClients(endpoint);
  const Role = await createExecutionRole(clients);
  const create = (source: string): Promise<string> => createFunction(clients.lambda, { Role, files: { 'index.js': source } });
  const whole = postRequest(`/2015-03-31/functions/${await create(buffered)}/invocations`, event, 'lambda');
  const pieces = postRequest(`/2021-11-15/functions/${await create(streamed)}/response-streaming-invocations`, event, 'lambda');
  clients.destroy();
  const wholeP50: number[] = [];
  const firstP50: number[] = [];
  await loadHttp({ port, request: whole, connections: 1, requests: 64, millisecondsMax: 10_000 });
  await firstBytes(port, pieces, { requests: 64, millisecondsMax: 10_000 });
  for (let run = 1; run <= runs; run += 1) {
    wholeP50.push((await loadHttp({ port, request: whole, ...plan })).p50Microseconds);
    firstP50.push(await firstBytes(port, pieces, plan));
  }
  const wholeMedian = median(wholeP50);
  const firstMedian = median(firstP50);
  report('stream', [
    { path: 'buffered, whole answer', 'p50 us': wholeMedian, 'x buffered': '1.00' },
    { path: 'streamed, first byte', 'p50 us': firstMedian, 'x buffered': (firstMedian / wholeMedian).toFixed(2) },
  ], [`median of ${runs} runs, ${Buffer.byteLength(event)} bytes of JSON in and out; the target is at most 2`]);
}

/** The median time to the first byte of the function's own, in microseconds; the next request goes out when the answer has ended. */
function firstBytes(port: number, request: Buffer, { requests, millisecondsMax }: { readonly requests: number; readonly millisecondsMax: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const latencies: number[] = [];
    const deadline = performance.now() + millisecondsMax;
    let received = '';
    let sentAt = 0;
    let isFirst = true;
    const send = (): void => {
      received = '';
      isFirst = true;
      sentAt = performance.now();
      socket.write(request);
    };
    socket.setNoDelay(true).once('connect', send).once('error', reject);
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      if (isFirst && received.includes('fifty-five')) {
        isFirst = false;
        latencies.push((performance.now() - sentAt) * 1_000);
      }
      if (!received.endsWith('\r\n0\r\n\r\n')) return;
      if (isFirst) return void reject(new Error(`a streamed invocation failed: ${received}`));
      if (latencies.length < requests && performance.now() < deadline) return send();
      socket.destroy();
      latencies.sort((a, b) => a - b);
      resolve(Math.round(latencies[Math.floor(latencies.length / 2)] ?? 0));
    });
  });
}
