// What a message costs at 64 connections, durable on disk: sending, receiving, deleting and all three, for standard and FIFO queues,
// one at a time and ten at a time; against the JSON yardstick of the same run, and beside the syncs that the disk makes.
// `npm run bench -- sqs [--quick]`.

import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { sdkConfig } from '../test/support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../test/support/serverProcess.ts';
import { loadHttp, postRequest, type LoadResult } from './support/loadHttp.ts';
import { median, report, type Row } from './support/report.ts';
import { startYardstick } from './support/yardstick.ts';

const quick = process.argv.includes('--quick');
const runs = quick ? 1 : 5;
const plan = { connections: 64, requests: quick ? 2_000 : 20_000, millisecondsMax: quick ? 3_000 : 15_000 };
const body = 'x'.repeat(1_000);

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

/** A request of the JSON protocol as an SDK sends it. */
function sqsRequest(operation: string, input: object): Buffer {
  const head = { 'x-amz-target': `AmazonSQS.${operation}`, 'content-type': 'application/x-amz-json-1.0' };
  const request = postRequest('/', JSON.stringify(input), 'sqs').toString('utf8');
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(request.replace('content-type: application/json', lines.join('\r\n')));
}

async function measure({ endpoint, port }: ServerProcess): Promise<void> {
  const client = new SQSClient(sdkConfig(endpoint));
  const results = new Map<string, LoadResult[]>();
  const syncs: number[] = [];
  const load = async (name: string, request: Buffer | (() => Buffer), more: Partial<Parameters<typeof loadHttp>[0]> = {}): Promise<LoadResult> => {
    const result = await loadHttp({ port, request, ...plan, ...more });
    results.set(name, [...(results.get(name) ?? []), result]);
    return result;
  };
  for (let run = 1; run <= runs; run += 1) {
    process.stderr.write(`haneul bench: run ${run} of ${runs} …\n`);
    syncs.push(await syncRate());
    await load('yardstick json', postRequest('/json', JSON.stringify({ body }), 'sqs'), { port: yardstick.port });
    for (const kind of ['standard', 'FIFO'] as const) {
      const Attributes: Record<string, string> = kind === 'FIFO' ? { FifoQueue: 'true', FifoThroughputLimit: 'perMessageGroupId', DeduplicationScope: 'messageGroup' } : {};
      const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: `bench-${run}${kind === 'FIFO' ? '.fifo' : ''}`, Attributes }));
      let sent = 0;
      const message = (): object => {
        sent += 1;
        return { MessageBody: body, ...(kind === 'FIFO' ? { MessageGroupId: `g${sent}`, MessageDeduplicationId: `d${sent}` } : {}) };
      };
      await load(`${kind}: send`, () => sqsRequest('SendMessage', { QueueUrl, ...message() }));
      const handles: string[] = [];
      const note = (answer: Buffer): void => {
        for (const match of answer.toString('latin1').matchAll(/"ReceiptHandle":"([^"]+)"/g)) handles.push(match[1] ?? '');
      };
      const receive = (MaxNumberOfMessages: number): Buffer => sqsRequest('ReceiveMessage', { QueueUrl, MaxNumberOfMessages, VisibilityTimeout: 3_600 });
      const half = Math.floor(sent / 2);
      await load(`${kind}: receive 1`, receive(1), { requests: half, onAnswer: note });
      await load(`${kind}: receive 10`, receive(10), { requests: Math.floor((sent - half) / 10), onAnswer: note });
      let at = 0;
      const handle = (): string => handles[at++] ?? '';
      await load(`${kind}: delete`, () => sqsRequest('DeleteMessage', { QueueUrl, ReceiptHandle: handle() }), { requests: Math.floor(handles.length / 2) });
      const batch = (): object[] => Array.from({ length: 10 }, (_, entry) => ({ Id: `${entry}`, ReceiptHandle: handle() }));
      await load(`${kind}: delete 10`, () => sqsRequest('DeleteMessageBatch', { QueueUrl, Entries: batch() }), { requests: Math.floor(handles.length / 20) });
      await load(`${kind}: send 10`, () => sqsRequest('SendMessageBatch', { QueueUrl, Entries: Array.from({ length: 10 }, (_, entry) => ({ Id: `${entry}`, ...message() })) }), { requests: plan.requests / 10 });
    }
  }
  client.destroy();
  const of = (name: string, pick: (result: LoadResult) => number): number => median((results.get(name) ?? []).map(pick));
  const yard = of('yardstick json', (result) => result.perSecond);
  const rows: Row[] = [...results.keys()].map((name) => ({
    path: name,
    'per s': of(name, (result) => result.perSecond),
    'messages per s': of(name, (result) => result.perSecond) * (/ 10$/.test(name) ? 10 : 1),
    'of json': (of(name, (result) => result.perSecond) / yard).toFixed(2),
    'p50 us': of(name, (result) => result.p50Microseconds),
    'p99 us': of(name, (result) => result.p99Microseconds),
    failed: of(name, (result) => result.failed),
  }));
  process.stdout.write('\n');
  report('sqs', rows, [`median of ${runs} runs, 64 connections, bodies of ${body.length} bytes; the disk makes ${median(syncs)} syncs a second`]);
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
