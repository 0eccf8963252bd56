// Ten thousand keys, listed in pages by each of the three listings, and deleted a thousand at a time.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  CreateBucketCommand, DeleteObjectsCommand, ListObjectsCommand, ListObjectVersionsCommand, paginateListObjectsV2, PutObjectCommand,
} from '@aws-sdk/client-s3';
import { useServer } from '../support/useServer.ts';

const Bucket = 'many';
const keys = Array.from({ length: 10_000 }, (_, at) => `folder ${at % 10}/키 ${at}`).toSorted();

const scene = useServer({}, async ({ aws: { s3 } }) => {
  await s3.send(new CreateBucketCommand({ Bucket }));
  const left = [...keys];
  const writer = async (): Promise<void> => {
    for (let Key = left.pop(); Key !== undefined; Key = left.pop()) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  };
  await Promise.all(Array.from({ length: 32 }, writer));
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
