// Uploads that are not what they say they are, that end in the middle, or whose keys look like a way out of the data folder. What is
// refused leaves nothing behind: no object, no file.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AttachUserPolicyCommand, CreateAccessKeyCommand, CreateUserCommand } from '@aws-sdk/client-iam';
import {
  CompleteMultipartUploadCommand, CreateBucketCommand, CreateMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand, ListMultipartUploadsCommand,
  ListObjectsV2Command, ListPartsCommand, PutObjectCommand, UploadPartCommand,
} from '@aws-sdk/client-s3';
import { openIdle, requestHead, sendOne } from '../support/rawHttp.ts';
import { sdkClients, type SdkClients } from '../support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../support/serverProcess.ts';
import { expectRefusal } from '../support/serviceError.ts';

const Bucket = 'careful';
// Rows hold the small ones, files the others.
const bodies = { small: Buffer.from('a few bytes'), large: Buffer.alloc(300_000, 'abc') } as const;
const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('base64');
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let folder = '';
let server: ServerProcess | undefined;
let aws: SdkClients | undefined;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'haneul-s3-bad-'));
  await start();
  await clients().s3.send(new CreateBucketCommand({ Bucket }));
});
after(async () => {
  aws?.destroy();
  await server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  aws?.destroy();
  server = await startServerProcess({ dataFolder: folder });
  aws = sdkClients(server.endpoint);
}
const clients = (): SdkClients => aws ?? assert.fail('the server did not start');
const port = (): number => server?.port ?? assert.fail('the server did not start');
const head = (path: string, headers: Readonly<Record<string, string | number>>, method = 'PUT'): string =>
  requestHead(`${method} /${Bucket}${path}`, 's3', { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...headers });

/** Files that hold bodies, whole ones and those being written. */
function bodyFiles(): string[] {
  const blobs = join(folder, 'blobs');
  if (!existsSync(blobs)) return [];
  return (readdirSync(blobs, { recursive: true }) as string[]).filter((name) => statSync(join(blobs, name), { throwIfNoEntry: false })?.isFile() ?? false);
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let attempt = 0; !condition(); attempt += 1) {
    assert.ok(attempt < 600, `after a minute it is not so that ${what}`);
    await sleep(100);
  }
}

async function nothingIsThere(): Promise<void> {
  const { KeyCount } = await clients().s3.send(new ListObjectsV2Command({ Bucket }));
  assert.equal(KeyCount, 0);
  await until(() => bodyFiles().length === 0, 'no file is left');
}

const chunked = (trailer: string, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from(`\r\n0\r\n${trailer}\r\n\r\n`)]);

const wrongs: readonly { what: string; code: string; headers: Readonly<Record<string, string | number>>; trailer?: string }[] = [
  { what: 'Content-MD5 of something else', code: 'BadDigest', headers: { 'content-md5': md5(Buffer.from('else')) } },
  { what: 'Content-MD5 that is none', code: 'InvalidDigest', headers: { 'content-md5': 'nonsense' } },
  { what: 'CRC32 of something else', code: 'BadDigest', headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } },
  { what: 'SHA-256 checksum of something else', code: 'BadDigest', headers: { 'x-amz-checksum-sha256': Buffer.alloc(32).toString('base64') } },
  { what: 'checksum that is none', code: 'InvalidRequest', headers: { 'x-amz-checksum-crc32': 'nonsense' } },
  {
    what: 'trailing CRC32 of something else', code: 'BadDigest', trailer: 'x-amz-checksum-crc32:AAAAAA==',
    headers: { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'content-encoding': 'aws-chunked', 'x-amz-trailer': 'x-amz-checksum-crc32' },
  },
];

for (const { what, code, headers, trailer } of wrongs) {
  for (const [size, bytes] of Object.entries(bodies)) {
    test(`a ${size} upload with a ${what} is refused with ${code} and not stored`, async () => {
      const body = trailer === undefined ? bytes : chunked(trailer, bytes);
      const sizes = { 'content-length': body.length, ...(trailer === undefined ? {} : { 'x-amz-decoded-content-length': bytes.length }) };
      const answer = await sendOne(port(), Buffer.concat([Buffer.from(head('/wrong', { ...headers, ...sizes })), body]), { waitMs: 30_000 });
      assert.equal(answer.status, 400, answer.body);
      assert.match(answer.body, new RegExp(`<Code>${code}</Code>`));
      await nothingIsThere();
    });
  }
}

test('an upload that is not what was signed is refused and not stored', async () => {
  const { iam } = clients();
  await iam.send(new CreateUserCommand({ UserName: 'signer' }));
  await iam.send(new AttachUserPolicyCommand({ UserName: 'signer', PolicyArn: 'arn:aws:iam::aws:policy/AmazonS3FullAccess' }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'signer' }));
  const signer = sdkClients(server?.endpoint ?? '', { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' });
  // What stands in the header is what the SDK signs.
  const addHash = (next: (args: { request: unknown; input: object }) => Promise<never>) => (args: { request: unknown; input: object }) => {
    (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = sha256(Buffer.from('else'));
    return next(args);
  };
  signer.s3.middlewareStack.add(addHash as never, { step: 'build', name: 'another hash' });
  for (const Body of Object.values(bodies)) {
    await expectRefusal(signer.s3.send(new PutObjectCommand({ Bucket, Key: 'wrong', Body })), { name: 'XAmzContentSHA256Mismatch', status: 400 });
    await nothingIsThere();
  }
  signer.destroy();
});

/** Sends the beginning of a body and waits until some of it is on the disk. */
async function beginUpload(path: string): Promise<Socket> {
  const already = bodyFiles().length;
  const socket = await openIdle(port());
  socket.write(head(path, { 'content-length': 50_000_000 }));
  socket.write(Buffer.alloc(3_000_000, 'x'));
  await until(() => bodyFiles().length > already, 'the upload has begun');
  return socket;
}

test('an upload that its client abandons leaves nothing behind', async () => {
  (await beginUpload('/abandoned')).destroy();
  await nothingIsThere();
});

test('an upload that the server does not live to see ends with nothing left behind', async () => {
  const socket = await beginUpload('/killed');
  await server?.kill();
  socket.destroy();
  assert.ok(bodyFiles().length > 0);
  await start();
  await nothingIsThere();
});

test('an abandoned part is no part, and what is there can be completed', async () => {
  const { s3 } = clients();
  const { UploadId = '' } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
  const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber: 2, Body: bodies.large }));
  const before = bodyFiles().length;
  (await beginUpload(`/parts?partNumber=1&uploadId=${encodeURIComponent(UploadId)}`)).destroy();
  await until(() => bodyFiles().length === before, 'the abandoned part is gone');
  const wrong = new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber: 2, Body: bodies.small, ContentMD5: md5(bodies.large) });
  await expectRefusal(s3.send(wrong), { name: 'BadDigest', status: 400 });
  const { Parts = [] } = await s3.send(new ListPartsCommand({ Bucket, Key: 'parts', UploadId }));
  assert.deepEqual(Parts.map(({ PartNumber, Size }) => [PartNumber, Size]), [[2, bodies.large.length]]);
  const complete = (...numbers: number[]) =>
    s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'parts', UploadId, MultipartUpload: { Parts: numbers.map((PartNumber) => ({ PartNumber, ETag })) } }));
  await expectRefusal(complete(1, 2), { name: 'InvalidPart', status: 400 });
  await expectRefusal(complete(2, 1), { name: 'InvalidPartOrder', status: 400 });
  await complete(2);
  assert.deepEqual((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? [], []);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'parts' }));
  await nothingIsThere();
});

test('of many who write a key on the condition that it is not there, one does', async () => {
  const { s3 } = clients();
  const writes = Array.from({ length: 20 }, (_, at) => s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: `${at}`, IfNoneMatch: '*' })).then(() => at, (error: Error) => error.name));
  const results = await Promise.all(writes);
  const winners = results.filter((result) => typeof result === 'number');
  assert.equal(winners.length, 1, String(results));
  for (const result of results) if (typeof result === 'string') assert.match(result, /^(PreconditionFailed|ConditionalRequestConflict)$/);
  const { Body, ETag } = await s3.send(new GetObjectCommand({ Bucket, Key: 'once' }));
  assert.equal(await Body?.transformToString(), String(winners[0]));
  await expectRefusal(s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: 'x', IfMatch: '"00000000000000000000000000000000"' })), { name: 'PreconditionFailed', status: 412 });
  await s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: 'next', IfMatch: ETag }));
  await expectRefusal(s3.send(new PutObjectCommand({ Bucket, Key: 'none', Body: 'x', IfMatch: ETag })), { name: 'NoSuchKey', status: 404 });
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'once' }));
});

const oddPaths: readonly [path: string, key: string][] = [
  ['/a/../b', 'a/../b'],
  ['/a/./b', 'a/./b'],
  ['/a//b', 'a//b'],
  ['//etc/passwd', '/etc/passwd'],
  ['/%2E%2E/x%2F..', '../x/..'],
  ['/100%25+plus%20space', '100%+plus space'],
  ['/%EC%82%AC%EC%A7%84%20%ED%95%98%EB%8A%98.jpg', '사진 하늘.jpg'],
  ['/%F0%9F%98%80', '😀'],
  ['/trailing/', 'trailing/'],
];
for (const [path, Key] of oddPaths) {
  test(`the path ${path} is the key ${JSON.stringify(Key)}, to be read, listed and deleted as such`, async () => {
    const { s3 } = clients();
    const put = await sendOne(port(), Buffer.concat([Buffer.from(head(path, { 'content-length': bodies.large.length })), bodies.large]), { waitMs: 30_000 });
    assert.equal(put.status, 200, put.body);
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    assert.deepEqual(Contents.map((item) => item.Key), [Key]);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    assert.equal((await Body?.transformToByteArray())?.length, bodies.large.length);
    assert.equal((await sendOne(port(), head(path, {}, 'DELETE'))).status, 204);
    await nothingIsThere();
  });
}

test('a key that is too long or no text is refused', async () => {
  const put = async (path: string) => (await sendOne(port(), `${head(path, { 'content-length': 1 })}x`)).body;
  assert.match(await put(`/${'k'.repeat(1_025)}`), /<Code>KeyTooLongError<\/Code>/);
  assert.match(await put('/%FF%FE'), /<Code>(InvalidURI|InvalidArgument)<\/Code>/);
  assert.match(await put('/half%ZZ'), /<Code>(InvalidURI|InvalidArgument)<\/Code>/);
  await nothingIsThere();
});
