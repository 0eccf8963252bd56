// Functions are invoked by events and by a queue while the server is killed, again and again. Whatever was accepted runs: each event is told to
// its function's destination, whether it succeeds or fails, and each message has been seen by its function. `HANEUL_KILLS=50` for a long run.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AttachRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateEventSourceMappingCommand, InvokeCommand, LambdaClient, PutFunctionEventInvokeConfigCommand } from '@aws-sdk/client-lambda';
import { CreateQueueCommand, DeleteMessageBatchCommand, ReceiveMessageCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createSeededRandom } from '../../src/base/random.ts';
import { createExecutionRole, createFunction } from '../support/functions.ts';
import { sdkClients, sdkConfig } from '../support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../support/serverProcess.ts';

const rounds = Number(process.env['HANEUL_KILLS'] ?? 2);
const seed = Number(process.env['HANEUL_SEED'] ?? randomInt(2 ** 31));
const random = createSeededRandom(seed);
const account = '000000000000';
const queueArn = (name: string): string => `arn:aws:sqs:us-east-1:${account}:${name}`;

// A third of the events fail, and are told as failures; the rest are told with their answer.
const ofEvents = 'exports.handler = async ({ number }) => { if (number % 3 === 0) throw new Error("no"); return number; };';
// Says in a queue what it has seen, before it has done with it. Whatever key it signs with, it is its role.
const ofMessages = `
const authorization = 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host;x-amz-date, Signature=' + '0'.repeat(64);
exports.handler = async ({ Records }) => {
  const headers = { authorization, 'x-amz-target': 'AmazonSQS.SendMessage', 'content-type': 'application/x-amz-json-1.0', 'x-amz-date': new Date().toISOString().replace(/[-:]|\\.\\d{3}/g, '') };
  const input = { QueueUrl: 'http://localhost/${account}/seen', MessageBody: JSON.stringify(Records.map(({ body }) => Number(body))) };
  const answer = await fetch(process.env.AWS_ENDPOINT_URL, { method: 'POST', headers, body: JSON.stringify(input) });
  if (!answer.ok) throw new Error(await answer.text());
};`;

let folder = '';
let server: ServerProcess | undefined;
after(async () => {
  await server?.kill();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

interface Clients {
  readonly lambda: LambdaClient;
  readonly sqs: SQSClient;
}

async function start(): Promise<Clients> {
  server = await startServerProcess({ dataFolder: folder });
  // A request that the kill has cut off is not repeated: its answer is what counts.
  const config = { ...sdkConfig(server.endpoint), maxAttempts: 1 };
  return { lambda: new LambdaClient(config), sqs: new SQSClient(config) };
}

const queueUrl = (name: string): string => `${server?.endpoint}/${account}/${name}`;

async function setUp(): Promise<void> {
  const clients = sdkClients(server?.endpoint ?? '');
  const Role = await createExecutionRole(clients);
  const RoleName = Role.slice(Role.lastIndexOf('/') + 1);
  await clients.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole' }));
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' }] });
  await clients.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'tell', PolicyDocument }));
  for (const QueueName of ['ends', 'seen', 'dead']) await clients.sqs.send(new CreateQueueCommand({ QueueName }));
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queueArn('dead'), maxReceiveCount: 100 });
  await clients.sqs.send(new CreateQueueCommand({ QueueName: 'work', Attributes: { VisibilityTimeout: '10', RedrivePolicy } }));
  await createFunction(clients.lambda, { Role, FunctionName: 'of-events', Timeout: 60, files: { 'index.js': ofEvents } });
  const Destination = queueArn('ends');
  const DestinationConfig = { OnSuccess: { Destination }, OnFailure: { Destination } };
  await clients.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: 'of-events', MaximumRetryAttempts: 0, DestinationConfig }));
  await createFunction(clients.lambda, { Role, FunctionName: 'of-messages', files: { 'index.js': ofMessages }, Timeout: 10 });
  await clients.lambda.send(new CreateEventSourceMappingCommand({ FunctionName: 'of-messages', EventSourceArn: queueArn('work'), BatchSize: 5 }));
  clients.destroy();
}

const accepted = new Set<number>();
/** What came of each event, as its destination was told: more than once is allowed, another end is not. */
const told = new Map<number, Set<string>>();
const sent = new Set<number>();
const seen = new Set<number>();
let numbers = 0;

async function invokeOne({ lambda }: Clients): Promise<void> {
  const number = (numbers += 1);
  await lambda.send(new InvokeCommand({ FunctionName: 'of-events', InvocationType: 'Event', Payload: JSON.stringify({ number, filler: 'x'.repeat(Math.floor(random.fraction() * 20_000)) }) }));
  accepted.add(number);
}

async function sendSome({ sqs }: Clients): Promise<void> {
  const some = Array.from({ length: 5 }, () => (numbers += 1));
  await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl('work'), Entries: some.map((number) => ({ Id: `${number}`, MessageBody: `${number}` })) }));
  for (const number of some) sent.add(number);
}

const drainEnds = (clients: Clients): Promise<void> =>
  drain(clients, 'ends', (body) => {
    const { requestPayload, requestContext } = JSON.parse(body) as { requestPayload: { number: number }; requestContext: { condition: string } };
    told.set(requestPayload.number, (told.get(requestPayload.number) ?? new Set()).add(requestContext.condition));
  });

const drainSeen = (clients: Clients): Promise<void> =>
  drain(clients, 'seen', (body) => {
    for (const number of JSON.parse(body) as number[]) seen.add(number);
  });

async function drain({ sqs }: Clients, name: string, note: (body: string) => void): Promise<void> {
  const QueueUrl = queueUrl(name);
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }));
  for (const { Body = '' } of Messages) note(Body);
  if (Messages.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: Messages.map(({ ReceiptHandle }, at) => ({ Id: `${at}`, ReceiptHandle })) }));
}

/** Goes on until it is told to end or the server does not answer any more. */
async function repeat(ended: () => boolean, step: () => Promise<void>): Promise<void> {
  while (!ended()) {
    try {
      await step();
    } catch {
      return;
    }
  }
}

test(`asynchronous invocations and messages of a mapping are not lost over ${rounds} kills (HANEUL_SEED=${seed})`, { timeout: 90_000 + rounds * 20_000 }, async () => {
  folder = mkdtempSync(join(tmpdir(), 'haneul-invocations-kill-'));
  let clients = await start();
  await setUp();
  for (let round = 0; round < rounds; round += 1) {
    const before = accepted.size;
    let ended = false;
    const isEnded = (): boolean => ended;
    const work = [...Array.from({ length: 4 }, () => repeat(isEnded, () => invokeOne(clients))), repeat(isEnded, () => sendSome(clients)), repeat(isEnded, () => drainEnds(clients)), repeat(isEnded, () => drainSeen(clients))];
    await new Promise((resolve) => setTimeout(resolve, 100 + random.fraction() * 700));
    // Not before something has been accepted in this round.
    while (accepted.size < before + 20) await new Promise((resolve) => setTimeout(resolve, 20));
    await server?.kill();
    ended = true;
    await Promise.all(work);
    clients.lambda.destroy();
    clients.sqs.destroy();
    clients = await start();
  }
  while ([...accepted].some((number) => !told.has(number))) await drainEnds(clients);
  while ([...sent].some((number) => !seen.has(number))) await drainSeen(clients);
  for (const [number, conditions] of told) assert.deepEqual([...conditions], [number % 3 === 0 ? 'RetriesExhausted' : 'Success'], `event ${number}`);
  const { Messages = [] } = await clients.sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl('dead') }));
  assert.deepEqual(Messages, [], 'no message was given up');
  clients.lambda.destroy();
  clients.sqs.destroy();
});
