// Versions and delete markers, tags of objects and buckets.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  CopyObjectCommand,
  DeleteBucketCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { makeBucket, readObject } from './support.ts';

const scene = useServer();
const s3 = () => scene().aws.s3;

async function versioned(Status: 'Enabled' | 'Suspended' = 'Enabled', Bucket?: string): Promise<string> {
  const name = Bucket ?? (await makeBucket(s3()));
  await s3().send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status } }));
  return name;
}

suite('versions', () => {
  test('are kept, hidden by delete markers, and come up again', async () => {
    const Bucket = await versioned();
    assert.equal((await s3().send(new GetBucketVersioningCommand({ Bucket }))).Status, 'Enabled');
    const one = await s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'one' }));
    const two = await s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'two' }));
    assert.notEqual(one.VersionId, two.VersionId);
    assert.equal(await readObject(s3(), Bucket, 'a'), 'two');
    assert.equal(await readObject(s3(), Bucket, 'a', { VersionId: one.VersionId }), 'one');
    const marker = await s3().send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    assert.equal(marker.DeleteMarker, true);
    await expectRefusal(s3().send(new GetObjectCommand({ Bucket, Key: 'a' })), { name: 'NoSuchKey', status: 404 });
    await expectRefusal(s3().send(new GetObjectCommand({ Bucket, Key: 'a', VersionId: marker.VersionId })), { name: 'MethodNotAllowed', status: 405 });
    assert.equal((await s3().send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0);
    const all = await s3().send(new ListObjectVersionsCommand({ Bucket }));
    assert.deepEqual(all.Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest]), [[two.VersionId, false], [one.VersionId, false]]);
    assert.deepEqual(all.DeleteMarkers?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest]), [[marker.VersionId, true]]);
    await s3().send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId: marker.VersionId }));
    assert.equal(await readObject(s3(), Bucket, 'a'), 'two');
    await s3().send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId: two.VersionId }));
    assert.equal(await readObject(s3(), Bucket, 'a'), 'one');
    await s3().send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a?versionId=${one.VersionId}` }));
    assert.equal(await readObject(s3(), Bucket, 'b'), 'one');
    await expectRefusal(s3().send(new GetObjectCommand({ Bucket, Key: 'a', VersionId: two.VersionId })), { name: 'NoSuchVersion', status: 404 });
    await expectRefusal(s3().send(new GetObjectCommand({ Bucket, Key: 'a', VersionId: 'nonsense' })), { name: 'InvalidArgument', status: 400, message: 'Invalid version id specified' });
    await expectRefusal(s3().send(new DeleteBucketCommand({ Bucket })), { name: 'BucketNotEmpty', status: 409 });
  });
  test('made while versioning was off or suspended are the null version', async () => {
    const Bucket = await makeBucket(s3());
    await s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'before' }));
    await versioned('Enabled', Bucket);
    await s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'enabled' }));
    assert.equal(await readObject(s3(), Bucket, 'a', { VersionId: 'null' }), 'before');
    await versioned('Suspended', Bucket);
    const { VersionId } = await s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'suspended' }));
    assert.equal(VersionId, 'null');
    assert.equal(await readObject(s3(), Bucket, 'a', { VersionId: 'null' }), 'suspended');
    assert.equal((await s3().send(new ListObjectVersionsCommand({ Bucket }))).Versions?.length, 2);
    const marker = await s3().send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    assert.deepEqual([marker.DeleteMarker, marker.VersionId], [true, 'null']);
    const all = await s3().send(new ListObjectVersionsCommand({ Bucket }));
    assert.deepEqual([all.Versions?.length, all.DeleteMarkers?.length], [1, 1]);
  });
  test('are listed in pages that join without gaps', async () => {
    const Bucket = await versioned();
    for (const Key of ['a', 'b/1', 'b/2', 'c']) for (const Body of ['1', '2']) await s3().send(new PutObjectCommand({ Bucket, Key, Body }));
    await s3().send(new DeleteObjectCommand({ Bucket, Key: 'c' }));
    const seen: string[] = [];
    let KeyMarker: string | undefined;
    let VersionIdMarker: string | undefined;
    do {
      const page = await s3().send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 1, KeyMarker, VersionIdMarker }));
      for (const { Key, VersionId } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) seen.push(`${Key} ${VersionId}`);
      KeyMarker = page.NextKeyMarker;
      VersionIdMarker = page.NextVersionIdMarker;
    } while (KeyMarker !== undefined);
    assert.deepEqual(seen.map((text) => text.split(' ')[0]), ['a', 'a', 'b/1', 'b/1', 'b/2', 'b/2', 'c', 'c', 'c']);
    assert.equal(new Set(seen).size, 9);
    const folded = await s3().send(new ListObjectVersionsCommand({ Bucket, Delimiter: '/' }));
    assert.deepEqual([folded.CommonPrefixes, folded.Versions?.length, folded.DeleteMarkers?.length], [[{ Prefix: 'b/' }], 4, 1]);
  });
});

suite('tags', () => {
  test('of objects are put, read and taken away', async () => {
    const Bucket = await makeBucket(s3());
    await s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x', Tagging: 'one=1' }));
    assert.deepEqual((await s3().send(new GetObjectTaggingCommand({ Bucket, Key: 'a' }))).TagSet, [{ Key: 'one', Value: '1' }]);
    await s3().send(new PutObjectTaggingCommand({ Bucket, Key: 'a', Tagging: { TagSet: [{ Key: 'two', Value: '' }, { Key: 'three', Value: '3' }] } }));
    assert.equal((await s3().send(new HeadObjectCommand({ Bucket, Key: 'a' }))).TagCount, 2);
    await s3().send(new DeleteObjectTaggingCommand({ Bucket, Key: 'a' }));
    assert.deepEqual((await s3().send(new GetObjectTaggingCommand({ Bucket, Key: 'a' }))).TagSet, []);
    const eleven = Array.from({ length: 11 }, (_, index) => ({ Key: `k${index}`, Value: 'v' }));
    await expectRefusal(s3().send(new PutObjectTaggingCommand({ Bucket, Key: 'a', Tagging: { TagSet: eleven } })), { name: 'BadRequest', status: 400, message: 'Object tags cannot be greater than 10' });
    const twice = [{ Key: 'k', Value: '1' }, { Key: 'k', Value: '2' }];
    await expectRefusal(s3().send(new PutObjectTaggingCommand({ Bucket, Key: 'a', Tagging: { TagSet: twice } })), { name: 'InvalidTag', status: 400, message: 'Cannot provide multiple Tags with the same key' });
  });
  test('of buckets are put, read and taken away', async () => {
    const Bucket = await makeBucket(s3());
    await expectRefusal(s3().send(new GetBucketTaggingCommand({ Bucket })), { name: 'NoSuchTagSet', status: 404, message: 'The TagSet does not exist' });
    await s3().send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'team', Value: 'blue' }] } }));
    assert.deepEqual((await s3().send(new GetBucketTaggingCommand({ Bucket }))).TagSet, [{ Key: 'team', Value: 'blue' }]);
    await s3().send(new DeleteBucketTaggingCommand({ Bucket }));
    await expectRefusal(s3().send(new GetBucketTaggingCommand({ Bucket })), { name: 'NoSuchTagSet', status: 404 });
  });
});
