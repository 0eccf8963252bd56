// How long after an upload its function starts: bucket, notification, outbox, a warm environment. The function says when it was started, in a
// record that its destination keeps. `npm run bench -- uploadToFunction [--quick]`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AddPermissionCommand, PutFunctionEventInvokeConfigCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createExecutionRole, createFunction } from '../test/support/functions.ts';
import { sdkClients, sdkConfig } from '../test/support/sdkClients.ts';
import { startServerProcess } from '../test/support/serverProcess.ts';
import { bySize } from './support/extent.ts';
import { report } from './support/report.ts';

const rounds = bySize({ quick: 30, usual: 300, long: 1_000 });
const source = 'exports.handler = async ({ Records: [{ s3 }] }) => ({ key: s3.object.key, startedMs: performance.timeOrigin + performance.now() });';
const folder = mkdtempSync(join(tmpdir(), 'haneul-bench-'));
const server = await startServerProcess({ dataFolder: join(folder, 'data') });
try {
  await measure();
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  const clients = sdkClients(server.endpoint);
  const s3 = new S3Client({ ...sdkConfig(server.endpoint), forcePathStyle: true });
  const sqs = new SQSClient(sdkConfig(server.endpoint));
  const started = 'arn:aws:sqs:us-east-1:000000000000:started';
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'started' }));
  const Role = await createExecutionRole(clients);
  const may = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: started }] };
  await clients.iam.send(new PutRolePolicyCommand({ RoleName: Role.slice(Role.lastIndexOf('/') + 1), PolicyName: 'tell', PolicyDocument: JSON.stringify(may) }));
  const FunctionName = await createFunction(clients.lambda, { Role, files: { 'index.js': source } });
  await clients.lambda.send(new AddPermissionCommand({ FunctionName, StatementId: 's3', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' }));
  await clients.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, DestinationConfig: { OnSuccess: { Destination: started } } }));
  await s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  const LambdaFunctionArn = `arn:aws:lambda:us-east-1:000000000000:function:${FunctionName}`;
  const NotificationConfiguration = { LambdaFunctionConfigurations: [{ LambdaFunctionArn, Events: ['s3:ObjectCreated:*' as const] }] };
  await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: 'photos', NotificationConfiguration }));
  const [whole, after]: [number[], number[]] = [[], []];
  for (let round = -20; round < rounds; round += 1) {
    const beganMs = performance.timeOrigin + performance.now();
    await s3.send(new PutObjectCommand({ Bucket: 'photos', Key: `raw/${round}.jpg`, Body: 'x'.repeat(10_000) }));
    const storedMs = performance.timeOrigin + performance.now();
    const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
    const { responsePayload } = JSON.parse(message?.Body ?? '{}') as { responsePayload?: { startedMs: number } };
    if (responsePayload === undefined) throw new Error(`the function failed: ${message?.Body ?? 'nothing came'}`);
    if (round < 0) continue;
    whole.push(responsePayload.startedMs - beganMs);
    after.push(responsePayload.startedMs - storedMs);
  }
  for (const client of [clients, s3, sqs]) client.destroy();
  const at = (values: number[], share: number): string => ([...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0).toFixed(1);
  const row = (name: string, values: number[]) => ({ 'milliseconds until the function runs': name, p50: at(values, 0.5), p90: at(values, 0.9), p99: at(values, 0.99) });
  report('uploadToFunction', [row('from the start of the upload', whole), row('from the answer to the upload', after)], [
    `${rounds} uploads of 10,000 bytes one after the other, JavaScript SDK, a warm function in Node.js; the target is a p50 of 15 ms`,
  ]);
}
