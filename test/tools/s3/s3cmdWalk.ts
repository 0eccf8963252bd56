import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Missing } from '../../support/installOnce.ts';
import { baseEnvironment, runCommand } from '../../support/runCommand.ts';
import type { S3Program } from '../../support/s3Programs.ts';
import { declareToolWalk, fetchText, isBigFile, isTree } from './toolWalk.ts';
import { oddKeys, pageKeys, text } from './walkFolder.ts';

/** Declares the walk through S3 with s3cmd. */
export function declareS3cmdWalk(program: S3Program | Missing): void {
  const missing = 'missing' in program ? program.missing : undefined;
  const point = (endpoint: string) => {
    assert.ok(!('missing' in program));
    const { host } = new URL(endpoint);
    const where = ['--config=/dev/null', `--host=${host}`, `--host-bucket=${host}`, '--no-ssl', '--access_key=test', '--secret_key=test', '--region=us-east-1', '--no-progress'];
    const env = { ...baseEnvironment(), ...program.env, PYTHONIOENCODING: 'utf-8', LC_ALL: 'C.UTF-8' };
    return (args: readonly string[]) => runCommand(program.command, [...program.leadingArgs, ...where, ...args], { env, timeoutMs: 90_000 });
  };
  const namesOf = (listing: string): string[] => listing.trimEnd().split('\n').map((line) => line.slice(line.indexOf('s3://walk/') + 10));
  declareToolWalk('missing' in program ? 's3cmd' : `s3cmd ${program.version}`, missing, point, {
    'make a bucket': async ({ ok, buckets }) => {
      await ok('mb', 's3://walk');
      assert.match(await ok('ls'), /s3:\/\/walk\n$/);
      assert.deepEqual(await buckets(), ['walk']);
    },
    'put and get': async ({ ok, file }) => {
      await ok('put', file('text.txt'), 's3://walk/text', '--mime-type=text/plain; charset=utf-8', '--add-header=x-amz-meta-city:seoul');
      await ok('get', 's3://walk/text', file('got.txt'));
      assert.equal(readFileSync(file('got.txt'), 'utf8'), text);
      await ok('--signature-v2', 'get', '--force', 's3://walk/text', file('got.txt'));
      assert.equal(readFileSync(file('got.txt'), 'utf8'), text);
    },
    'metadata and type of an object': async ({ ok, type }) => {
      const seen = await ok('info', 's3://walk/text');
      assert.match(seen, /MIME type: +text\/plain; charset=utf-8\n/);
      assert.match(seen, new RegExp(`File size: +${Buffer.byteLength(text)}\n`));
      assert.match(seen, /x-amz-meta-city: +seoul\n/);
      assert.deepEqual(await type('text'), ['text/plain; charset=utf-8', 'seoul', Buffer.byteLength(text)]);
    },
    'keys of every kind': async ({ ok, file, body }) => {
      for (const key of oddKeys) {
        writeFileSync(file('odd'), key);
        await ok('put', file('odd'), `s3://walk/${key}`);
        assert.equal(await body(key), key);
      }
      assert.deepEqual(namesOf(await ok('ls', '--recursive', 's3://walk/odd/')), oddKeys);
    },
    'list, folded': async ({ ok, file }) => {
      for (const key of ['a/1', 'a/2', 'b/1', 'c']) await ok('put', file('text.txt'), `s3://walk/fold/${key}`);
      assert.deepEqual(namesOf(await ok('ls', 's3://walk/fold/')), ['fold/a/', 'fold/b/', 'fold/c']);
    },
    'upload in parts': async ({ ok, file, isBigInParts }) => {
      await ok('put', '--multipart-chunk-size-mb=5', file('big.bin'), 's3://walk/big');
      await isBigInParts('big');
    },
    'copy': async ({ ok, body, ownership }) => {
      // It asks for a private copy, which buckets refuse that have no access lists, as new ones have none.
      await ownership('ObjectWriter');
      await ok('cp', `s3://walk/${oddKeys[0] ?? ''}`, 's3://walk/copied');
      assert.equal(await body('copied'), oddKeys[0]);
    },
    'sync there and back': async ({ ok, file }) => {
      await ok('sync', `${file('tree')}/`, 's3://walk/tree/');
      mkdirSync(file('back'));
      await ok('sync', 's3://walk/tree/', `${file('back')}/`);
      isTree(file('back'));
      await ok('get', 's3://walk/big', file('again.bin'));
      isBigFile(file('again.bin'));
    },
    'presigned download, signature version 2': async ({ ok }) => {
      // s3cmd signs URLs in version 2 only.
      const url = await ok('signurl', 's3://walk/text', '+60');
      assert.match(url, /[?&]Signature=/);
      assert.equal(await fetchText(url), text);
    },
    'delete many': async ({ ok, keys, file }) => {
      for (const key of pageKeys.slice(0, 3)) await ok('put', file('text.txt'), `s3://walk/${key}`);
      await ok('del', '--recursive', '--force', 's3://walk/pages/');
      await ok('del', '--recursive', '--force', 's3://walk/odd/');
      assert.deepEqual([await keys('pages/'), await keys('odd/')], [[], []]);
    },
    'error: no such key': ({ fails, file }) => fails(/Source object 's3:\/\/walk\/absent' does not exist/, 'get', 's3://walk/absent', file('absent')),
    'error: no such bucket': ({ fails }) => fails(/NoSuchBucket|does not exist/, 'ls', 's3://walk-absent'),
    'remove the bucket': async ({ ok, fails, buckets }) => {
      await fails(/BucketNotEmpty|not empty/, 'rb', 's3://walk');
      await ok('rb', '--recursive', '--force', 's3://walk');
      assert.deepEqual(await buckets(), []);
    },
  });
}
