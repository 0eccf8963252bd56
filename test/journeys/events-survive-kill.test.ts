// Events are put, matched, archived and sent to queues while the server is killed, again and again. Every event whose entry was answered
// with an id reaches both queues at least once. `HANEUL_KILLS=50` for a long run.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CreateArchiveCommand, DescribeArchiveCommand, EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createSeededRandom } from '../../src/base/random.ts';
import { sdkConfig } from '../support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../support/serverProcess.ts';

const rounds = Number(process.env['HANEUL_KILLS'] ?? 3);
const seed = Number(process.env['HANEUL_SEED'] ?? randomInt(2 ** 31));
const random = createSeededRandom(seed);
const account = '000000000000';
const queues = ['first', 'second'] as const;
const archive = `arn:aws:events:us-east-1:${account}:event-bus/default`;

/** Ids that were answered, and those that each queue has given out. */
const answered = new Set<string>();
const received = new Map(queues.map((name) => [name, new Set<string>()]));

let folder = '';
let server: ServerProcess | undefined;
after(async () => {
  await server?.kill();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

interface Clients {
  readonly events: EventBridgeClient;
  readonly sqs: SQSClient;
  readonly urls: ReadonlyMap<string, string>;
}

test(`events reach their targets over ${rounds} kills (HANEUL_SEED=${seed})`, { timeout: 60_000 + rounds * 20_000 }, async () => {
  folder = mkdtempSync(join(tmpdir(), 'haneul-events-kill-'));
  let clients = await start();
  for (const name of queues) {
    await clients.events.send(new PutRuleCommand({ Name: name, EventPattern: JSON.stringify({ source: ['app'], detail: { to: [name, 'both'] } }) }));
    await clients.events.send(new PutTargetsCommand({ Rule: name, Targets: [{ Id: 'queue', Arn: `arn:aws:sqs:us-east-1:${account}:${name}`, InputPath: '$.id' }] }));
  }
  await clients.events.send(new CreateArchiveCommand({ ArchiveName: 'all', EventSourceArn: archive }));
  for (let round = 0; round < rounds; round += 1) {
    const before = answered.size;
    let ended = false;
    const work = [...Array.from({ length: 4 }, () => until(() => ended, () => putSome(clients))), ...queues.map((name) => until(() => ended, () => drain(clients, name, 1)))];
    await new Promise((resolve) => setTimeout(resolve, 100 + random.fraction() * 500));
    while (answered.size < before + 20) await new Promise((resolve) => setTimeout(resolve, 20));
    await server?.kill();
    ended = true;
    await Promise.all(work);
    stop(clients);
    clients = await start();
  }
  for (const name of queues) while ([...answered].some((id) => !received.get(name)?.has(id))) await drain(clients, name, 2);
  let kept = 0;
  while (kept < answered.size) kept = (await clients.events.send(new DescribeArchiveCommand({ ArchiveName: 'all' }))).EventCount ?? 0;
  assert.ok(answered.size > 0);
  stop(clients);
});

async function start(): Promise<Clients> {
  server = await startServerProcess({ dataFolder: folder });
  const config = sdkConfig(server.endpoint);
  const sqs = new SQSClient(config);
  const urls = new Map<string, string>();
  for (const QueueName of queues) {
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: '*' }] });
    urls.set(QueueName, (await sqs.send(new CreateQueueCommand({ QueueName, Attributes: { Policy } }))).QueueUrl ?? '');
  }
  return { events: new EventBridgeClient(config), sqs, urls };
}

function stop({ events, sqs }: Clients): void {
  events.destroy();
  sqs.destroy();
}

/** Goes on until it is told to end or the server does not answer any more. */
async function until(ended: () => boolean, step: () => Promise<void>): Promise<void> {
  while (!ended()) {
    try {
      await step();
    } catch {
      return;
    }
  }
}

async function putSome({ events }: Clients): Promise<void> {
  const entry = () => ({ Source: 'app', DetailType: 't', Detail: JSON.stringify({ to: 'both', x: 'x'.repeat(Math.floor(random.fraction() * 5_000)) }) });
  const { Entries = [] } = await events.send(new PutEventsCommand({ Entries: [entry(), entry(), entry()] }));
  for (const { EventId } of Entries) if (EventId !== undefined) answered.add(EventId);
}

async function drain({ sqs, urls }: Clients, name: (typeof queues)[number], WaitTimeSeconds: number): Promise<void> {
  const QueueUrl = urls.get(name);
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds }));
  for (const { Body = '' } of Messages) received.get(name)?.add(JSON.parse(Body) as string);
  if (Messages.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: Messages.map(({ ReceiptHandle }, at) => ({ Id: `${at}`, ReceiptHandle })) }));
}
