import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestS3 } from '../testing/testS3.ts';

const Bucket = 'my-bucket';
const long = ['k'.repeat(3_000), '\0'.repeat(1_000), '\u{1f600}'.repeat(600)];

test('getObject, headObject, deleteObject, deleteObjects and copyObject refuse keys that are longer than any', async () => {
  const s3 = createTestS3();
  await s3.run('CreateBucket', { Bucket });
  for (const Key of long) {
    for (const run of [s3.run('GetObject', { Bucket, Key }), s3.run('HeadObject', { Bucket, Key }), s3.run('DeleteObject', { Bucket, Key })]) {
      await assert.rejects(run, { code: 'KeyTooLongError' });
    }
    await assert.rejects(s3.run('CopyObject', { Bucket, Key: 'copy', CopySource: `${Bucket}/${encodeURIComponent(Key)}` }), { code: 'KeyTooLongError' });
  }
  await assert.rejects(s3.run('HeadBucket', { Bucket: 'b'.repeat(3_000) }), { code: /NoSuchBucket|NotFound/ });
});

test('listObjectsV2, listObjects, listObjectVersions and listMultipartUploads take prefixes and places that are longer than any key', async () => {
  const s3 = createTestS3();
  await s3.run('CreateBucket', { Bucket });
  const keys = ['a', 'k', 'k'.repeat(1_024), 'z'];
  for (const Key of keys) await s3.run('PutObject', { Bucket, Key });
  const [k = ''] = long;
  const after = async (StartAfter: string) => (await s3.run('ListObjectsV2', { Bucket, StartAfter })).Contents?.map(({ Key }) => Key);
  assert.deepEqual(await after(k), ['z']);
  assert.deepEqual(await after('\0'.repeat(1_000)), keys);
  for (const text of long) {
    assert.equal((await s3.run('ListObjectsV2', { Bucket, Prefix: text, Delimiter: text })).KeyCount, 0);
    await s3.run('ListObjects', { Bucket, Marker: text, Prefix: text });
    await s3.run('ListObjectVersions', { Bucket, KeyMarker: text, Prefix: text });
    await s3.run('ListMultipartUploads', { Bucket, KeyMarker: text, UploadIdMarker: text, Prefix: text });
  }
});
