// A bucket in the name of the host: under each of S3's names, by clients that put it there of themselves.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html

import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { suite, test } from 'node:test';
import { CreateBucketCommand, DeletePublicAccessBlockCommand, GetObjectCommand, ListBucketsCommand, ListObjectsV2Command, PutBucketPolicyCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { uniqueName } from '../../support/functions.ts';
import { runCommand } from '../../support/runCommand.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { useServer } from '../../support/useServer.ts';
import { readObject } from './support.ts';

const scene = useServer();
const portOf = (): string => new URL(scene().server.endpoint).port;

/** A client that addresses buckets by host, as it does when it is not told otherwise; every name is this machine. */
function clientAt(host: string, more: object = {}): S3Client {
  const lookup = ((_name: string, options: { all?: boolean }, done: (error: null, address: unknown, family?: number) => void) =>
    options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)) as never;
  return new S3Client({ ...sdkConfig(`http://${host}:${portOf()}`), requestHandler: { httpAgent: new Agent({ lookup }) }, ...more });
}

suite('virtual hosts', () => {
  test('are where the JavaScript SDK puts buckets, under every name of S3', async () => {
    for (const host of ['localhost', 's3.localhost', 's3.us-east-1.localhost', 's3.amazonaws.com', 's3.us-east-1.amazonaws.com', 's3-us-west-2.amazonaws.com', 's3.dualstack.us-east-1.amazonaws.com', 's3.localhost.localstack.cloud']) {
      const s3 = clientAt(host);
      const Bucket = uniqueName('virtual').toLowerCase();
      await s3.send(new CreateBucketCommand({ Bucket }));
      const { $metadata } = await s3.send(new PutObjectCommand({ Bucket, Key: 'a/b ü', Body: host }));
      assert.equal($metadata.httpStatusCode, 200);
      assert.equal(await readObject(s3, Bucket, 'a/b ü'), host);
      assert.deepEqual((await s3.send(new ListObjectsV2Command({ Bucket }))).Contents?.map(({ Key }) => Key), ['a/b ü']);
      assert.ok((await s3.send(new ListBucketsCommand({}))).Buckets?.some(({ Name }) => Name === Bucket));
      // The same object by path.
      assert.equal(await readObject(scene().aws.s3, Bucket, 'a/b ü'), host);
      assert.match(await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'k' })), new RegExp(`^http://${Bucket}\\.${host.replaceAll('.', '\\.')}:`));
      s3.destroy();
    }
  });
  test('serve presigned and public addresses to curl and browsers', async (t) => {
    const s3 = clientAt('s3.localhost');
    t.after(() => s3.destroy());
    const Bucket = uniqueName('virtual').toLowerCase();
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'curled' }));
    const signed = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'k' }));
    const { stdout } = await runCommand('curl', ['-s', '--resolve', `${Bucket}.s3.localhost:${portOf()}:127.0.0.1`, signed]);
    assert.equal(stdout, 'curled');
    assert.equal((await visit(`${Bucket}.localhost`, '/k')).status, 403);
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` }] });
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    for (const host of [`${Bucket}.localhost`, `${Bucket}.s3.localhost`, `${Bucket}.s3.amazonaws.com`]) assert.deepEqual(await visit(host, '/k'), { status: 200, text: 'curled' });
  });
  test('of transfer acceleration and access points are refused by name', async () => {
    const accelerated = await visit('photos.s3-accelerate.amazonaws.com', '/k');
    assert.equal(accelerated.status, 400);
    assert.match(accelerated.text, /<Code>InvalidRequest<\/Code><Message>S3 Transfer Acceleration is not configured on this bucket</);
    const point = await visit('mine-000000000000.s3-accesspoint.us-east-1.amazonaws.com', '/k');
    assert.equal(point.status, 501);
    assert.match(point.text, /<Code>NotImplemented<\/Code><Message>[^<]*An access point is not there/);
  });
});

function visit(host: string, path: string): Promise<{ readonly status: number | undefined; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: portOf(), path, headers: { host: `${host}:${portOf()}` } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece)).on('end', () => resolve({ status: answer.statusCode, text }));
    });
    sent.on('error', reject).end();
  });
}
