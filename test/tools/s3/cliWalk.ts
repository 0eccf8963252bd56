import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pointAt, type AwsCliGeneration, type AwsCliProgram } from '../../support/awsCli.ts';
import type { Missing } from '../../support/installOnce.ts';
import { declareToolWalk, fetchText, isBigFile, isTree, type ToolScene } from './toolWalk.ts';
import { bigFile, oddKeys, pageKeys, text } from './walkFolder.ts';

/** Declares the walk through S3 with one generation of the AWS command line, each command as a person would type it. */
export function declareCliWalk(generation: AwsCliGeneration, program: AwsCliProgram | Missing): void {
  const missing = 'missing' in program ? program.missing : undefined;
  const client = 'missing' in program ? `AWS CLI (${generation})` : `AWS CLI ${program.version}`;
  const point = (endpoint: string) => {
    assert.ok(!('missing' in program));
    const cli = pointAt(program, { endpoint });
    return (args: readonly string[]) => cli.run(args);
  };
  declareToolWalk(client, missing, point, {
    'make a bucket': async ({ ok, buckets }) => {
      assert.match(await ok('s3', 'mb', 's3://walk'), /make_bucket: walk/);
      assert.match(await ok('s3', 'ls'), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d walk\n$/);
      assert.deepEqual(await buckets(), ['walk']);
    },
    'put and get': async ({ ok, file }) => {
      await ok('s3', 'cp', file('text.txt'), 's3://walk/text', '--content-type', 'text/plain; charset=utf-8', '--metadata', 'city=seoul');
      assert.equal(await ok('s3', 'cp', 's3://walk/text', '-'), text);
      await ok('s3api', 'get-object', '--bucket', 'walk', '--key', 'text', '--range', 'bytes=0-5', file('range'));
      assert.equal(readFileSync(file('range'), 'utf8'), '하늘');
    },
    'metadata and type of an object': async ({ ok }) => {
      const head = JSON.parse(await ok('s3api', 'head-object', '--bucket', 'walk', '--key', 'text')) as { ContentType: string; Metadata: { city: string }; ContentLength: number };
      assert.deepEqual([head.ContentType, head.Metadata.city, head.ContentLength], ['text/plain; charset=utf-8', 'seoul', Buffer.byteLength(text)]);
    },
    'keys of every kind': putOddKeys,
    'list, folded': async (scene) => {
      for (const key of ['a/1', 'a/2', 'b/1', 'c']) {
        mkdirSync(scene.file(dirname(`fold/${key}`)), { recursive: true });
        writeFileSync(scene.file(`fold/${key}`), 'x');
      }
      await scene.ok('s3', 'cp', '--recursive', scene.file('fold'), 's3://walk/fold');
      const lines = (await scene.ok('s3', 'ls', 's3://walk/fold/')).trimEnd().split('\n');
      assert.deepEqual(lines.map((line) => line.trim().replace(/^\d{4}-\S+ \S+ +/, '')), ['PRE a/', 'PRE b/', '1 c']);
    },
    'list, page by page': async (scene) => {
      const folder = scene.file('pages');
      mkdirSync(folder);
      for (const key of pageKeys) writeFileSync(scene.file(key), 'x');
      await scene.ok('s3', 'cp', folder, 's3://walk/pages', '--recursive');
      const lines = (await scene.ok('s3', 'ls', 's3://walk/pages/', '--page-size', '7')).trimEnd().split('\n');
      assert.deepEqual(lines.map((line) => `pages/${line.slice(31)}`), pageKeys);
    },
    'upload in parts': uploadInParts,
    'download in parts': async ({ ok, file }) => {
      // Above 8 MiB the command line downloads ranges side by side.
      await ok('s3', 'cp', 's3://walk/big', file('again.bin'));
      isBigFile(file('again.bin'));
    },
    'copy': async ({ ok, body }) => {
      await ok('s3', 'cp', `s3://walk/${oddKeys[0] ?? ''}`, 's3://walk/copied');
      assert.equal(await body('copied'), oddKeys[0]);
    },
    'copy in parts': async ({ ok, isBigInParts }) => {
      const copy = async (...args: string[]) => JSON.parse(await ok('s3api', ...args, '--bucket', 'walk', '--key', 'big copy')) as { UploadId?: string; CopyPartResult?: { ETag: string } };
      const { UploadId = '' } = await copy('create-multipart-upload');
      const Parts = [];
      for (const [at, range] of ['0-5242879', '5242880-10485759', `10485760-${bigFile.length - 1}`].entries()) {
        const made = await copy('upload-part-copy', '--upload-id', UploadId, '--part-number', `${at + 1}`, '--copy-source', 'walk/big', '--copy-source-range', `bytes=${range}`);
        Parts.push({ PartNumber: at + 1, ETag: made.CopyPartResult?.ETag });
      }
      await copy('complete-multipart-upload', '--upload-id', UploadId, '--multipart-upload', JSON.stringify({ Parts }));
      await isBigInParts('big copy');
    },
    'sync there and back': async ({ ok, file, keys }) => {
      await ok('s3', 'sync', file('tree'), 's3://walk/tree');
      assert.equal(await ok('s3', 'sync', file('tree'), 's3://walk/tree'), '', 'nothing has changed');
      await ok('s3', 'sync', 's3://walk/tree', file('back'));
      isTree(file('back'));
      rmSync(file('tree/one.txt'));
      await ok('s3', 'sync', '--delete', file('tree'), 's3://walk/tree');
      assert.equal((await keys('tree/')).length, 2);
    },
    'presigned download': async ({ ok }) => assert.equal(await fetchText(await ok('s3', 'presign', 's3://walk/text', '--expires-in', '60')), text),
    // CLI 2.9 has no parameter for it.
    ...(generation === 'debian' ? {} : { 'put if there is none': refuseSecond }),
    'delete many': async ({ ok, keys }) => {
      await ok('s3', 'rm', 's3://walk/pages', '--recursive');
      const Objects = (await keys('odd/')).map((Key) => ({ Key }));
      await ok('s3api', 'delete-objects', '--bucket', 'walk', '--delete', JSON.stringify({ Objects }));
      assert.deepEqual([await keys('pages/'), await keys('odd/')], [[], []]);
    },
    'error: no such key': ({ fails, file }) => fails(/\(NoSuchKey\) when calling the GetObject operation: The specified key does not exist\./, 's3api', 'get-object', '--bucket', 'walk', '--key', 'absent', file('absent')),
    'error: no such bucket': ({ fails }) => fails(/\(NoSuchBucket\) when calling the ListObjectsV2 operation: The specified bucket does not exist/, 's3', 'ls', 's3://walk-absent'),
    'error: wrong digest': ({ fails, file }) =>
      fails(/\(BadDigest\) when calling the PutObject operation/, 's3api', 'put-object', '--bucket', 'walk', '--key', 'wrong', '--body', file('text.txt'), '--content-md5', '1B2M2Y8AsgTpgAmY7PhCfg=='),
    'remove the bucket': async ({ ok, fails, buckets }) => {
      await fails(/BucketNotEmpty/, 's3', 'rb', 's3://walk');
      await ok('s3', 'rb', 's3://walk', '--force');
      assert.deepEqual(await buckets(), []);
    },
  });
}

async function putOddKeys({ ok, file, body, keys }: ToolScene): Promise<void> {
  mkdirSync(file('odd'));
  // No file is called like that; the last of them stands for keys typed at the prompt.
  const byHand = oddKeys.filter((key) => key.includes('//') || key === oddKeys.at(-1));
  for (const key of oddKeys) writeFileSync(file(byHand.includes(key) ? 'by hand' : key), key);
  await ok('s3', 'cp', '--recursive', file('odd'), 's3://walk/odd');
  for (const key of byHand) {
    writeFileSync(file('by hand'), key);
    await ok('s3', 'cp', file('by hand'), `s3://walk/${key}`);
  }
  for (const key of oddKeys) assert.equal(await body(key), key);
  assert.deepEqual(await keys('odd/'), oddKeys);
  const { Contents } = JSON.parse(await ok('s3api', 'list-objects-v2', '--bucket', 'walk', '--prefix', 'odd/')) as { Contents: { Key: string }[] };
  assert.deepEqual(Contents.map(({ Key }) => Key), oddKeys);
}

/** By hand, out of order and with one part sent twice, because `s3 cp` takes parts of 8 MiB. */
async function uploadInParts({ ok, file, isBigInParts, keys }: ToolScene): Promise<void> {
  await ok('s3', 'cp', file('big.bin'), 's3://walk/by cp');
  assert.deepEqual(await keys('by'), ['by cp']);
  const call = async (...args: string[]) => JSON.parse(await ok('s3api', ...args, '--bucket', 'walk', '--key', 'big')) as { UploadId?: string; ETag?: string; Parts?: object[] };
  const { UploadId = '' } = await call('create-multipart-upload');
  const tags = new Map<number, string>();
  for (const number of [3, 1, 2, 1]) {
    writeFileSync(file('part'), bigFile.subarray((number - 1) * 5 * 2 ** 20, number * 5 * 2 ** 20));
    tags.set(number, (await call('upload-part', '--upload-id', UploadId, '--part-number', `${number}`, '--body', file('part'))).ETag ?? '');
  }
  assert.equal((await call('list-parts', '--upload-id', UploadId)).Parts?.length, 3);
  const Parts = [1, 2, 3].map((PartNumber) => ({ PartNumber, ETag: tags.get(PartNumber) }));
  await call('complete-multipart-upload', '--upload-id', UploadId, '--multipart-upload', JSON.stringify({ Parts }));
  await isBigInParts('big');
}

async function refuseSecond({ ok, fails, file, body }: ToolScene): Promise<void> {
  const once = ['s3api', 'put-object', '--bucket', 'walk', '--key', 'once', '--body', file('text.txt'), '--if-none-match', '*'];
  await ok(...once);
  await fails(/\(PreconditionFailed\) when calling the PutObject operation/, ...once);
  assert.equal(await body('once'), text);
}
