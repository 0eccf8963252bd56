import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { Missing } from '../../support/installOnce.ts';
import { baseEnvironment, runCommand } from '../../support/runCommand.ts';
import type { S3Program } from '../../support/s3Programs.ts';
import { declareToolWalk, fetchText, isBigFile, isTree } from './toolWalk.ts';
import { oddKeys, pageKeys, text } from './walkFolder.ts';

// A name with nothing between two slashes is none to rclone.
const rcloneKeys = oddKeys.filter((key) => !key.includes('//'));
const parts = ['--s3-upload-cutoff', '5M', '--s3-chunk-size', '5M', '--s3-copy-cutoff', '5M'];

/** Declares the walk through S3 with rclone. */
export function declareRcloneWalk(program: S3Program | Missing): void {
  const missing = 'missing' in program ? program.missing : undefined;
  const point = (endpoint: string) => {
    assert.ok(!('missing' in program));
    const remote = { TYPE: 's3', PROVIDER: 'Other', ACCESS_KEY_ID: 'test', SECRET_ACCESS_KEY: 'test', REGION: 'us-east-1', ENDPOINT: endpoint, FORCE_PATH_STYLE: 'true' };
    const env: Record<string, string> = { ...baseEnvironment(), RCLONE_CONFIG: '/dev/null' };
    for (const [name, value] of Object.entries(remote)) Object.assign(env, { [`RCLONE_CONFIG_H_${name}`]: value, [`RCLONE_CONFIG_OLD_${name}`]: value });
    env['RCLONE_CONFIG_OLD_V2_AUTH'] = 'true';
    return (args: readonly string[]) => runCommand(program.command, ['--retries', '1', '--low-level-retries', '1', ...args], { env, timeoutMs: 90_000 });
  };
  declareToolWalk('missing' in program ? 'rclone' : `rclone ${program.version}`, missing, point, {
    'make a bucket': async ({ ok, buckets }) => {
      await ok('mkdir', 'h:walk');
      assert.match(await ok('lsd', 'h:'), / walk\n$/);
      assert.deepEqual(await buckets(), ['walk']);
    },
    'put and get': async ({ ok, file }) => {
      await ok('copyto', file('text.txt'), 'h:walk/text', '--header-upload', 'x-amz-meta-city: seoul', '--header-upload', 'content-type: text/plain; charset=utf-8');
      assert.equal(await ok('cat', 'h:walk/text'), text);
      assert.equal(await ok('cat', 'h:walk/text', '--count', '6'), '하늘');
      assert.equal(await ok('cat', 'old:walk/text'), text, 'signature version 2');
    },
    'metadata and type of an object': async ({ ok, type }) => {
      const seen = JSON.parse(await ok('lsjson', '--stat', 'h:walk/text')) as { Size: number; MimeType: string };
      assert.deepEqual([seen.MimeType, (await type('text'))[1], seen.Size], ['text/plain; charset=utf-8', 'seoul', Buffer.byteLength(text)]);
    },
    'keys of every kind': async ({ ok, file, body }) => {
      for (const key of rcloneKeys) {
        writeFileSync(file('odd'), key);
        await ok('copyto', file('odd'), `h:walk/${key}`);
        assert.equal(await body(key), key);
        assert.equal(await ok('cat', `h:walk/${key}`), key);
      }
      assert.deepEqual((await ok('lsf', '-R', 'h:walk/odd')).trimEnd().split('\n').map((name) => `odd/${name}`).toSorted(), rcloneKeys.toSorted());
    },
    'list, folded': async ({ ok, file }) => {
      for (const key of ['a/1', 'a/2', 'b/1', 'c']) await ok('copyto', file('text.txt'), `h:walk/fold/${key}`);
      assert.equal(await ok('lsf', 'h:walk/fold'), 'a/\nb/\nc\n');
    },
    'list, page by page': async ({ ok, file, keys }) => {
      for (const key of pageKeys) writeFileSync(file(key.replace('/', '-')), 'x');
      await ok('copy', file(''), 'h:walk/pages', '--include', '/pages-*');
      assert.equal((await keys('pages/')).length, pageKeys.length);
      assert.equal((await ok('lsf', '--s3-list-chunk', '7', 'h:walk/pages')).trimEnd().split('\n').length, pageKeys.length);
    },
    'upload in parts': async ({ ok, file, isBigInParts }) => {
      await ok('copyto', ...parts, file('big.bin'), 'h:walk/big');
      await isBigInParts('big');
    },
    'download in parts': async ({ ok, file }) => {
      await ok('copyto', '--multi-thread-cutoff', '5M', '--multi-thread-streams', '3', 'h:walk/big', file('again.bin'));
      isBigFile(file('again.bin'));
    },
    'copy': async ({ ok, body }) => {
      await ok('copyto', `h:walk/${oddKeys[0] ?? ''}`, 'h:walk/copied');
      assert.equal(await body('copied'), oddKeys[0]);
    },
    'copy in parts': async ({ ok, isBigInParts }) => {
      await ok('copyto', ...parts, 'h:walk/big', 'h:walk/big copy');
      await isBigInParts('big copy');
    },
    'sync there and back': async ({ ok, file }) => {
      await ok('sync', file('tree'), 'h:walk/tree');
      await ok('check', file('tree'), 'h:walk/tree');
      await ok('sync', 'h:walk/tree', file('back'));
      isTree(file('back'));
    },
    'presigned download': async ({ ok }) => assert.equal(await fetchText(await ok('link', '--expire', '1m', `h:walk/${oddKeys[0] ?? ''}`)), oddKeys[0]),
    'delete many': async ({ ok, keys }) => {
      await ok('delete', 'h:walk/pages');
      await ok('purge', 'h:walk/odd');
      assert.deepEqual([await keys('pages/'), await keys('odd/')], [[], []]);
    },
    'error: no such key': ({ fails }) => fails(/object not found/, 'deletefile', 'h:walk/absent'),
    'error: no such bucket': ({ fails }) => fails(/directory not found/, 'lsf', 'h:walk-absent'),
    'remove the bucket': async ({ ok, buckets }) => {
      await ok('purge', 'h:walk');
      assert.deepEqual(await buckets(), []);
    },
  });
}
