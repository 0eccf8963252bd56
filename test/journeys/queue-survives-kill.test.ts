// Producers and consumers work on a standard and a FIFO queue while the server is killed, again and again. No message whose sending was
// acknowledged is lost, none comes back whose deletion was acknowledged, and no group of the FIFO queue changes its order.
// `HANEUL_KILLS=50` for a long run.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { createSeededRandom } from '../../src/base/random.ts';
import { sdkConfig } from '../support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../support/serverProcess.ts';

const rounds = Number(process.env['HANEUL_KILLS'] ?? 3);
const seed = Number(process.env['HANEUL_SEED'] ?? randomInt(2 ** 31));
const random = createSeededRandom(seed);
const groups = ['a', 'b', 'c'];

/** What the server has told us about one queue's messages, by body. */
interface Book {
  readonly sent: Set<string>;
  readonly received: Set<string>;
  readonly deletionAsked: Set<string>;
  readonly deleted: Set<string>;
}

const newBook = (): Book => ({ sent: new Set(), received: new Set(), deletionAsked: new Set(), deleted: new Set() });
const standard = newBook();
const fifo = newBook();
/** The next number of each group; one that was not acknowledged is sent again under the same deduplication id. */
const nextOf = new Map(groups.map((group) => [group, 0]));
const problems: string[] = [];

let folder = '';
let server: ServerProcess | undefined;
after(async () => {
  await server?.kill();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

test(`queues lose nothing and keep their order over ${rounds} kills (HANEUL_SEED=${seed})`, { timeout: 60_000 + rounds * 20_000 }, async () => {
  folder = mkdtempSync(join(tmpdir(), 'haneul-queue-kill-'));
  for (let round = 0; round < rounds; round += 1) {
    const work = await startWorking();
    await new Promise((resolve) => setTimeout(resolve, 100 + random.fraction() * 700));
    // Not before something has been said in this round.
    while (work.answered() < 20) await new Promise((resolve) => setTimeout(resolve, 20));
    await server?.kill();
    await work.end();
    assert.deepEqual(problems, []);
  }
  await drain();
  assert.deepEqual(problems, []);
  for (const book of [standard, fifo]) {
    assert.ok(book.sent.size > 0);
    assert.deepEqual([...book.sent].filter((body) => !book.received.has(body)), [], 'acknowledged, and never received');
  }
});

interface Queues {
  readonly client: SQSClient;
  readonly standardUrl: string;
  readonly fifoUrl: string;
}

async function openQueues(): Promise<Queues> {
  server = await startServerProcess({ dataFolder: folder });
  const client = new SQSClient(sdkConfig(server.endpoint));
  const make = async (QueueName: string, Attributes: Record<string, string>): Promise<string> => (await client.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? '';
  return { client, standardUrl: await make('work', { VisibilityTimeout: '1' }), fifoUrl: await make('work.fifo', { FifoQueue: 'true', VisibilityTimeout: '1' }) };
}

async function startWorking(): Promise<{ answered(): number; end(): Promise<void> }> {
  const queues = await openQueues();
  let answered = 0;
  let ended = false;
  // Each goes on until the server does not answer any more.
  const worker = async (step: () => Promise<void>): Promise<void> => {
    while (!ended) {
      try {
        await step();
        answered += 1;
      } catch (error) {
        if (error instanceof assert.AssertionError) problems.push(error.message);
        ended = true;
      }
    }
  };
  const workers = [
    worker(() => sendOne(queues)),
    worker(() => sendBatch(queues)),
    ...groups.map((group) => worker(() => sendToGroup(queues, group))),
    ...Array.from({ length: 3 }, () => worker(() => consumeStandard(queues))),
    ...Array.from({ length: 2 }, () => worker(() => consumeFifo(queues))),
  ];
  return {
    answered: () => answered,
    async end() {
      ended = true;
      await Promise.all(workers);
      queues.client.destroy();
    },
  };
}

let counter = 0;

async function sendOne({ client, standardUrl }: Queues): Promise<void> {
  const body = `one ${(counter += 1)}`;
  await client.send(new SendMessageCommand({ QueueUrl: standardUrl, MessageBody: body }));
  standard.sent.add(body);
}

async function sendBatch({ client, standardUrl }: Queues): Promise<void> {
  const bodies = Array.from({ length: 5 }, () => `batch ${(counter += 1)} ${'x'.repeat(Math.floor(random.fraction() * 20_000))}`);
  await client.send(new SendMessageBatchCommand({ QueueUrl: standardUrl, Entries: bodies.map((MessageBody, at) => ({ Id: `${at}`, MessageBody })) }));
  for (const body of bodies) standard.sent.add(body);
}

async function sendToGroup({ client, fifoUrl }: Queues, group: string): Promise<void> {
  const number = nextOf.get(group) ?? 0;
  const body = `${group} ${number}`;
  await client.send(new SendMessageCommand({ QueueUrl: fifoUrl, MessageBody: body, MessageGroupId: group, MessageDeduplicationId: `${group}-${number}` }));
  fifo.sent.add(body);
  nextOf.set(group, number + 1);
}

function noteReceived(book: Book, messages: readonly Message[]): void {
  for (const { Body: body = '' } of messages) {
    book.received.add(body);
    if (book.deleted.has(body)) problems.push(`received after its deletion was acknowledged: ${body.slice(0, 40)}`);
  }
}

async function consumeStandard({ client, standardUrl }: Queues, WaitTimeSeconds = 1): Promise<void> {
  const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: standardUrl, MaxNumberOfMessages: 10, WaitTimeSeconds }));
  noteReceived(standard, Messages);
  if (Messages.length === 0) return;
  const { Successful = [] } = await client.send(
    new DeleteMessageBatchCommand({ QueueUrl: standardUrl, Entries: Messages.map(({ ReceiptHandle }, at) => ({ Id: `${at}`, ReceiptHandle })) }),
  );
  for (const { Id } of Successful) standard.deleted.add(Messages[Number(Id)]?.Body ?? '');
}

async function consumeFifo({ client, fifoUrl }: Queues, WaitTimeSeconds = 1): Promise<void> {
  const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: fifoUrl, MaxNumberOfMessages: 10, WaitTimeSeconds }));
  noteReceived(fifo, Messages);
  checkOrder(Messages);
  for (const { Body: body = '', ReceiptHandle } of Messages) {
    fifo.deletionAsked.add(body);
    try {
      await client.send(new DeleteMessageCommand({ QueueUrl: fifoUrl, ReceiptHandle }));
      fifo.deleted.add(body);
    } catch (error) {
      // On a slow machine a second may be over before the message is done; it comes again, before those behind it.
      if (!(error instanceof Error) || !/The receipt handle has expired/.test(error.message)) throw error;
      fifo.deletionAsked.delete(body);
      return;
    }
  }
}

// Before a message of a group everything ahead of it was given out, and asked to be deleted.
function checkOrder(messages: readonly Message[]): void {
  const reached = new Map<string, number>();
  for (const { Body: body = '' } of messages) {
    const [group = '', text = ''] = body.split(' ');
    const number = Number(text);
    const previous = reached.get(group);
    if (previous !== undefined) {
      if (number !== previous + 1) problems.push(`${group} ${previous} is followed by ${body} in one answer`);
    } else {
      for (let ahead = 0; ahead < number; ahead += 1) {
        if (!fifo.deletionAsked.has(`${group} ${ahead}`)) problems.push(`${body} was received before ${group} ${ahead} was dealt with`);
      }
    }
    reached.set(group, number);
  }
}

async function drain(): Promise<void> {
  const queues = await openQueues();
  const missing = (book: Book): boolean => [...book.sent].some((body) => !book.received.has(body));
  while (missing(standard) && problems.length === 0) await consumeStandard(queues, 2);
  while (missing(fifo) && problems.length === 0) await consumeFifo(queues, 2);
  queues.client.destroy();
}
