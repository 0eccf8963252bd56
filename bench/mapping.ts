// How fast a queue is emptied by a function: batches of ten, received, invoked with and deleted, durable on disk.
// `npm run bench -- mapping [--quick | --long]`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttachRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateEventSourceMappingCommand, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createExecutionRole, createFunction } from '../test/support/functions.ts';
import { sdkClients, sdkConfig } from '../test/support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../test/support/serverProcess.ts';
import { bySize, extent } from './support/extent.ts';
import { processorMilliseconds } from './support/processorTime.ts';
import { median, report } from './support/report.ts';

const messages = bySize({ quick: 2_000, usual: 10_000, long: 50_000 });
const folder = mkdtempSync(join(tmpdir(), 'haneul-bench-'));
const server = await startServerProcess({ dataFolder: join(folder, 'data') });
try {
  await measure(server);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measure({ endpoint, pid }: ServerProcess): Promise<void> {
  const clients = sdkClients(endpoint);
  const sqs = new SQSClient(sdkConfig(endpoint));
  const Role = await createExecutionRole(clients);
  await clients.iam.send(new AttachRolePolicyCommand({ RoleName: Role.slice(Role.lastIndexOf('/') + 1), PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole' }));
  const FunctionName = await createFunction(clients.lambda, { Role, files: { 'index.js': 'exports.handler = async () => undefined;' } });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'work', Attributes: { VisibilityTimeout: '300' } }));
  const { UUID } = await clients.lambda.send(
    new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:work', BatchSize: 10, Enabled: false }),
  );
  const left = async (): Promise<number> => {
    const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] }));
    return Number(Attributes['ApproximateNumberOfMessages']) + Number(Attributes['ApproximateNumberOfMessagesNotVisible']);
  };
  const perSecond: number[] = [];
  const processor: number[] = [];
  for (let run = 0; run <= extent.runs; run += 1) {
    process.stderr.write(`haneul bench: run ${run} of ${extent.runs} …\n`);
    for (let at = 0; at < messages; at += 200) {
      const batch = (from: number) => Array.from({ length: 10 }, (_, index) => ({ Id: `${index}`, MessageBody: `message ${from + index} ${'x'.repeat(200)}` }));
      await Promise.all(Array.from({ length: 20 }, (_, index) => sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: batch(at + index * 10) }))));
    }
    await clients.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }));
    while ((await left()) === messages) await pause();
    const [startedMs, usedMs, first] = [performance.now(), processorMilliseconds(pid), await left()];
    while ((await left()) > 0) await pause();
    // The first run is for warming up.
    if (run > 0) perSecond.push((first * 1_000) / (performance.now() - startedMs));
    if (run > 0) processor.push(((processorMilliseconds(pid) - usedMs) * 1_000) / Math.max(1, first));
    await clients.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
  }
  clients.destroy();
  sqs.destroy();
  report('mapping', [{ path: 'queue to function, batches of 10', 'messages per s': Math.round(median(perSecond)), 'processor us': Math.round(median(processor)) }], [
    `median of ${extent.runs} runs of ${messages} messages; processor time of the server's process a message; the target is 2,000 a second`,
  ]);
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
