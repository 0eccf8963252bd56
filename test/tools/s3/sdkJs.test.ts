// The walk through S3 with the AWS SDK for JavaScript v3 and its lib-storage.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, before } from 'node:test';
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateBucketCommand, CreateMultipartUploadCommand, DeleteBucketCommand, DeleteObjectsCommand,
  GetObjectCommand, HeadObjectCommand, ListBucketsCommand, ListObjectsV2Command, paginateListObjectsV2, PutObjectCommand, UploadPartCopyCommand, type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { createS3Walk, type S3WalkStep } from '../../support/clientWalk.ts';
import { sdkClients, type SdkClients } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { startTestServer, type TestServer } from '../../support/testServer.ts';
import { expectations } from './programWalk.ts';
import { fetchText } from './toolWalk.ts';
import { bigFile, oddKeys, pageKeys, text } from './walkFolder.ts';

const walk = createS3Walk('AWS SDK for JavaScript v3');
const Bucket = 'walk';
const partBytes = 5 * 2 ** 20;
let server: TestServer;
let aws: SdkClients;
before(async () => {
  server = await startTestServer();
  aws = sdkClients(server.endpoint);
});
after(async () => {
  aws?.destroy();
  await server?.stop();
});

const s3 = (): S3Client => aws.s3;
const seen = (name: S3WalkStep, run: () => Promise<unknown>): void =>
  walk.step(name, async () => (expectations[name] ?? assert.fail(`nothing is expected of: ${name}`))(await run()));
const put = (Key: string, Body: string) => s3().send(new PutObjectCommand({ Bucket, Key, Body }));
const read = async (Key: string): Promise<string | undefined> => (await s3().send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
const buckets = async () => (await s3().send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name) ?? [];
const sizeAndTag = async (Key: string) => {
  const { ContentLength, ETag } = await s3().send(new HeadObjectCommand({ Bucket, Key }));
  return [ContentLength, ETag];
};
async function keysUnder(Prefix: string, pageSize = 1000): Promise<string[]> {
  const keys: string[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3(), pageSize }, { Bucket, Prefix })) keys.push(...Contents.map(({ Key = '' }) => Key));
  return keys;
}
const deleteAll = async (keys: readonly string[]): Promise<void> => void (await s3().send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } })));

seen('make a bucket', async () => {
  await s3().send(new CreateBucketCommand({ Bucket }));
  return buckets();
});
seen('put and get', async () => {
  await s3().send(new PutObjectCommand({ Bucket, Key: 'text', Body: text, ContentType: 'text/plain; charset=utf-8', Metadata: { city: 'seoul' } }));
  return read('text');
});
seen('metadata and type of an object', async () => {
  const { ContentType, Metadata, ContentLength } = await s3().send(new HeadObjectCommand({ Bucket, Key: 'text' }));
  return [ContentType, Metadata?.['city'], ContentLength];
});
seen('keys of every kind', async () => {
  for (const key of oddKeys) await put(key, key);
  return { listed: await keysUnder('odd/'), bodies: await Promise.all(oddKeys.map(read)) };
});
seen('list, folded', async () => {
  for (const key of ['fold/a/1', 'fold/a/2', 'fold/b/1', 'fold/c']) await put(key, 'x');
  const { CommonPrefixes, Contents } = await s3().send(new ListObjectsV2Command({ Bucket, Prefix: 'fold/', Delimiter: '/' }));
  return { prefixes: CommonPrefixes?.map(({ Prefix }) => Prefix), keys: Contents?.map(({ Key }) => Key) };
});
seen('list, page by page', async () => {
  for (const key of pageKeys) await put(key, 'x');
  return keysUnder('pages/', 7);
});
seen('upload in parts', async () => {
  // A stream of unknown length, as lib-storage is for.
  await new Upload({ client: s3(), partSize: partBytes, queueSize: 3, params: { Bucket, Key: 'big', Body: Readable.from(pieces()) } }).done();
  return sizeAndTag('big');
});
seen('download in parts', async () => {
  const ranges = [0, 1, 2].map((at) => `bytes=${at * partBytes}-${(at + 1) * partBytes - 1}`);
  const parts = await Promise.all(ranges.map(async (Range) => (await s3().send(new GetObjectCommand({ Bucket, Key: 'big', Range }))).Body?.transformToByteArray()));
  return createHash('md5').update(Buffer.concat(parts.map((part) => part ?? new Uint8Array()))).digest('hex');
});
seen('copy', async () => {
  await s3().send(new CopyObjectCommand({ Bucket, Key: 'copied', CopySource: `${Bucket}/${encodeURIComponent(oddKeys[0] ?? '')}` }));
  return read('copied');
});
seen('copy in parts', async () => {
  const upload = { Bucket, Key: 'big copy' };
  const { UploadId } = await s3().send(new CreateMultipartUploadCommand(upload));
  const copies = ['0-5242879', '5242880-10485759', `10485760-${bigFile.length - 1}`].map(async (range, at) => {
    const part = { UploadId, PartNumber: at + 1, CopySource: `${Bucket}/big`, CopySourceRange: `bytes=${range}` };
    const { CopyPartResult } = await s3().send(new UploadPartCopyCommand({ ...upload, ...part }));
    return { PartNumber: part.PartNumber, ETag: CopyPartResult?.ETag };
  });
  await s3().send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts: await Promise.all(copies) } }));
  return sizeAndTag('big copy');
});
walk.absent('sync there and back');
seen('presigned download', async () => fetchText(await getSignedUrl(s3(), new GetObjectCommand({ Bucket, Key: oddKeys[0] }), { expiresIn: 60 })));
seen('presigned upload', async () => {
  await fetchText(await getSignedUrl(s3(), new PutObjectCommand({ Bucket, Key: 'by url' }), { expiresIn: 60 }), { method: 'PUT', body: text });
  return read('by url');
});
walk.absent('presigned download, signature version 2');
walk.step('put if there is none', async () => {
  const once = (Body: string) => s3().send(new PutObjectCommand({ Bucket, Key: 'once', Body, IfNoneMatch: '*' }));
  await once('first');
  await expectRefusal(once('second'), { name: 'PreconditionFailed', status: 412 });
  assert.equal(await read('once'), 'first');
});
seen('delete many', async () => {
  await deleteAll([...(await keysUnder('pages/')), ...(await keysUnder('odd/'))]);
  return (await keysUnder('pages/')).length + (await keysUnder('odd/')).length;
});
walk.step('error: no such key', async () => void (await expectRefusal(read('absent'), { name: 'NoSuchKey', status: 404, message: 'The specified key does not exist.' })));
walk.step('error: no such bucket', async () => {
  await expectRefusal(s3().send(new ListObjectsV2Command({ Bucket: 'walk-absent' })), { name: 'NoSuchBucket', status: 404, message: 'The specified bucket does not exist' });
});
walk.step('error: wrong digest', async () => {
  const wrong = { Bucket, Key: 'wrong', Body: 'x', ContentMD5: '1B2M2Y8AsgTpgAmY7PhCfg==' };
  await expectRefusal(s3().send(new PutObjectCommand(wrong)), { name: 'BadDigest', status: 400 });
});
seen('remove the bucket', async () => {
  await deleteAll(await keysUnder(''));
  await s3().send(new DeleteBucketCommand({ Bucket }));
  return buckets();
});

function* pieces(): Generator<Buffer> {
  for (let at = 0; at < bigFile.length; at += 100_000) yield bigFile.subarray(at, at + 100_000);
}
