// What an object costs at 64 connections, durable on disk: putting and getting 1 KB, listing 1,000 keys among many, and reading 256 MB
// beside a bare stream from a file to a socket; against the JSON yardstick of the same run, and beside the syncs that the disk makes.
// `npm run bench -- s3 [--quick]`.

import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { sdkConfig } from '../test/support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../test/support/serverProcess.ts';
import { loadHttp, postRequest, type LoadResult } from './support/loadHttp.ts';
import { median, report, type Row } from './support/report.ts';
import { startYardstick } from './support/yardstick.ts';

const quick = process.argv.includes('--quick');
const runs = quick ? 1 : 5;
const plan = { connections: 64, requests: quick ? 2_000 : 20_000, millisecondsMax: quick ? 3_000 : 15_000 };
const keys = quick ? 20_000 : 1_000_000;
const largeBytes = (quick ? 64 : 256) * 1024 * 1024;
const small = 'x'.repeat(1_024);

const folder = mkdtempSync(join(tmpdir(), 'haneul-bench-'));
const yardstick = await startYardstick();
const server = await startServerProcess({ dataFolder: join(folder, 'data') });
try {
  await measure(server);
} finally {
  await yardstick.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

function s3Request(method: string, path: string, body = ''): Buffer {
  const headers = Object.entries(signedHeaders()).map(([name, value]) => `${name}: ${value}`);
  const head = [`${method} ${path} HTTP/1.1`, 'host: 127.0.0.1', ...headers, `content-length: ${body.length}`];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** As an SDK sends them, with the signature of a key that nobody issued. */
function signedHeaders(): Record<string, string> {
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const credential = `test/${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;
  return { 'x-amz-date': date, authorization, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
}

async function measure({ endpoint, port }: ServerProcess): Promise<void> {
  const client = new S3Client({ ...sdkConfig(endpoint), forcePathStyle: true });
  const results = new Map<string, LoadResult[]>();
  const load = async (name: string, request: Buffer | (() => Buffer), more: Partial<Parameters<typeof loadHttp>[0]> = {}): Promise<LoadResult> => {
    const result = await loadHttp({ port, request, ...plan, ...more });
    results.set(name, [...(results.get(name) ?? []), result]);
    return result;
  };
  await client.send(new CreateBucketCommand({ Bucket: 'bench' }));
  process.stderr.write(`haneul bench: ${keys} keys …\n`);
  let made = 0;
  await loadHttp({ port, connections: 64, requests: keys, millisecondsMax: 3_600_000, request: () => s3Request('PUT', `/bench/many/${String((made += 1)).padStart(9, '0')}`) });
  await client.send(new PutObjectCommand({ Bucket: 'bench', Key: 'large', Body: Buffer.alloc(largeBytes, 'large') }));
  const file = join(folder, 'large');
  writeFileSync(file, Buffer.alloc(largeBytes, 'large'));
  const syncs: number[] = [];
  const ratios: number[] = [];
  for (let run = 1; run <= runs; run += 1) {
    process.stderr.write(`haneul bench: run ${run} of ${runs} …\n`);
    syncs.push(await syncRate());
    await load('yardstick json', postRequest('/json', JSON.stringify({ body: small }), 's3'), { port: yardstick.port });
    let put = 0;
    await load('put 1 KB', () => s3Request('PUT', `/bench/small/${run}/${(put += 1)}`, small));
    let got = 0;
    await load('get 1 KB', () => s3Request('GET', `/bench/small/${run}/${((got += 1) % put) + 1}`));
    const middle = String(Math.floor(keys / 2)).padStart(9, '0');
    await load('list 1,000 keys', s3Request('GET', `/bench?list-type=2&prefix=many/&start-after=many/${middle}`), { connections: 1, requests: 50 });
    ratios.push((await bareMilliseconds(file)) / (await readMilliseconds(`${endpoint}/bench/large`)));
  }
  client.destroy();
  const of = (name: string, pick: (result: LoadResult) => number): number => median((results.get(name) ?? []).map(pick));
  const yard = of('yardstick json', (result) => result.perSecond);
  const rows: Row[] = [...results.keys()].map((name) => ({
    path: name,
    'per s': of(name, (result) => result.perSecond),
    'of json': (of(name, (result) => result.perSecond) / yard).toFixed(2),
    'p50 us': of(name, (result) => result.p50Microseconds),
    'p99 us': of(name, (result) => result.p99Microseconds),
    failed: of(name, (result) => result.failed),
  }));
  process.stdout.write('\n');
  report('s3', rows, [
    `median of ${runs} runs, 64 connections (listing: 1, among ${keys} keys); the disk makes ${median(syncs)} syncs a second`,
    `get of ${largeBytes / 1024 / 1024} MB: ${median(ratios).toFixed(2)} of a bare stream from a file to a socket`,
  ]);
}

async function bareMilliseconds(file: string): Promise<number> {
  const bare = createServer((_incoming, outgoing) => void createReadStream(file).pipe(outgoing)).listen(0, '127.0.0.1');
  await new Promise((resolve) => bare.once('listening', resolve));
  const milliseconds = await readMilliseconds(`http://127.0.0.1:${(bare.address() as AddressInfo).port}/`);
  bare.close();
  return milliseconds;
}

function readMilliseconds(address: string): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    get(address, { headers: signedHeaders() }, (answer) => answer.on('data', () => undefined).on('end', () => resolve(performance.now() - startedAt))).on('error', reject);
  });
}

async function syncRate(): Promise<number> {
  const file = await open(join(folder, 'calibration'), 'w');
  const page = Buffer.alloc(4_096, 1);
  const startedAt = performance.now();
  let count = 0;
  while (performance.now() - startedAt < (quick ? 300 : 1_000)) {
    await file.write(page, 0, page.length, 0);
    await file.datasync();
    count += 1;
  }
  await file.close();
  return Math.round(count / ((performance.now() - startedAt) / 1_000));
}
