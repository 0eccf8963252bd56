// Objects: put, get, head, delete, list; ranges, conditions, checksums, metadata.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { suite, test } from 'node:test';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type ChecksumAlgorithm,
} from '@aws-sdk/client-s3';
import { uniqueName } from '../../support/functions.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const s3 = () => scene().aws.s3;

async function makeBucket(): Promise<string> {
  const Bucket = uniqueName('bucket').toLowerCase();
  await s3().send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}

async function read(Bucket: string, Key: string, more: object = {}): Promise<string> {
  const { Body } = await s3().send(new GetObjectCommand({ Bucket, Key, ...more }));
  return (await Body?.transformToString()) ?? '';
}

suite('buckets', () => {
  test('are created, listed, located, and deleted when they are empty', async () => {
    const Bucket = await makeBucket();
    const head = await s3().send(new HeadBucketCommand({ Bucket }));
    assert.equal(head.BucketRegion, 'us-east-1');
    assert.equal((await s3().send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint, undefined);
    const { Buckets, Owner } = await s3().send(new ListBucketsCommand({}));
    assert.ok(Buckets?.some(({ Name }) => Name === Bucket));
    assert.match(Owner?.ID ?? '', /^[0-9a-f]{64}$/);
    await s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }));
    await expectRefusal(s3().send(new DeleteBucketCommand({ Bucket })), { name: 'BucketNotEmpty', status: 409, message: 'The bucket you tried to delete is not empty' });
    await s3().send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    await s3().send(new DeleteBucketCommand({ Bucket }));
    await expectRefusal(s3().send(new ListObjectsV2Command({ Bucket })), { name: 'NoSuchBucket', status: 404, message: 'The specified bucket does not exist' });
    await expectRefusal(s3().send(new HeadBucketCommand({ Bucket })), { name: 'NotFound', status: 404 });
  });
  test('have names of the documented form', async () => {
    for (const Bucket of ['Upper-Case', 'a..b', '192.168.5.4', 'xn--a', 'ends-s3alias']) {
      await expectRefusal(s3().send(new CreateBucketCommand({ Bucket })), { name: 'InvalidBucketName', status: 400, message: 'The specified bucket is not valid.' });
    }
  });
  test('in other regions are made there', async () => {
    const Bucket = uniqueName('bucket').toLowerCase();
    await s3().send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }));
    assert.equal((await s3().send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint, 'eu-west-1');
    await expectRefusal(s3().send(new CreateBucketCommand({ Bucket })), { name: 'BucketAlreadyOwnedByYou', status: 409 });
  });
});

suite('objects', () => {
  test('come back as they were put, with everything that was said of them', async () => {
    const Bucket = await makeBucket();
    const put = await s3().send(
      new PutObjectCommand({ Bucket, Key: 'a b/ü+%.txt', Body: 'hello', ContentType: 'text/plain', CacheControl: 'no-cache', Metadata: { Colour: 'blue' }, Tagging: 'a=1&b=two%20words' }),
    );
    assert.equal(put.ETag, `"${createHash('md5').update('hello').digest('hex')}"`);
    const got = await s3().send(new GetObjectCommand({ Bucket, Key: 'a b/ü+%.txt' }));
    assert.equal(await got.Body?.transformToString(), 'hello');
    assert.deepEqual([got.ContentType, got.CacheControl, got.Metadata, got.TagCount, got.ContentLength], ['text/plain', 'no-cache', { colour: 'blue' }, 2, 5]);
    const head = await s3().send(new HeadObjectCommand({ Bucket, Key: 'a b/ü+%.txt' }));
    assert.deepEqual([head.ContentLength, head.ETag, head.ServerSideEncryption], [5, put.ETag, 'AES256']);
    await expectRefusal(s3().send(new GetObjectCommand({ Bucket, Key: 'absent' })), { name: 'NoSuchKey', status: 404, message: 'The specified key does not exist.' });
    await expectRefusal(s3().send(new HeadObjectCommand({ Bucket, Key: 'absent' })), { name: 'NotFound', status: 404 });
  });
  test('of no bytes and of many are the same as others', async () => {
    const Bucket = await makeBucket();
    const large = Buffer.alloc(3_000_000, 'large body ');
    await s3().send(new PutObjectCommand({ Bucket, Key: 'empty', Body: '' }));
    await s3().send(new PutObjectCommand({ Bucket, Key: 'large', Body: large }));
    await s3().send(new PutObjectCommand({ Bucket, Key: 'stream', Body: Readable.from([large.subarray(0, 1_000_000), large.subarray(1_000_000)]), ContentLength: large.length }));
    assert.equal(await read(Bucket, 'empty'), '');
    assert.equal(await read(Bucket, 'large'), large.toString());
    assert.equal(await read(Bucket, 'stream'), large.toString());
  });
  test('are read in ranges', async () => {
    const Bucket = await makeBucket();
    const body = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
    await s3().send(new PutObjectCommand({ Bucket, Key: 'small', Body: '0123456789' }));
    await s3().send(new PutObjectCommand({ Bucket, Key: 'large', Body: body }));
    const part = await s3().send(new GetObjectCommand({ Bucket, Key: 'small', Range: 'bytes=2-4' }));
    assert.deepEqual([await part.Body?.transformToString(), part.ContentRange, part.ContentLength, part.$metadata.httpStatusCode], ['234', 'bytes 2-4/10', 3, 206]);
    assert.equal(await read(Bucket, 'small', { Range: 'bytes=-3' }), '789');
    assert.equal(await read(Bucket, 'small', { Range: 'bytes=7-' }), '789');
    assert.equal(await read(Bucket, 'small', { Range: 'bytes=8-100' }), '89');
    assert.equal(await read(Bucket, 'small', { Range: 'lines=1-2' }), '0123456789');
    const { Body } = await s3().send(new GetObjectCommand({ Bucket, Key: 'large', Range: 'bytes=70000-70009' }));
    assert.deepEqual(Buffer.from((await Body?.transformToByteArray()) ?? []), body.subarray(70_000, 70_010));
    await expectRefusal(s3().send(new GetObjectCommand({ Bucket, Key: 'small', Range: 'bytes=10-' })), { name: 'InvalidRange', status: 416, message: 'The requested range is not satisfiable' });
  });
  test('are read and written under conditions', async () => {
    const Bucket = await makeBucket();
    const { ETag } = await s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'one', IfNoneMatch: '*' }));
    await expectRefusal(s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'two', IfNoneMatch: '*' })), { name: 'PreconditionFailed', status: 412 });
    await expectRefusal(s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'two', IfMatch: '"0"' })), { name: 'PreconditionFailed', status: 412 });
    await expectRefusal(s3().send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'two', IfMatch: ETag })), { name: 'NoSuchKey', status: 404 });
    assert.equal(await read(Bucket, 'a', { IfMatch: ETag }), 'one');
    await expectRefusal(s3().send(new GetObjectCommand({ Bucket, Key: 'a', IfNoneMatch: ETag })), { name: /304|NotModified|Unknown/, status: 304 });
    await expectRefusal(s3().send(new HeadObjectCommand({ Bucket, Key: 'a', IfModifiedSince: new Date(Date.now() + 60_000) })), { name: /304|NotModified|Unknown/, status: 304 });
    await expectRefusal(s3().send(new GetObjectCommand({ Bucket, Key: 'a', IfUnmodifiedSince: new Date(0) })), { name: 'PreconditionFailed', status: 412 });
    await s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'two', IfMatch: ETag }));
    assert.equal(await read(Bucket, 'a'), 'two');
  });
  for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const) {
    test(`carry a ${algorithm} that is verified, kept and told`, async () => {
      const Bucket = await makeBucket();
      const put = await s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'checked', ChecksumAlgorithm: algorithm as ChecksumAlgorithm }));
      const sum = put[`Checksum${algorithm}`];
      assert.ok(sum);
      assert.equal(put.ChecksumType, 'FULL_OBJECT');
      const got = await s3().send(new GetObjectCommand({ Bucket, Key: 'a', ChecksumMode: 'ENABLED' }));
      assert.equal(await got.Body?.transformToString(), 'checked');
      assert.equal(got[`Checksum${algorithm}`], sum);
      await expectRefusal(s3().send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'other', [`Checksum${algorithm}`]: sum })), { name: 'BadDigest', status: 400 });
      await expectRefusal(s3().send(new HeadObjectCommand({ Bucket, Key: 'b' })), { name: 'NotFound', status: 404 });
    });
  }
  test('are copied, with what is said of them or with something else', async () => {
    const Bucket = await makeBucket();
    const large = Buffer.alloc(300_000, 'copied');
    for (const [Key, Body] of [['a b+ü', 'small'], ['large', large]] as const) {
      const { ETag } = await s3().send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'text/plain', Metadata: { a: '1' } }));
      const { CopyObjectResult } = await s3().send(new CopyObjectCommand({ Bucket, Key: `${Key} copy`, CopySource: `${Bucket}/${encodeURIComponent(Key)}` }));
      assert.equal(CopyObjectResult?.ETag, ETag);
      await s3().send(new DeleteObjectCommand({ Bucket, Key }));
      const got = await s3().send(new GetObjectCommand({ Bucket, Key: `${Key} copy` }));
      assert.deepEqual([await got.Body?.transformToString(), got.ContentType, got.Metadata], [Body.toString(), 'text/plain', { a: '1' }]);
    }
    const self = { Bucket, Key: 'large copy', CopySource: `${Bucket}/large copy` };
    await expectRefusal(s3().send(new CopyObjectCommand(self)), { name: 'InvalidRequest', status: 400, message: /illegal because it is trying to copy an object to itself/ });
    await s3().send(new CopyObjectCommand({ ...self, MetadataDirective: 'REPLACE', Metadata: { b: '2' }, ContentType: 'text/html' }));
    const changed = await s3().send(new GetObjectCommand({ Bucket, Key: 'large copy' }));
    assert.deepEqual([await changed.Body?.transformToString(), changed.ContentType, changed.Metadata], [large.toString(), 'text/html', { b: '2' }]);
    await expectRefusal(s3().send(new CopyObjectCommand({ Bucket, Key: 'x', CopySource: `${Bucket}/absent` })), { name: 'NoSuchKey', status: 404 });
  });
  test('are deleted one by one and many at once', async () => {
    const Bucket = await makeBucket();
    for (const Key of ['a', 'b', 'c']) await s3().send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    await s3().send(new DeleteObjectCommand({ Bucket, Key: 'absent' }));
    const { Deleted, Errors } = await s3().send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a' }, { Key: 'c' }, { Key: 'absent' }] } }));
    assert.deepEqual([Deleted?.map(({ Key }) => Key), Errors], [['a', 'c', 'absent'], undefined]);
    const left = await s3().send(new ListObjectsV2Command({ Bucket }));
    assert.deepEqual(left.Contents?.map(({ Key }) => Key), ['b']);
  });
});

suite('listings', () => {
  test('come in pages in the order of bytes, folded at delimiters', async () => {
    const Bucket = await makeBucket();
    const keys = ['a', 'photos/2024/1.jpg', 'photos/2024/2.jpg', 'photos/2025/1.jpg', 'photos/cover.jpg', 'z', 'ä', '\u{1F600}', '\uFF5E'];
    for (const Key of keys) await s3().send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    const all = await s3().send(new ListObjectsV2Command({ Bucket }));
    assert.deepEqual(all.Contents?.map(({ Key }) => Key), [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    assert.deepEqual([all.KeyCount, all.IsTruncated, all.MaxKeys], [9, false, 1000]);
    const top = await s3().send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }));
    assert.deepEqual(top.CommonPrefixes, [{ Prefix: 'photos/' }]);
    assert.equal(top.KeyCount, 6);
    const inner = await s3().send(new ListObjectsV2Command({ Bucket, Delimiter: '/', Prefix: 'photos/' }));
    assert.deepEqual([inner.CommonPrefixes?.map(({ Prefix }) => Prefix), inner.Contents?.map(({ Key }) => Key)], [['photos/2024/', 'photos/2025/'], ['photos/cover.jpg']]);
    const seen: (string | undefined)[] = [];
    let token: string | undefined;
    do {
      const page = await s3().send(new ListObjectsV2Command({ Bucket, Delimiter: '/', MaxKeys: 1, ContinuationToken: token }));
      seen.push(page.Contents?.[0]?.Key ?? page.CommonPrefixes?.[0]?.Prefix);
      token = page.NextContinuationToken;
    } while (token !== undefined);
    assert.deepEqual(seen, ['a', 'photos/', 'z', 'ä', '\uFF5E', '\u{1F600}']);
    const old = await s3().send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 2 }));
    assert.deepEqual([old.IsTruncated, old.NextMarker], [true, 'photos/']);
    const next = await s3().send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 2, Marker: 'photos/' }));
    assert.deepEqual([next.Contents?.map(({ Key }) => Key), next.CommonPrefixes], [['z', 'ä'], undefined]);
    assert.equal((await s3().send(new ListObjectsV2Command({ Bucket, StartAfter: 'z' }))).KeyCount, 3);
    const encoded = await s3().send(new ListObjectsV2Command({ Bucket, Prefix: 'ä', EncodingType: 'url' }));
    assert.equal(encoded.Contents?.[0]?.Key, '%C3%A4');
  });
});
