// What an event costs: PutEvents through 10 and through 1,000 rules of one bus, durable on disk, at 64 connections; and how long one event
// takes from the request to a queue's receiver. The target is no more than three times the cost for a hundred times the rules, and a
// median of 15 ms. `npm run bench -- events [--quick]`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateEventBusCommand, EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { sdkConfig } from '../test/support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../test/support/serverProcess.ts';
import { loadHttp, postRequest, type LoadResult } from './support/loadHttp.ts';
import { median, report, type Row } from './support/report.ts';
import { startYardstick } from './support/yardstick.ts';

const quick = process.argv.includes('--quick');
const runs = quick ? 1 : 5;
const deliveries = quick ? 50 : 300;
const plan = { connections: 64, requests: quick ? 2_000 : 20_000, millisecondsMax: quick ? 3_000 : 15_000 };
const account = '000000000000';

/** Patterns as applications have them: all name the source, half a detail type, the others a value in the detail. */
const patternOf = (rule: number): object => ({ source: ['shop'], ...(rule % 2 === 0 ? { 'detail-type': [`Type ${rule}`] } : { detail: { customer: [`c${rule}`] } }) });

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
function eventsRequest(operation: string, input: object): Buffer {
  const head = { 'x-amz-target': `AWSEvents.${operation}`, 'content-type': 'application/x-amz-json-1.1' };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(postRequest('/', JSON.stringify(input), 'events').toString('utf8').replace('content-type: application/json', lines.join('\r\n')));
}

async function measure({ endpoint, port }: ServerProcess): Promise<void> {
  const events = new EventBridgeClient(sdkConfig(endpoint));
  const sqs = new SQSClient(sdkConfig(endpoint));
  const QueueName = 'bench';
  const arn = `arn:aws:sqs:us-east-1:${account}:${QueueName}`;
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: arn }] });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes: { Policy } }));
  for (const rules of [10, 1_000]) {
    const EventBusName = `rules-${rules}`;
    await events.send(new CreateEventBusCommand({ Name: EventBusName }));
    for (let rule = 0; rule < rules; rule += 1) {
      await events.send(new PutRuleCommand({ Name: `rule-${rule}`, EventBusName, EventPattern: JSON.stringify(patternOf(rule)) }));
      await events.send(new PutTargetsCommand({ Rule: `rule-${rule}`, EventBusName, Targets: [{ Id: 'queue', Arn: arn }] }));
    }
  }
  const results = new Map<string, LoadResult[]>();
  const load = async (name: string, request: Buffer, to = port): Promise<void> => {
    results.set(name, [...(results.get(name) ?? []), await loadHttp({ port: to, request, ...plan })]);
  };
  const entry = (EventBusName: string) => ({ Entries: [{ EventBusName, Source: 'shop', DetailType: 'Nobody Waits', Detail: JSON.stringify({ customer: 'nobody', items: ['a', 'b', 'c'] }) }] });
  for (let run = 1; run <= runs; run += 1) {
    process.stderr.write(`haneul bench: run ${run} of ${runs} …\n`);
    await load('yardstick json', postRequest('/json', JSON.stringify({ body: 'x'.repeat(200) }), 'events'), yardstick.port);
    for (const rules of [10, 1_000]) await load(`${rules} rules`, eventsRequest('PutEvents', entry(`rules-${rules}`)));
  }
  const latencies: number[] = [];
  for (let at = 0; at < deliveries; at += 1) {
    const waiting = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 })).then((answer) => ({ answer, atMs: performance.now() }));
    const startMs = performance.now();
    await events.send(new PutEventsCommand({ Entries: [{ EventBusName: 'rules-1000', Source: 'shop', DetailType: 'Type 500', Detail: '{}' }] }));
    const { answer, atMs } = await waiting;
    latencies.push(atMs - startMs);
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: answer.Messages?.[0]?.ReceiptHandle }));
  }
  events.destroy();
  sqs.destroy();
  const perSecond = (name: string): number => median((results.get(name) ?? []).map((result) => result.perSecond));
  const [few, many] = [perSecond('10 rules'), perSecond('1000 rules')];
  const sorted = latencies.sort((a, b) => a - b);
  const rows: Row[] = [
    { name: 'yardstick (HTTP, JSON), requests/s', value: perSecond('yardstick json') },
    { name: 'PutEvents through 10 rules, requests/s', value: few },
    { name: 'PutEvents through 1,000 rules, requests/s', value: many },
    { name: 'cost of 1,000 rules over 10', value: few / many, target: 3, better: 'lower' },
    { name: 'request to receiver of a queue, p50 ms', value: median(latencies), target: 15, better: 'lower' },
    { name: 'request to receiver of a queue, p99 ms', value: sorted[Math.floor(sorted.length * 0.99)] ?? 0 },
  ];
  report('events', rows);
}
