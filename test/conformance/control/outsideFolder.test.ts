// No request reaches a file outside of the data folder: whatever may name something is named like a way out of it.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { CreateFunctionCommand, GetFunctionCommand, PublishLayerVersionCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, CreateMultipartUploadCommand, GetObjectCommand, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { lambdaTrustPolicy } from '../../support/executionRole.ts';
import { sdkClients, sdkConfig, type SdkClients } from '../../support/sdkClients.ts';
import { startServerProcess } from '../../support/serverProcess.ts';
import { zipFiles } from '../../support/zipFolder.ts';

const canary = 'c4nary-outside-of-the-folder';
const waysOut = ['../outside.txt', '../../outside.txt', '..\\outside.txt', '/outside.txt', '....//outside.txt', '%2e%2e/outside.txt', '..%2foutside.txt', '%252e%252e%252foutside.txt', '..', 'a/../../../outside.txt', 'x\u0000/../../outside.txt', 'blobs/../../outside.txt', 'seal.key', '../seal.key'];

test('names that lead out of the data folder read nothing and write nothing there', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'haneul-outside-'));
  const dataFolder = join(parent, 'a', 'data');
  mkdirSync(join(parent, 'a'));
  for (const place of [parent, join(parent, 'a')]) writeFileSync(join(place, 'outside.txt'), canary);
  const before = outsideOf(parent, dataFolder);
  const server = await startServerProcess({ dataFolder });
  const aws = sdkClients(server.endpoint);
  const more: More = { secrets: new SecretsManagerClient(sdkConfig(server.endpoint)), ssm: new SSMClient(sdkConfig(server.endpoint)) };
  try {
    const secret = readFileSync(join(dataFolder, 'seal.key')).toString('latin1');
    const { Role } = await aws.iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: lambdaTrustPolicy }));
    const answers: string[] = [];
    await aws.s3.send(new CreateBucketCommand({ Bucket: 'bucket' }));
    for (const name of waysOut) answers.push(...(await nameEverything(Object.assign(aws, more), name, Role?.Arn ?? '')));
    for (const path of ['/', '/bucket/', '/_haneul/', '/_haneul/snapshot/', '/_haneul/code/', '/2015-03-31/functions/', '/2018-10-31/layers/', '/v2/repository/blobs/']) {
      // Raw, because every client tidies up paths.
      for (const name of waysOut.filter((each) => !each.includes('\u0000'))) answers.push(await rawGet(server.port, `${path}${name}`));
    }
    for (const answer of answers) assert.ok(!answer.includes(canary) && !answer.includes(secret), answer.slice(0, 500));
    assert.ok(answers.length > 200);
    assert.deepEqual(outsideOf(parent, dataFolder), before);
  } finally {
    for (const client of [aws, ...Object.values(more)]) (client as { destroy(): void }).destroy();
    await server.stop();
    rmSync(parent, { recursive: true, force: true });
  }
});

interface More {
  readonly secrets: SecretsManagerClient;
  readonly ssm: SSMClient;
}

/** Every file with its content, but those of the data folder. */
function outsideOf(parent: string, dataFolder: string): Record<string, string> {
  const names = (readdirSync(parent, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  return Object.fromEntries(names.filter((name) => !name.startsWith(dataFolder)).sort().map((name) => [name, readFileSync(name, 'utf8')]));
}

/** What is answered, or how it is refused: both are fine. */
async function nameEverything(aws: SdkClients & More, name: string, Role: string): Promise<string[]> {
  const place = { logGroupName: name, logStreamName: name };
  const code = (file: string) => zipFiles({ 'index.mjs': 'export const handler = async () => 1;', [file]: canary.replace('4', 'a') });
  const create = (FunctionName: string, ZipFile: Uint8Array) => aws.lambda.send(new CreateFunctionCommand({ FunctionName, Role, Runtime: 'nodejs22.x', Handler: `${name}.handler`, Code: { ZipFile } }));
  const steps: readonly (() => Promise<unknown>)[] = [
    () => aws.s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: name, Body: 'x' })),
    async () => await (await aws.s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: name }))).Body?.transformToString(),
    () => aws.s3.send(new CreateBucketCommand({ Bucket: name })),
    async () => {
      const { UploadId } = await aws.s3.send(new CreateMultipartUploadCommand({ Bucket: 'bucket', Key: name }));
      return await aws.s3.send(new UploadPartCommand({ Bucket: 'bucket', Key: name, UploadId: `${UploadId}/${name}`, PartNumber: 1, Body: 'x' }));
    },
    () => create(name, code('a.txt')),
    () => create(`f${Math.abs(hashOf(name))}`, code(name)),
    () => aws.lambda.send(new GetFunctionCommand({ FunctionName: name })),
    () => aws.lambda.send(new PublishLayerVersionCommand({ LayerName: name, Content: { ZipFile: code(name) } })),
    () => aws.lambda.send(new PublishLayerVersionCommand({ LayerName: `l${Math.abs(hashOf(name))}`, Content: { ZipFile: code(name) } })),
    () => aws.logs.send(new CreateLogGroupCommand(place)),
    () => aws.logs.send(new CreateLogStreamCommand(place)),
    () => aws.logs.send(new PutLogEventsCommand({ ...place, logEvents: [{ timestamp: Date.now(), message: 'x' }] })),
    () => aws.sqs.send(new CreateQueueCommand({ QueueName: name })),
    () => aws.sns.send(new CreateTopicCommand({ Name: name })),
    () => aws.secrets.send(new CreateSecretCommand({ Name: name, SecretString: 'x' })),
    () => aws.ssm.send(new PutParameterCommand({ Name: name, Value: 'x', Type: 'String' })),
  ];
  const answers: string[] = [];
  for (const step of steps) answers.push(await step().then((output) => JSON.stringify(output), (error: unknown) => String(error)));
  return answers;
}

const hashOf = (text: string): number => [...text].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) | 0, 7);

async function rawGet(port: number, path: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(`GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`, 'latin1'));
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part)).on('close', () => resolve(Buffer.concat(parts).toString('latin1'))).on('error', reject);
  });
}
