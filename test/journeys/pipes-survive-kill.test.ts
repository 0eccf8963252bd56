// A pipe moves messages from queue to queue while the server is killed, again and again: every message that was acknowledged reaches the
// target at least once. `HANEUL_KILLS=50` for a long run.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CreatePipeCommand, DescribePipeCommand, PipesClient } from '@aws-sdk/client-pipes';
import { CreateQueueCommand, DeleteMessageBatchCommand, ReceiveMessageCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createSeededRandom } from '../../src/base/random.ts';
import { sdkConfig } from '../support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../support/serverProcess.ts';

const rounds = Number(process.env['HANEUL_KILLS'] ?? 1);
const seed = Number(process.env['HANEUL_SEED'] ?? randomInt(2 ** 31));
const random = createSeededRandom(seed);
const account = '000000000000';
const arnOf = (name: string): string => `arn:aws:sqs:us-east-1:${account}:${name}`;
const answered = new Set<string>();
const received = new Set<string>();
let sent = 0;

let folder = '';
let server: ServerProcess | undefined;
after(async () => {
  await server?.kill();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

interface Clients {
  readonly sqs: SQSClient;
  readonly source: string | undefined;
  readonly target: string | undefined;
}

test(`messages pass a pipe over ${rounds} kills (HANEUL_SEED=${seed})`, { timeout: 60_000 + rounds * 20_000 }, async () => {
  folder = mkdtempSync(join(tmpdir(), 'haneul-pipes-kill-'));
  let clients = await start();
  for (let round = 0; round < rounds; round += 1) {
    const [before, arrived] = [answered.size, received.size];
    let ended = false;
    const work = [...Array.from({ length: 3 }, () => until(() => ended, () => sendSome(clients))), until(() => ended, () => drain(clients, 1))];
    await new Promise((resolve) => setTimeout(resolve, 100 + random.fraction() * 400));
    while (answered.size < before + 20 || received.size === arrived) await new Promise((resolve) => setTimeout(resolve, 20));
    await server?.kill();
    ended = true;
    await Promise.all(work);
    clients.sqs.destroy();
    clients = await start();
  }
  while ([...answered].some((body) => !received.has(body))) await drain(clients, 2);
  assert.ok(answered.size > 0);
  clients.sqs.destroy();
});

async function start(): Promise<Clients> {
  server = await startServerProcess({ dataFolder: folder });
  const config = sdkConfig(server.endpoint);
  const [sqs, pipes] = [new SQSClient(config), new PipesClient(config)];
  // Messages that a killed pipe held are seen again soon.
  const { QueueUrl: source } = await sqs.send(new CreateQueueCommand({ QueueName: 'source', Attributes: { VisibilityTimeout: '2' } }));
  const { QueueUrl: target } = await sqs.send(new CreateQueueCommand({ QueueName: 'target' }));
  const known = await pipes.send(new DescribePipeCommand({ Name: 'moves' })).catch(() => undefined);
  // The role is missing, which is tolerated where nothing is enforced on it.
  if (!known) await pipes.send(new CreatePipeCommand({ Name: 'moves', Source: arnOf('source'), Target: arnOf('target'), RoleArn: `arn:aws:iam::${account}:role/none`, TargetParameters: { InputTemplate: '<$.body>' } }));
  pipes.destroy();
  return { sqs, source, target };
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

async function sendSome({ sqs, source }: Clients): Promise<void> {
  const Entries = Array.from({ length: 3 }, (_, at) => ({ Id: `${at}`, MessageBody: `m${(sent += 1)}` }));
  const { Successful = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: source, Entries }));
  for (const { Id } of Successful) answered.add(Entries[Number(Id)]?.MessageBody ?? '');
}

async function drain({ sqs, target: QueueUrl }: Clients, WaitTimeSeconds: number): Promise<void> {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds }));
  for (const { Body = '' } of Messages) received.add(Body);
  if (Messages.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: Messages.map(({ ReceiptHandle }, at) => ({ Id: `${at}`, ReceiptHandle })) }));
}
