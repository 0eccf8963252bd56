// Objects that S3 has acknowledged survive `kill -9` at any moment, as they were acknowledged; what was under way is there whole or not at
// all; and no body is left over that nothing refers to.

import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createSeededRandom } from '../../src/base/random.ts';
import { sdkConfig } from '../support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../support/serverProcess.ts';

const rounds = Number(process.env['HANEUL_KILLS'] ?? 4);
const seed = Number(process.env['HANEUL_SEED'] ?? randomInt(2 ** 31));
const random = createSeededRandom(seed);
const below = (limit: number): number => Math.floor(random.fraction() * limit);
const Bucket = 'kill-bucket';
const workers = 4;
const inlineBytes = 64 * 1024;

const dataFolder = mkdtempSync(join(tmpdir(), 'haneul-s3-kill-'));
let server: ServerProcess;
let s3: S3Client;
after(async () => {
  s3?.destroy();
  await server?.kill();
  rmSync(dataFolder, { recursive: true, force: true });
});

/** What a key holds, undefined for nothing. Each key belongs to one worker, so that one change of it is under way at a time. */
const acknowledged = new Map<string, Buffer | undefined>();
const underWay = new Map<string, Buffer | undefined>();

async function start(): Promise<void> {
  s3?.destroy();
  server = await startServerProcess({ dataFolder });
  s3 = new S3Client({ ...sdkConfig(server.endpoint), forcePathStyle: true });
}

function newBody(): Buffer {
  return Buffer.alloc(1 + below(random.fraction() < 0.5 ? 2_000 : 200_000), `${below(1_000_000)} `);
}

async function change(Key: string, worker: number): Promise<void> {
  const what = random.fraction();
  if (what < 0.2) {
    underWay.set(Key, undefined);
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    return;
  }
  if (what < 0.4) {
    const from = `${worker}/${below(6)}`;
    const body = from === Key ? undefined : acknowledged.get(from);
    if (!body) return;
    underWay.set(Key, body);
    await s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${from}` }));
    return;
  }
  const body = newBody();
  underWay.set(Key, body);
  if (what < 0.7) {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: body }));
    return;
  }
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: newBody() }));
  const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: body }));
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }));
}

/** Changes the keys of one worker until the server is gone. */
async function work(worker: number): Promise<void> {
  for (;;) {
    const Key = `${worker}/${below(6)}`;
    try {
      await change(Key, worker);
    } catch (error) {
      if ((error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode !== undefined) throw error;
      return;
    }
    if (underWay.has(Key)) acknowledged.set(Key, underWay.get(Key));
    underWay.delete(Key);
  }
}

async function verify(): Promise<void> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  const listed = new Set(Contents.map(({ Key }) => Key));
  for (const Key of new Set([...acknowledged.keys(), ...underWay.keys()])) {
    const { Body } = listed.has(Key) ? await s3.send(new GetObjectCommand({ Bucket, Key })) : { Body: undefined };
    const found = Body && Buffer.from(await Body.transformToByteArray());
    const possible = [acknowledged.get(Key), ...(underWay.has(Key) ? [underWay.get(Key)] : [])];
    assert.ok(possible.some((body) => digest(body) === digest(found)), `${Key} holds ${found?.length ?? 'nothing'}, not ${possible.map((body) => body?.length ?? 'nothing').join(' or ')}`);
    acknowledged.set(Key, found);
    underWay.delete(Key);
  }
}

const digest = (body: Buffer | undefined): string => (body ? createHash('sha256').update(body).digest('hex') : 'nothing');

test(`objects survive ${rounds} kills, and no body is left over (HANEUL_SEED=${seed})`, { timeout: rounds * 45_000 }, async () => {
  await start();
  await s3.send(new CreateBucketCommand({ Bucket }));
  for (let round = 0; round < rounds; round += 1) {
    const working = Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
    // The moment is drawn from what has been acknowledged, not from the clock alone: a slow machine is killed in the middle as well.
    const goal = acknowledged.size + below(10);
    while (acknowledged.size < Math.min(goal, workers * 6 - 4)) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, below(300)));
    await server.kill();
    await working;
    await start();
    await verify();
  }
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  for (const { Key, UploadId } of Uploads) await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  await server.stop();
  const files = readdirSync(join(dataFolder, 'blobs'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.equal(files.length, [...acknowledged.values()].filter((body) => body && body.length > inlineBytes).length);
});
