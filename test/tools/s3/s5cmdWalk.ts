import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Missing } from '../../support/installOnce.ts';
import { baseEnvironment, runCommand } from '../../support/runCommand.ts';
import type { S3Program } from '../../support/s3Programs.ts';
import { declareToolWalk, fetchText, isBigFile, isTree } from './toolWalk.ts';
import { oddKeys, pageKeys, text } from './walkFolder.ts';

/** Declares the walk through S3 with s5cmd. */
export function declareS5cmdWalk(program: S3Program | Missing): void {
  const missing = 'missing' in program ? program.missing : undefined;
  const point = (endpoint: string) => {
    assert.ok(!('missing' in program));
    const env = { ...baseEnvironment(), AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1', AWS_CONFIG_FILE: '/nonexistent', AWS_SHARED_CREDENTIALS_FILE: '/nonexistent' };
    return (args: readonly string[]) => runCommand(program.command, ['--endpoint-url', endpoint, '--retry-count', '0', ...args], { env, timeoutMs: 90_000 });
  };
  const namesOf = (listing: string): string[] => listing.trimEnd().split('\n').map((line) => line.replace(/^\s*(DIR|\S+ \S+ +\d+) +/, ''));
  declareToolWalk('missing' in program ? 's5cmd' : `s5cmd ${program.version}`, missing, point, {
    'make a bucket': async ({ ok, buckets }) => {
      await ok('mb', 's3://walk');
      assert.match(await ok('ls'), /s3:\/\/walk\n$/);
      assert.deepEqual(await buckets(), ['walk']);
    },
    'put and get': async ({ ok, file }) => {
      await ok('cp', '--content-type', 'text/plain; charset=utf-8', '--metadata', 'city=seoul', file('text.txt'), 's3://walk/text');
      assert.equal(await ok('cat', 's3://walk/text'), text);
    },
    'metadata and type of an object': async ({ ok, type }) => {
      assert.match(await ok('head', 's3://walk/text'), /text\/plain; charset=utf-8/);
      assert.deepEqual(await type('text'), ['text/plain; charset=utf-8', 'seoul', Buffer.byteLength(text)]);
    },
    'keys of every kind': async ({ ok, file, body }) => {
      for (const key of oddKeys) {
        writeFileSync(file('odd'), key);
        await ok('cp', '--raw', file('odd'), `s3://walk/${key}`);
        assert.equal(await body(key), key);
      }
      assert.deepEqual(namesOf(await ok('ls', 's3://walk/odd/*')).map((name) => `odd/${name}`), oddKeys);
    },
    'list, folded': async ({ ok, file }) => {
      for (const key of ['a/1', 'a/2', 'b/1', 'c']) await ok('cp', file('text.txt'), `s3://walk/fold/${key}`);
      assert.deepEqual(namesOf(await ok('ls', 's3://walk/fold/')), ['a/', 'b/', 'c']);
    },
    'upload in parts': async ({ ok, file, isBigInParts }) => {
      await ok('cp', '--part-size', '5', file('big.bin'), 's3://walk/big');
      await isBigInParts('big');
    },
    'download in parts': async ({ ok, file }) => {
      await ok('cp', '--part-size', '5', '--concurrency', '3', 's3://walk/big', file('again.bin'));
      isBigFile(file('again.bin'));
    },
    'copy': async ({ ok, body }) => {
      await ok('cp', '--raw', `s3://walk/${oddKeys[0] ?? ''}`, 's3://walk/copied');
      assert.equal(await body('copied'), oddKeys[0]);
    },
    'sync there and back': async ({ ok, file }) => {
      await ok('sync', `${file('tree')}/`, 's3://walk/tree/');
      mkdirSync(file('back'));
      await ok('sync', 's3://walk/tree/*', `${file('back')}/`);
      isTree(file('back'));
    },
    'presigned download': async ({ ok }) => assert.equal(await fetchText(await ok('presign', '--expire', '1m', 's3://walk/text')), text),
    'delete many': async ({ ok, keys, file }) => {
      mkdirSync(file('pages'));
      for (const key of pageKeys) writeFileSync(file(key), 'x');
      await ok('cp', `${file('pages')}/`, 's3://walk/pages/');
      assert.deepEqual(await keys('pages/'), pageKeys);
      await ok('rm', 's3://walk/pages/*', 's3://walk/odd/*');
      assert.deepEqual([await keys('pages/'), await keys('odd/')], [[], []]);
    },
    'error: no such key': ({ fails }) => fails(/given object s3:\/\/walk\/absent not found/, 'cat', 's3://walk/absent'),
    'error: no such bucket': ({ fails }) => fails(/NoSuchBucket: The specified bucket does not exist/, 'ls', 's3://walk-absent'),
    'remove the bucket': async ({ ok, fails, buckets }) => {
      await fails(/BucketNotEmpty/, 'rb', 's3://walk');
      await ok('rm', 's3://walk/*');
      await ok('rb', 's3://walk');
      assert.deepEqual(await buckets(), []);
    },
  });
}
