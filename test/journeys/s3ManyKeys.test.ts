// Ten thousand keys, listed in pages by each of the three listings, and deleted a thousand at a time.

import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { suite, test } from 'node:test';
import { CreateBucketCommand, DeleteObjectsCommand, ListObjectsCommand, ListObjectVersionsCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { rootAuthorization } from '../support/rawHttp.ts';
import { useServer } from '../support/useServer.ts';

const Bucket = 'many';
const keys = Array.from({ length: 10_000 }, (_, at) => `folder ${at % 10}/키 ${at}`).toSorted();

// Not by the client: ten thousand of its commands take half a minute of processor time.
const agent = new Agent({ keepAlive: true, maxSockets: 32 });

function put(endpoint: string, key: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { ...rootAuthorization('s3'), 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'content-length': 1 };
    const path = `/${Bucket}/${encodeURIComponent(key).replaceAll('%2F', '/')}`;
    const sent = request(`${endpoint}${path}`, { method: 'PUT', agent, headers }, (answer) => {
      assert.equal(answer.statusCode, 200);
      answer.resume().once('end', resolve);
    });
    sent.once('error', reject).end('x');
  });
}

const scene = useServer({}, async ({ server, aws: { s3 } }) => {
  await s3.send(new CreateBucketCommand({ Bucket }));
  await Promise.all(keys.map((key) => put(server.endpoint, key)));
  agent.destroy();
});

suite('ten thousand keys', () => {
  test('come in ten pages, each once and in order', async () => {
    const found: string[][] = [];
    for await (const { Contents = [] } of paginateListObjectsV2({ client: scene().aws.s3 }, { Bucket })) found.push(Contents.map(({ Key = '' }) => Key));
    assert.equal(found.length, 10);
    assert.deepEqual(found.flat(), keys);
  });

  test('come the same by the first listing, and by that of versions', async () => {
    const { s3 } = scene().aws;
    const first: string[] = [];
    for (let Marker: string | undefined = ''; Marker !== undefined; ) {
      const page: { Contents?: { Key?: string | undefined }[] | undefined; IsTruncated?: boolean | undefined } = await s3.send(new ListObjectsCommand({ Bucket, Marker }));
      first.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
      Marker = page.IsTruncated ? first.at(-1) : undefined;
    }
    assert.deepEqual(first, keys);
    const versions: string[] = [];
    for (let KeyMarker: string | undefined = ''; KeyMarker !== undefined; ) {
      const page: { Versions?: { Key?: string | undefined }[] | undefined; NextKeyMarker?: string | undefined } = await s3.send(new ListObjectVersionsCommand({ Bucket, KeyMarker }));
      versions.push(...(page.Versions ?? []).map(({ Key = '' }) => Key));
      KeyMarker = page.NextKeyMarker;
    }
    assert.deepEqual(versions, keys);
  });

  test('fold into ten names, whatever the size of a page', async () => {
    const folded: string[] = [];
    for await (const { CommonPrefixes = [] } of paginateListObjectsV2({ client: scene().aws.s3, pageSize: 3 }, { Bucket, Delimiter: '/' })) {
      assert.ok(CommonPrefixes.length <= 3);
      folded.push(...CommonPrefixes.map(({ Prefix = '' }) => Prefix));
    }
    assert.deepEqual(folded, Array.from({ length: 10 }, (_, at) => `folder ${at}/`));
  });

  test('go a thousand at a time', async () => {
    const { s3 } = scene().aws;
    for (let at = 0; at < keys.length; at += 1_000) {
      const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.slice(at, at + 1_000).map((Key) => ({ Key })) } }));
      assert.deepEqual([Deleted?.length, Errors], [1_000, undefined]);
    }
    const { Contents } = await s3.send(new ListObjectsCommand({ Bucket }));
    assert.equal(Contents, undefined);
  });
});
