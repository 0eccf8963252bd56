// Server-side encryption, object lock, lifecycle by the clock.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetBucketEncryptionCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { makeBucket, readObject } from './support.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'haneul-s3-'));
after(() => rmSync(dataFolder, { recursive: true, force: true }));
const scene = useServer({ dataFolder });
const s3 = () => scene().aws.s3;

/** Whether these bytes lie in any file of the server's. */
function isOnDisk(text: string): boolean {
  const files = readdirSync(dataFolder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(text));
}

suite('encryption', () => {
  test('with a customer key needs that key to read, to copy and to go on, and keeps the plain bytes off the disk', async () => {
    const Bucket = await makeBucket(s3());
    const key = randomBytes(32);
    const customer = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: key.toString('base64'), SSECustomerKeyMD5: createHash('md5').update(key).digest('base64') };
    const marker = randomBytes(24).toString('hex');
    const Body = marker + 'x'.repeat(100_000) + marker;
    await s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body, ...customer }));
    const part = await s3().send(new GetObjectCommand({ Bucket, Key: 'a', Range: 'bytes=100001-', ...customer }));
    assert.equal(await part.Body?.transformToString(), Body.slice(100_001));
    assert.equal(part.SSECustomerKeyMD5, customer.SSECustomerKeyMD5);
    assert.equal(isOnDisk(marker), false);
    await expectRefusal(s3().send(new GetObjectCommand({ Bucket, Key: 'a' })), { name: 'InvalidRequest', status: 400 });
    await expectRefusal(s3().send(new HeadObjectCommand({ Bucket, Key: 'a' })), { name: /400|BadRequest|Unknown/, status: 400 });
    const other = randomBytes(32);
    const wrong = { ...customer, SSECustomerKey: other.toString('base64'), SSECustomerKeyMD5: createHash('md5').update(other).digest('base64') };
    await expectRefusal(s3().send(new GetObjectCommand({ Bucket, Key: 'a', ...wrong })), { name: 'AccessDenied', status: 403 });
    const copySource = { CopySourceSSECustomerAlgorithm: 'AES256', CopySourceSSECustomerKey: customer.SSECustomerKey, CopySourceSSECustomerKeyMD5: customer.SSECustomerKeyMD5 };
    await s3().send(new CopyObjectCommand({ Bucket, Key: 'plain', CopySource: `${Bucket}/a`, ...copySource }));
    assert.equal(await readObject(s3(), Bucket, 'plain'), Body);
    const { UploadId } = await s3().send(new CreateMultipartUploadCommand({ Bucket, Key: 'large', ...customer }));
    const bodies = [Buffer.alloc(5 * 1024 * 1024, 'ab'), Buffer.from('the end')];
    const Parts = [];
    for (const [index, piece] of bodies.entries()) {
      const { ETag } = await s3().send(new UploadPartCommand({ Bucket, Key: 'large', UploadId, PartNumber: index + 1, Body: piece, ...customer }));
      Parts.push({ PartNumber: index + 1, ETag });
    }
    await s3().send(new CompleteMultipartUploadCommand({ Bucket, Key: 'large', UploadId, MultipartUpload: { Parts }, ...customer }));
    assert.equal(await readObject(s3(), Bucket, 'large', { ...customer, Range: `bytes=${5 * 1024 * 1024 - 3}-` }), 'babthe end');
  });
  test('with KMS is the default of a bucket that says so', async () => {
    const Bucket = await makeBucket(s3());
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const }, BucketKeyEnabled: true }];
    await s3().send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
    assert.deepEqual((await s3().send(new GetBucketEncryptionCommand({ Bucket }))).ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault, { SSEAlgorithm: 'aws:kms' });
    const marker = randomBytes(24).toString('hex');
    const put = await s3().send(new PutObjectCommand({ Bucket, Key: 'a', Body: marker }));
    assert.deepEqual([put.ServerSideEncryption, put.BucketKeyEnabled], ['aws:kms', true]);
    assert.match(put.SSEKMSKeyId ?? '', /^arn:aws:kms:us-east-1:000000000000:/);
    assert.equal(await readObject(s3(), Bucket, 'a'), marker);
    assert.equal(isOnDisk(marker), false);
  });
});

test('lifecycle rules run when the clock is moved past midnight', async () => {
  const Bucket = await makeBucket(s3());
  await s3().send(new PutObjectCommand({ Bucket, Key: 'old/a', Body: 'x' }));
  await s3().send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'x' }));
  const Rules = [{ ID: 'r', Status: 'Enabled' as const, Filter: { Prefix: 'old/' }, Expiration: { Days: 1 } }];
  await s3().send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
  assert.match((await s3().send(new HeadObjectCommand({ Bucket, Key: 'old/a' }))).Expiration ?? '', /rule-id="r"/);
  await fetch(`${scene().server.endpoint}/_haneul/clock`, { method: 'POST', body: JSON.stringify({ advanceMs: 3 * 86_400_000 }) }).then(async (answer) => assert.equal(answer.status, 200, await answer.text()));
  let keys: (string | undefined)[] = [];
  do keys = ((await s3().send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key }) => Key);
  while (keys.length > 1);
  assert.deepEqual(keys, ['kept']);
});
