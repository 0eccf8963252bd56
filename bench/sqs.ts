// What a message costs at 64 connections, durable on disk: sending, receiving, deleting, for standard and FIFO queues, one at a time
// and ten at a time; against the JSON yardstick of the same run, and beside the syncs that the disk makes.
// `npm run bench -- sqs [--quick | --long]`.

import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { sdkConfig } from '../test/support/sdkClients.ts';
import { extent } from './support/extent.ts';
import { jsonRequest } from './support/loadHttp.ts';
import { measureLoad, type LoadBench } from './support/measureLoad.ts';

const body = 'x'.repeat(1_000);
const sqsRequest = (operation: string, input: object): Buffer => jsonRequest('sqs', `AmazonSQS.${operation}`, input, '1.0');

await measureLoad({
  title: 'sqs',
  connections: 64,
  yardstickBody: { body },
  setUp: async () => undefined,
  async measure(bench, _state, run) {
    for (const kind of ['standard', 'FIFO'] as const) await measureKind(bench, kind, run);
  },
  thingsPerRequest: (name) => (/ 10$/.test(name) ? 10 : 1),
  notes: () => [`bodies of ${body.length} bytes`],
});

async function measureKind({ server, load }: LoadBench, kind: 'standard' | 'FIFO', run: number): Promise<void> {
  const client = new SQSClient(sdkConfig(server.endpoint));
  const Attributes: Record<string, string> = kind === 'FIFO' ? { FifoQueue: 'true', FifoThroughputLimit: 'perMessageGroupId', DeduplicationScope: 'messageGroup' } : {};
  const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: `bench-${run}${kind === 'FIFO' ? '.fifo' : ''}`, Attributes }));
  client.destroy();
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
  const entries = (): object[] => Array.from({ length: 10 }, (_, entry) => ({ Id: `${entry}`, ...message() }));
  await load(`${kind}: send 10`, () => sqsRequest('SendMessageBatch', { QueueUrl, Entries: entries() }), { requests: extent.requests / 10 });
}
