import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestS3, type TestS3 } from '../testing/testS3.ts';

const place = { Bucket: 'my-bucket', Key: 'large' };

async function begin(): Promise<{ s3: TestS3; UploadId: string }> {
  const s3 = createTestS3();
  await s3.run('CreateBucket', { Bucket: place.Bucket });
  const { UploadId = '' } = await s3.run('CreateMultipartUpload', place);
  return { s3, UploadId };
}

test('completeMultipartUpload keeps the blobs of its parts, and nothing of what is replaced, unlisted or deleted', async () => {
  const { s3, UploadId } = await begin();
  const put = (PartNumber: number, size: number) => s3.run('UploadPart', { ...place, UploadId, PartNumber, Body: Buffer.alloc(size, String(PartNumber)) });
  await put(1, 100_000);
  const one = await put(1, 5_242_880);
  const two = await put(2, 70_000);
  await put(3, 80_000);
  assert.equal(await s3.countBlobs(), 3);
  assert.equal((await s3.run('ListParts', { ...place, UploadId })).Parts?.length, 3);
  const Parts = [one, two].map(({ ETag }, index) => ({ ETag, PartNumber: index + 1 }));
  await s3.run('CompleteMultipartUpload', { ...place, UploadId, MultipartUpload: { Parts } });
  assert.equal(await s3.countBlobs(), 2);
  const facts = await s3.run('GetObjectAttributes', { ...place, ObjectAttributes: ['ObjectSize', 'ObjectParts'] });
  assert.deepEqual([facts.ObjectSize, facts.ObjectParts?.TotalPartsCount], [5_312_880, 2]);
  const other = (await s3.run('CreateMultipartUpload', { ...place, Key: 'copy' })).UploadId ?? '';
  await s3.run('UploadPartCopy', { ...place, Key: 'copy', UploadId: other, PartNumber: 1, CopySource: 'my-bucket/large', CopySourceRange: 'bytes=5242870-5242889' });
  assert.equal(await s3.countBlobs(), 4);
  await s3.run('AbortMultipartUpload', { ...place, Key: 'copy', UploadId: other });
  await s3.run('DeleteObject', place);
  assert.equal(await s3.countBlobs(), 0);
});

test('uploadPart and completeMultipartUpload at once: either the part counts or it is refused, and no blob is left over', async () => {
  const { s3, UploadId } = await begin();
  const first = await s3.run('UploadPart', { ...place, UploadId, PartNumber: 1, Body: Buffer.alloc(70_000, 'a') });
  const complete = s3.run('CompleteMultipartUpload', { ...place, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag: first.ETag }] } });
  const late = [2, 3, 4, 1].map((PartNumber) => s3.run('UploadPart', { ...place, UploadId, PartNumber, Body: Buffer.alloc(70_000, 'b') }));
  const [done] = await Promise.allSettled([complete, ...late]);
  await s3.run('AbortMultipartUpload', { ...place, UploadId }).catch(() => undefined);
  assert.equal(await s3.countBlobs(), done.status === 'fulfilled' ? 1 : 0);
});

test('listMultipartUploads folds and pages', async () => {
  const { s3 } = await begin();
  for (const Key of ['a/1', 'a/2', 'b']) await s3.run('CreateMultipartUpload', { ...place, Key });
  const folded = await s3.run('ListMultipartUploads', { Bucket: place.Bucket, Delimiter: '/' });
  assert.deepEqual([folded.Uploads?.map(({ Key }) => Key), folded.CommonPrefixes], [['b', 'large'], [{ Prefix: 'a/' }]]);
  const page = await s3.run('ListMultipartUploads', { Bucket: place.Bucket, MaxUploads: 1 });
  const next = await s3.run('ListMultipartUploads', { Bucket: place.Bucket, MaxUploads: 1, KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker });
  assert.deepEqual([page.Uploads?.[0]?.Key, next.Uploads?.[0]?.Key], ['a/1', 'a/2']);
});

test('deleteBucket gives up the uploads that are under way', async () => {
  const { s3, UploadId } = await begin();
  await s3.run('UploadPart', { ...place, UploadId, PartNumber: 1, Body: Buffer.alloc(70_000) });
  await s3.run('DeleteBucket', { Bucket: place.Bucket });
  assert.equal(await s3.countBlobs(), 0);
});
