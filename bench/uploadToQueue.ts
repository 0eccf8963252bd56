// How long after an upload its message is in the hands of whoever waits at the queue: bucket, notification, outbox, queue, long poll.
// `npm run bench -- uploadToQueue [--quick]`.

import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { sdkConfig } from '../test/support/sdkClients.ts';
import { startServerProcess } from '../test/support/serverProcess.ts';
import { report } from './support/report.ts';

const rounds = process.argv.includes('--quick') ? 30 : 300;
const folder = mkdtempSync(join(tmpdir(), 'haneul-bench-'));
const server = await startServerProcess({ dataFolder: join(folder, 'data') });
try {
  await measure();
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  const s3 = new S3Client({ ...sdkConfig(server.endpoint), forcePathStyle: true });
  const sqs = new SQSClient(sdkConfig(server.endpoint));
  const arn = 'arn:aws:sqs:us-east-1:000000000000:uploads';
  const Policy = JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: arn }] });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'uploads', Attributes: { Policy } }));
  await s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  const NotificationConfiguration = { QueueConfigurations: [{ QueueArn: arn, Events: ['s3:ObjectCreated:*' as const] }] };
  await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: 'photos', NotificationConfiguration }));
  const receive = async (): Promise<number> => {
    for (;;) {
      const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
      const atMs = performance.now();
      if (!message) continue;
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
      if (message.Body?.includes('"Records"')) return atMs;
    }
  };
  const [whole, after]: [number[], number[]] = [[], []];
  for (let round = -10; round < rounds; round += 1) {
    const received = receive();
    // The poll should be waiting when the upload comes.
    await new Promise((resolve) => setTimeout(resolve, 5));
    const startedMs = performance.now();
    await s3.send(new PutObjectCommand({ Bucket: 'photos', Key: `raw/${round}.jpg`, Body: 'x'.repeat(10_000) }));
    const storedMs = performance.now();
    const atMs = await received;
    if (round < 0) continue;
    whole.push(atMs - startedMs);
    after.push(atMs - storedMs);
  }
  s3.destroy();
  sqs.destroy();
  const at = (values: number[], share: number): string => ([...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0).toFixed(1);
  process.stdout.write('\n');
  report('uploadToQueue', [
    { 'milliseconds until a waiting receiver has the message': 'from the start of the upload', p50: at(whole, 0.5), p90: at(whole, 0.9), p99: at(whole, 0.99) },
    { 'milliseconds until a waiting receiver has the message': 'from the answer to the upload', p50: at(after, 0.5), p90: at(after, 0.9), p99: at(after, 0.99) },
  ], [`${rounds} uploads one after the other, JavaScript SDK; the disk makes ${await syncRate()} syncs a second (target: p50 of 10 ms at 3,000)`]);
}

async function syncRate(): Promise<number> {
  const file = await open(join(folder, 'calibration'), 'w');
  const page = Buffer.alloc(4_096, 1);
  const startedAt = performance.now();
  let count = 0;
  while (performance.now() - startedAt < 500) {
    await file.write(page, 0, page.length, 0);
    await file.datasync();
    count += 1;
  }
  await file.close();
  return Math.round(count / ((performance.now() - startedAt) / 1_000));
}
