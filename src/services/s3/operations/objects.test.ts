import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { createTestS3, type TestS3 } from '../testing/testS3.ts';

const bucket = 'my-bucket';

async function withBucket(): Promise<TestS3> {
  const s3 = createTestS3();
  await s3.run('CreateBucket', { Bucket: bucket });
  return s3;
}

async function readBody(body: unknown): Promise<string> {
  return body instanceof Uint8Array ? Buffer.from(body).toString() : (await buffer(body as Readable)).toString();
}

test('createBucket is refused to others, and repeated to its owner in us-east-1', async () => {
  const s3 = await withBucket();
  await s3.run('CreateBucket', { Bucket: bucket });
  await assert.rejects(s3.run('CreateBucket', { Bucket: 'No' }), { code: 'InvalidBucketName' });
  const { Buckets } = await s3.run('ListBuckets', {});
  assert.deepEqual(Buckets?.map(({ Name }) => Name), [bucket]);
  assert.equal((await s3.run('HeadBucket', { Bucket: bucket })).BucketRegion, 'us-east-1');
  assert.deepEqual(await s3.run('GetBucketLocation', { Bucket: bucket }), {});
});

test('putObject keeps small bodies in rows and large ones in blobs, and getObject reads both', async () => {
  const s3 = await withBucket();
  for (const size of [0, 1, 65_536, 65_537, 200_000]) {
    const body = Buffer.alloc(size, 'x');
    const { ETag } = await s3.run('PutObject', { Bucket: bucket, Key: `k${size}`, Body: body });
    assert.equal(ETag, `"${createHash('md5').update(body).digest('hex')}"`);
    const got = await s3.run('GetObject', { Bucket: bucket, Key: `k${size}` });
    assert.equal(await readBody(got.Body), body.toString());
    assert.equal((await s3.run('HeadObject', { Bucket: bucket, Key: `k${size}` })).ContentLength, size);
  }
});

test('putObject refuses keys that are too long', async () => {
  const s3 = await withBucket();
  await s3.run('PutObject', { Bucket: bucket, Key: 'ü'.repeat(512), Body: '' });
  await assert.rejects(s3.run('PutObject', { Bucket: bucket, Key: 'ü'.repeat(513), Body: '' }), { code: 'KeyTooLongError' });
});

test('deleteObject leaves no row and no blob behind', async () => {
  const s3 = await withBucket();
  await s3.run('PutObject', { Bucket: bucket, Key: 'a', Body: Buffer.alloc(100_000) });
  await s3.run('PutObject', { Bucket: bucket, Key: 'a', Body: Buffer.alloc(100_001) });
  await s3.run('CopyObject', { Bucket: bucket, Key: 'b', CopySource: `${bucket}/a` });
  assert.equal(await s3.countBlobs(), 2);
  await s3.run('DeleteObject', { Bucket: bucket, Key: 'a' });
  assert.equal(await readBody((await s3.run('GetObject', { Bucket: bucket, Key: 'b' })).Body), Buffer.alloc(100_001).toString());
  await s3.run('DeleteObjects', { Bucket: bucket, Delete: { Objects: [{ Key: 'b' }] } }, { 'content-md5': 'x' });
  assert.equal((await s3.run('ListObjects', { Bucket: bucket })).Contents?.length, 0);
  await s3.run('DeleteBucket', { Bucket: bucket });
  assert.equal(await s3.countBlobs(), 0);
});

test('listObjectsV2 leaps over what it folds', async () => {
  const s3 = await withBucket();
  for (let index = 0; index < 300; index += 1) await s3.run('PutObject', { Bucket: bucket, Key: `many/${index}`, Body: '' });
  for (const Key of ['a', 'many0', 'z/1']) await s3.run('PutObject', { Bucket: bucket, Key, Body: '' });
  const { Contents, CommonPrefixes } = await s3.run('ListObjectsV2', { Bucket: bucket, Delimiter: '/' });
  assert.deepEqual([Contents?.map(({ Key }) => Key), CommonPrefixes], [['a', 'many0'], [{ Prefix: 'many/' }, { Prefix: 'z/' }]]);
});
