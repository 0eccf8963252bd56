// Large objects pass through without staying in memory, and a multipart upload is completed without copying a byte. Small sizes unless
// `HANEUL_LARGE=1` asks for objects of 5 GiB, S3's largest single upload; that takes 10 GiB of disk and some minutes.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CompleteMultipartUploadCommand, CreateBucketCommand, CreateMultipartUploadCommand, DeleteObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { sdkConfig } from '../support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../support/serverProcess.ts';

const isLarge = process.env['HANEUL_LARGE'] === '1';
const mib = 1024 ** 2;
const wholeBytes = isLarge ? 5 * 1024 * mib : 96 * mib;
const partBytes = (isLarge ? 900 : 16) * mib;
/** What the server may grow by: buffers of a few streams, and a heap that is collected late. */
const growthBytesMax = 220 * mib;

const dataFolder = mkdtempSync(join(tmpdir(), 'haneul-large-'));
const Bucket = 'large';
const piece = Buffer.alloc(mib, 'haneul ');
let server: ServerProcess;
let s3: S3Client;
before(async () => {
  server = await startServerProcess({ dataFolder });
  s3 = new S3Client({ ...sdkConfig(server.endpoint), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket }));
});
after(async () => {
  s3.destroy();
  await server.stop();
  rmSync(dataFolder, { recursive: true, force: true });
});

/** The files of bodies: how many, and how much the disk holds of them. */
function blobsOnDisk(): { readonly files: number; readonly bytes: number } {
  const files = readdirSync(join(dataFolder, 'blobs'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return { files: files.length, bytes: files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).blocks * 512, 0) };
}

/** The most that the server's memory came to while `work` ran. */
async function peakMemory(work: Promise<unknown>): Promise<number> {
  let peak = server.memoryBytes();
  const watching = setInterval(() => (peak = Math.max(peak, server.memoryBytes())), 50);
  try {
    await work;
  } finally {
    clearInterval(watching);
  }
  return peak;
}

function send(method: string, path: string, bytes: number): Promise<{ readonly status: number | undefined; readonly etag: string; readonly bytes: number }> {
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const authorization = `AWS4-HMAC-SHA256 Credential=test/${date.slice(0, 8)}/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;
  return new Promise((resolve, reject) => {
    const headers = { authorization, 'x-amz-date': date, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'content-length': bytes };
    const sent = request(`${server.endpoint}/${Bucket}/${path}`, { method, headers }, (answer) => {
      let received = 0;
      answer.on('data', (chunk: Buffer) => (received += chunk.length)).on('end', () => resolve({ status: answer.statusCode, etag: String(answer.headers.etag), bytes: received })).on('error', reject);
    });
    sent.on('error', reject);
    let left = bytes;
    const write = (): void => {
      while (left > 0) {
        const chunk = left >= piece.length ? piece : piece.subarray(0, left);
        left -= chunk.length;
        if (!sent.write(chunk)) {
          sent.once('drain', write);
          return;
        }
      }
      sent.end();
    };
    write();
  });
}

test('putObject and getObject keep memory flat, whatever the size', { timeout: 1_800_000 }, async (t) => {
  await send('PUT', 'warm-up', 8 * mib);
  const before = server.memoryBytes();
  const putting = send('PUT', 'whole', wholeBytes);
  const putPeak = await peakMemory(putting);
  assert.equal((await putting).status, 200);
  const getting = send('GET', 'whole', 0);
  const getPeak = await peakMemory(getting);
  assert.equal((await getting).bytes, wholeBytes);
  t.diagnostic(`${wholeBytes / mib} MiB; resident MiB: ${Math.round(before / mib)} before, ${Math.round(putPeak / mib)} while putting, ${Math.round(getPeak / mib)} while getting`);
  for (const peak of [putPeak, getPeak]) assert.ok(peak - before < growthBytesMax, `memory grew by ${Math.round((peak - before) / mib)} MiB`);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'whole' }));
});

test('completeMultipartUpload copies nothing: the parts are the object', { timeout: 1_800_000 }, async (t) => {
  const { UploadId = '' } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
  const Parts: { PartNumber: number; ETag: string }[] = [];
  for (let PartNumber = 1; PartNumber <= 6; PartNumber += 1) {
    const { status, etag } = await send('PUT', `parts?partNumber=${PartNumber}&uploadId=${UploadId}`, partBytes);
    assert.equal(status, 200);
    Parts.push({ PartNumber, ETag: etag });
  }
  const [before, onDisk] = [server.memoryBytes(), blobsOnDisk()];
  const startedMs = performance.now();
  const peak = await peakMemory(s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'parts', UploadId, MultipartUpload: { Parts } })));
  const tookMs = Math.round(performance.now() - startedMs);
  assert.deepEqual(blobsOnDisk(), onDisk);
  t.diagnostic(`completing ${(partBytes * 6) / mib} MiB took ${tookMs} ms; resident MiB: ${Math.round(before / mib)} before, ${Math.round(peak / mib)} at most`);
  assert.ok(peak - before < growthBytesMax);
  assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key: 'parts' }))).ContentLength, partBytes * 6);
  assert.equal((await send('GET', 'parts', 0)).bytes, partBytes * 6);
});
