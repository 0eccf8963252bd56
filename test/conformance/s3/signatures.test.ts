// Uploads by a key that the server has issued, so that everything about them is verified; and what others may do with a presigned URL.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { suite, test, type TestContext } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { presignUrl } from '../../../src/wire/sigv4.ts';
import { uniqueName } from '../../support/functions.ts';
import { createLimitedUser, type LimitedUser } from '../../support/limitedUser.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();

/** A user who may do everything in S3, and a bucket of its own. */
async function prepare(t: TestContext): Promise<{ readonly user: LimitedUser; readonly Bucket: string }> {
  const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
  t.after(() => user.clients.destroy());
  const Bucket = uniqueName('signed').toLowerCase();
  await user.clients.s3.send(new CreateBucketCommand({ Bucket }));
  return { user, Bucket };
}

async function presign({ user, Bucket }: Awaited<ReturnType<typeof prepare>>, method: string, Key: string, query = ''): Promise<string> {
  const credentials = await user.clients.s3.config.credentials();
  return presignUrl({ method, url: `${scene().server.endpoint}/${Bucket}/${Key}${query}`, service: 's3', region: 'us-east-1', nowMs: Date.now(), expiresSeconds: 60 }, credentials);
}

suite('a signed upload', () => {
  test('is stored when its signature, its checksum and its length are right', async (t) => {
    const { user, Bucket } = await prepare(t);
    const { s3 } = user.clients;
    const large = randomBytes(2_500_000);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'whole', Body: large, ChecksumAlgorithm: 'SHA256' }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'stream', Body: Readable.from([large.subarray(0, 1_000_000), large.subarray(1_000_000)]), ContentLength: large.length }));
    for (const Key of ['whole', 'stream']) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      assert.ok(large.equals(Buffer.from((await Body?.transformToByteArray()) ?? [])), Key);
    }
  });

  test('is not stored under a wrong secret', async (t) => {
    const { user, Bucket } = await prepare(t);
    const forged = user.with({ secretAccessKey: 'guess' });
    await expectRefusal(forged.s3.send(new PutObjectCommand({ Bucket, Key: 'forged', Body: randomBytes(2_500_000) })), { name: 'SignatureDoesNotMatch', status: 403 });
    await expectRefusal(user.clients.s3.send(new HeadObjectCommand({ Bucket, Key: 'forged' })), { name: 'NotFound', status: 404 });
    forged.destroy();
  });
});

suite('a presigned URL', () => {
  test('takes one object, with what was signed in its query', async (t) => {
    const place = await prepare(t);
    const { user, Bucket } = place;
    const url = await presign(place, 'PUT', 'by-link', '?x-amz-meta-made=by%20link');
    const put = await fetch(url, { method: 'PUT', body: 'hello' });
    assert.equal(put.status, 200, await put.text());
    const { Metadata } = await user.clients.s3.send(new HeadObjectCommand({ Bucket, Key: 'by-link' }));
    assert.deepEqual(Metadata, { made: 'by link' });
    assert.equal(await (await fetch(await presign(place, 'GET', 'by-link'))).text(), 'hello');
  });

  test('is refused with headers that count and were not signed, and nothing is stored', async (t) => {
    const place = await prepare(t);
    const { user, Bucket } = place;
    const url = await presign(place, 'PUT', 'widened');
    const put = await fetch(url, { method: 'PUT', body: 'hello', headers: { 'x-amz-acl': 'public-read', 'x-amz-meta-a': 'b' } });
    const text = await put.text();
    assert.equal(put.status, 403, text);
    assert.match(text, /<Code>AccessDenied<\/Code><Message>There were headers present in the request which were not signed<\/Message>/);
    assert.match(text, /<HeadersNotSigned>x-amz-acl, x-amz-meta-a<\/HeadersNotSigned>/);
    await expectRefusal(user.clients.s3.send(new HeadObjectCommand({ Bucket, Key: 'widened' })), { name: 'NotFound', status: 404 });
  });
});
