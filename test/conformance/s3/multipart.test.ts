// Multipart uploads: parts in any order and sent again, copied parts, checksums of both types, listings, and giving up.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type CreateMultipartUploadCommandInput,
} from '@aws-sdk/client-s3';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { makeBucket, readObject } from './support.ts';

const scene = useServer();
const s3 = () => scene().aws.s3;
const mebibyte = 1024 * 1024;

async function begin(more: Partial<CreateMultipartUploadCommandInput> = {}): Promise<{ Bucket: string; Key: string; UploadId: string }> {
  const Bucket = await makeBucket(s3());
  const { UploadId = '' } = await s3().send(new CreateMultipartUploadCommand({ Bucket, Key: 'large', ...more }));
  return { Bucket, Key: 'large', UploadId };
}

const md5 = (body: Uint8Array): Buffer => createHash('md5').update(body).digest();

suite('multipart uploads', () => {
  test('are completed from parts that came in any order and were sent again', async () => {
    const upload = await begin({ ContentType: 'text/plain', Metadata: { a: 'b' } });
    const bodies = [Buffer.alloc(5 * mebibyte, '1'), Buffer.alloc(5 * mebibyte, '2'), Buffer.from('the end')];
    const etags = new Map<number, string | undefined>();
    await s3().send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'to be replaced' }));
    for (const PartNumber of [3, 1, 2]) {
      const { ETag, ChecksumCRC32 } = await s3().send(new UploadPartCommand({ ...upload, PartNumber, Body: bodies[PartNumber - 1] ?? '' }));
      assert.ok(ChecksumCRC32);
      etags.set(PartNumber, ETag);
    }
    await s3().send(new UploadPartCommand({ ...upload, PartNumber: 9, Body: 'never listed' }));
    const { Parts, StorageClass } = await s3().send(new ListPartsCommand({ ...upload, MaxParts: 2 }));
    assert.deepEqual([Parts?.map(({ PartNumber, Size }) => [PartNumber, Size]), StorageClass], [[[1, 5 * mebibyte], [2, 5 * mebibyte]], 'STANDARD']);
    const listed = await s3().send(new ListMultipartUploadsCommand({ Bucket: upload.Bucket }));
    assert.deepEqual(listed.Uploads?.map(({ Key, UploadId }) => [Key, UploadId]), [['large', upload.UploadId]]);
    const finish = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: [1, 2, 3].map((PartNumber) => ({ PartNumber, ETag: etags.get(PartNumber) })) } });
    const done = await s3().send(finish);
    const expected = `"${createHash('md5').update(Buffer.concat(bodies.map(md5))).digest('hex')}-3"`;
    assert.equal(done.ETag, expected);
    assert.deepEqual([done.ChecksumType, (await s3().send(finish)).ETag], ['FULL_OBJECT', expected], 'completing again answers the same');
    assert.equal(await readObject(s3(), upload.Bucket, 'large'), Buffer.concat(bodies).toString());
    const head = await s3().send(new HeadObjectCommand({ Bucket: upload.Bucket, Key: 'large', PartNumber: 2 }));
    assert.deepEqual([head.ContentLength, head.PartsCount, head.ContentType, head.Metadata], [5 * mebibyte, 3, 'text/plain', { a: 'b' }]);
    const across = await s3().send(new GetObjectCommand({ Bucket: upload.Bucket, Key: 'large', Range: `bytes=${5 * mebibyte - 2}-${5 * mebibyte + 1}` }));
    assert.equal(await across.Body?.transformToString(), '1122');
    assert.equal(await readObject(s3(), upload.Bucket, 'large', { PartNumber: 3 }), 'the end');
    await expectRefusal(s3().send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'late' })), { name: 'NoSuchUpload', status: 404 });
  });
  test('are checked when they are completed', async () => {
    const upload = await begin();
    const one = await s3().send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'small' }));
    const two = await s3().send(new UploadPartCommand({ ...upload, PartNumber: 2, Body: 'small too' }));
    const complete = (Parts: object[]) => s3().send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    const [first, second] = [{ PartNumber: 1, ETag: one.ETag }, { PartNumber: 2, ETag: two.ETag }];
    await expectRefusal(complete([first, second]), { name: 'EntityTooSmall', status: 400, message: 'Your proposed upload is smaller than the minimum allowed size' });
    await expectRefusal(complete([second, first]), { name: 'InvalidPartOrder', status: 400 });
    await expectRefusal(complete([{ ...first, ETag: two.ETag }]), { name: 'InvalidPart', status: 400 });
    await expectRefusal(complete([]), { name: 'MalformedXML', status: 400 });
    await s3().send(new AbortMultipartUploadCommand(upload));
    await expectRefusal(s3().send(new AbortMultipartUploadCommand(upload)), { name: 'NoSuchUpload', status: 404 });
    await s3().send(new DeleteBucketCommand({ Bucket: upload.Bucket }));
  });
  for (const [algorithm, type] of [['CRC32', 'COMPOSITE'], ['CRC32C', 'FULL_OBJECT'], ['CRC64NVME', 'FULL_OBJECT'], ['SHA256', 'COMPOSITE']] as const) {
    test(`have a ${type} checksum of ${algorithm}`, async () => {
      const upload = await begin({ ChecksumAlgorithm: algorithm, ChecksumType: type });
      const bodies = [Buffer.alloc(5 * mebibyte, 'ab'), Buffer.from('rest')];
      const Parts = [];
      for (const [index, Body] of bodies.entries()) {
        const { ETag, ...sums } = await s3().send(new UploadPartCommand({ ...upload, PartNumber: index + 1, Body, ChecksumAlgorithm: algorithm }));
        Parts.push({ PartNumber: index + 1, ETag, [`Checksum${algorithm}`]: sums[`Checksum${algorithm}`] });
      }
      const done = await s3().send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
      const sum = done[`Checksum${algorithm}`] ?? '';
      assert.equal(done.ChecksumType, type);
      assert.equal(/-2$/.test(sum), type === 'COMPOSITE');
      // The client compares a full checksum with what it reads.
      assert.equal(await readObject(s3(), upload.Bucket, 'large', { ChecksumMode: 'ENABLED' }), Buffer.concat(bodies).toString());
      if (type === 'FULL_OBJECT') {
        const whole = await s3().send(new PutObjectCommand({ Bucket: upload.Bucket, Key: 'whole', Body: Buffer.concat(bodies), ChecksumAlgorithm: algorithm }));
        assert.equal(whole[`Checksum${algorithm}`], sum);
      }
      const facts = await s3().send(new GetObjectAttributesCommand({ Bucket: upload.Bucket, Key: 'large', ObjectAttributes: ['ETag', 'Checksum', 'ObjectParts', 'ObjectSize'] }));
      assert.deepEqual([facts.ObjectSize, facts.ObjectParts?.TotalPartsCount, facts.Checksum?.[`Checksum${algorithm}`]], [5 * mebibyte + 4, 2, sum]);
    });
  }
  test('take parts from other objects', async () => {
    const upload = await begin();
    const source = Buffer.from(Array.from({ length: 6 * mebibyte }, (_, index) => (index * 7) % 256));
    await s3().send(new PutObjectCommand({ Bucket: upload.Bucket, Key: 'source', Body: source }));
    const CopySource = `${upload.Bucket}/source`;
    const one = await s3().send(new UploadPartCopyCommand({ ...upload, PartNumber: 1, CopySource }));
    const two = await s3().send(new UploadPartCopyCommand({ ...upload, PartNumber: 2, CopySource, CopySourceRange: 'bytes=100-1099' }));
    assert.equal(two.CopyPartResult?.ETag, `"${md5(source.subarray(100, 1_100)).toString('hex')}"`);
    await expectRefusal(s3().send(new UploadPartCopyCommand({ ...upload, PartNumber: 3, CopySource, CopySourceRange: 'bytes=0-99999999' })), { name: 'InvalidArgument', status: 400 });
    const Parts = [one, two].map(({ CopyPartResult }, index) => ({ PartNumber: index + 1, ETag: CopyPartResult?.ETag }));
    await s3().send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    const { Body } = await s3().send(new GetObjectCommand({ Bucket: upload.Bucket, Key: 'large' }));
    assert.deepEqual(Buffer.from((await Body?.transformToByteArray()) ?? []), Buffer.concat([source, source.subarray(100, 1_100)]));
  });
});
