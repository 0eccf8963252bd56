// Publishers work on a standard and a FIFO topic while the server is killed, again and again. Every message whose publication was
// acknowledged reaches every subscriber: two queues, an HTTP endpoint, and a FIFO queue, whose groups keep their order.
// `HANEUL_KILLS=50` for a long run.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ConfirmSubscriptionCommand, CreateTopicCommand, PublishBatchCommand, PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createSeededRandom } from '../../src/base/random.ts';
import { sdkConfig } from '../support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../support/serverProcess.ts';

const rounds = Number(process.env['HANEUL_KILLS'] ?? 3);
const seed = Number(process.env['HANEUL_SEED'] ?? randomInt(2 ** 31));
const random = createSeededRandom(seed);
const groups = ['a', 'b', 'c'];
const account = '000000000000';
const queueNames = ['one', 'two', 'ordered.fifo'] as const;

const standardSent = new Set<string>();
const orderedSent = new Set<string>();
const nextOf = new Map(groups.map((group) => [group, 0]));
const received = new Map<string, string[]>([...queueNames, 'http'].map((name) => [name, []]));

let folder = '';
let server: ServerProcess | undefined;
let listener: Server;
let confirmationToken: string | undefined;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'haneul-topic-kill-'));
  // Says no now and then: what is tried again is not lost either.
  listener = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => {
      const { Type, Message = '', Token } = JSON.parse(text) as { Type: string; Message?: string; Token?: string };
      if (Type === 'SubscriptionConfirmation') confirmationToken = Token;
      else if (random.fraction() < 0.05) return void response.writeHead(503).end();
      else received.get('http')?.push(Message);
      response.end();
    });
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
});
after(async () => {
  await server?.kill();
  listener.closeAllConnections();
  listener.close();
  rmSync(folder, { recursive: true, force: true });
});

interface World {
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  readonly topicArn: string;
  readonly fifoArn: string;
}

async function open(): Promise<World> {
  server = await startServerProcess({ dataFolder: folder });
  const [sns, sqs] = [new SNSClient(sdkConfig(server.endpoint)), new SQSClient(sdkConfig(server.endpoint))];
  const { TopicArn: topicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'news' }));
  const { TopicArn: fifoArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'news.fifo', Attributes: { FifoTopic: 'true' } }));
  return { sns, sqs, topicArn, fifoArn };
}

const queueArn = (name: string): string => `arn:aws:sqs:us-east-1:${account}:${name}`;
const queueUrl = (name: string): string => `${server?.endpoint}/${account}/${name}`;

async function setUp({ sns, sqs, topicArn, fifoArn }: World): Promise<void> {
  for (const name of queueNames) {
    const fifo = name.endsWith('.fifo');
    const Statement = [{ Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: queueArn(name) }];
    await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { Policy: JSON.stringify({ Version: '2012-10-17', Statement }), VisibilityTimeout: '600', ...(fifo ? { FifoQueue: 'true' } : {}) } }));
    await sns.send(new SubscribeCommand({ TopicArn: fifo ? fifoArn : topicArn, Protocol: 'sqs', Endpoint: queueArn(name), Attributes: { RawMessageDelivery: 'true' } }));
  }
  const DeliveryPolicy = JSON.stringify({ healthyRetryPolicy: { numRetries: 50, numNoDelayRetries: 40, minDelayTarget: 1, maxDelayTarget: 1 } });
  await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'http', Endpoint: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`, Attributes: { DeliveryPolicy } }));
  while (confirmationToken === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  await sns.send(new ConfirmSubscriptionCommand({ TopicArn: topicArn, Token: confirmationToken }));
}

let counter = 0;

async function publishOne({ sns, topicArn }: World): Promise<void> {
  const Message = `one ${(counter += 1)}`;
  await sns.send(new PublishCommand({ TopicArn: topicArn, Message }));
  standardSent.add(Message);
}

async function publishBatch({ sns, topicArn }: World): Promise<void> {
  const texts = Array.from({ length: 4 }, () => `batch ${(counter += 1)} ${'x'.repeat(Math.floor(random.fraction() * 20_000))}`);
  await sns.send(new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries: texts.map((Message, at) => ({ Id: `${at}`, Message })) }));
  for (const text of texts) standardSent.add(text);
}

async function publishToGroup({ sns, fifoArn }: World, group: string): Promise<void> {
  const number = nextOf.get(group) ?? 0;
  const Message = `${group} ${number}`;
  await sns.send(new PublishCommand({ TopicArn: fifoArn, Message, MessageGroupId: group, MessageDeduplicationId: `${group}-${number}` }));
  orderedSent.add(Message);
  nextOf.set(group, number + 1);
}

function startWorking(world: World): { answered(): number; end(): Promise<void> } {
  let answered = 0;
  let ended = false;
  const worker = async (step: () => Promise<void>): Promise<void> => {
    while (!ended) {
      try {
        await step();
        answered += 1;
      } catch {
        ended = true;
      }
    }
  };
  const workers = [worker(() => publishOne(world)), worker(() => publishBatch(world)), ...groups.map((group) => worker(() => publishToGroup(world, group)))];
  return {
    answered: () => answered,
    async end() {
      ended = true;
      await Promise.all(workers);
    },
  };
}

async function drain({ sqs }: World, name: string, isComplete: () => boolean): Promise<void> {
  const QueueUrl = queueUrl(name);
  while (!isComplete()) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 2 }));
    received.get(name)?.push(...Messages.map(({ Body = '' }) => Body));
    if (Messages.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: Messages.map(({ ReceiptHandle }, at) => ({ Id: `${at}`, ReceiptHandle })) }));
  }
}

test(`topics lose nothing and keep their order over ${rounds} kills (HANEUL_SEED=${seed})`, { timeout: 60_000 + rounds * 20_000 }, async () => {
  let world = await open();
  await setUp(world);
  for (let round = 0; round < rounds; round += 1) {
    const work = startWorking(world);
    await new Promise((resolve) => setTimeout(resolve, 100 + random.fraction() * 700));
    // Not before something has been said in this round.
    while (work.answered() < 20) await new Promise((resolve) => setTimeout(resolve, 20));
    await server?.kill();
    await work.end();
    world.sns.destroy();
    world.sqs.destroy();
    world = await open();
  }
  const has = (name: string, sent: ReadonlySet<string>) => (): boolean => {
    const seen = new Set(received.get(name));
    return [...sent].every((text) => seen.has(text));
  };
  await Promise.all([drain(world, 'one', has('one', standardSent)), drain(world, 'two', has('two', standardSent)), drain(world, 'ordered.fifo', has('ordered.fifo', orderedSent))]);
  while (!has('http', standardSent)()) await new Promise((resolve) => setTimeout(resolve, 50));
  for (const group of groups) {
    const seen = (received.get('ordered.fifo') ?? []).filter((text) => text.startsWith(`${group} `)).map((text) => Number(text.split(' ')[1]));
    assert.deepEqual(seen, [...seen].sort((a, b) => a - b), `the order of group ${group}`);
    assert.equal(new Set(seen).size, seen.length, `group ${group} has nothing twice`);
  }
  // Effects in the store are acknowledged with it: exactly once.
  for (const name of ['one', 'two']) assert.equal(new Set(received.get(name)).size, received.get(name)?.length, `${name} has nothing twice`);
  world.sns.destroy();
  world.sqs.destroy();
});
