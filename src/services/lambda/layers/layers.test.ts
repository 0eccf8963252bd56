import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { requireBlobId } from '../../../blob/blobId.ts';
import type { CodeReference } from '../store.ts';
import { requireCombinedSize } from './functionLayers.ts';
import { isBuiltIn, parseLayerName, parseLayerVersionArn } from './layerName.ts';
import { run as mergeFolders } from './mergeTask.ts';

const here = { account: '000000000000', region: 'us-east-1' };

test('parseLayerName and parseLayerVersionArn take names and ARNs, and tell versions from layers', () => {
  const arn = 'arn:aws:lambda:us-east-1:111111111111:layer:words';
  assert.deepEqual(parseLayerName('words', here), { ...here, name: 'words' });
  assert.deepEqual(parseLayerName(arn, here), { account: '111111111111', region: 'us-east-1', name: 'words' });
  assert.throws(() => parseLayerName(arn.replace('us-east-1', 'eu-west-1'), here), { code: 'ResourceNotFoundException' });
  assert.deepEqual(parseLayerVersionArn(`${arn}:12`), { account: '111111111111', region: 'us-east-1', name: 'words', version: 12 });
  for (const wrong of [arn, 'words:1', `${arn}:x`, `${arn}:1:2`, 'arn:aws:lambda:us-east-1:111111111111:function:words:1']) assert.equal(parseLayerVersionArn(wrong), undefined, wrong);
});

test('isBuiltIn knows the extension for parameters and secrets, and no other layer of AWS', () => {
  const named = (name: string): boolean => isBuiltIn({ ...here, name });
  assert.ok(named('AWS-Parameters-and-Secrets-Lambda-Extension') && named('AWS-Parameters-and-Secrets-Lambda-Extension-Arm64'));
  assert.ok(!named('AWSLambdaPowertoolsPythonV2') && !named('AWS-Parameters-and-Secrets-Lambda-Extension-2'));
});

test('requireCombinedSize allows 250 MB of code and layers, and not a byte more', () => {
  const code = (unzippedBytes: number): CodeReference => ({ blobId: requireBlobId('0'.repeat(32)), sha256: '', zippedBytes: 1, unzippedBytes, nativeArchitectures: [] });
  const layers = [{ arn: 'a', code: code(100_000_000) }, { arn: 'built in' }, { arn: 'b', code: code(100_000_000) }];
  requireCombinedSize({ code: code(62_144_000), layers });
  assert.throws(() => requireCombinedSize({ code: code(62_144_001), layers }), {
    code: 'InvalidParameterValueException',
    message: 'Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. The actual size is 262144001 bytes.',
  });
});

test('mergeFolders lets later layers win, whatever kind of thing they replace, and follows no link', async () => {
  const root = await mkdtemp(join(tmpdir(), 'haneul-merge-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  try {
    write('one/both', 'one');
    write('one/folder/deep', 'one');
    write('one/file', 'one');
    write('one/replaced/inner', 'one');
    symlinkSync('../../outside', join(root, 'one/link'));
    write('outside/untouched', 'outside');
    write('two/both', 'two');
    write('two/folder/other', 'two');
    write('two/file/inner', 'two');
    write('two/replaced', 'two');
    write('two/link/inner', 'two');
    symlinkSync('both', join(root, 'two/alias'));
    mkdirSync(join(root, 'target'));
    mergeFolders({ folders: [join(root, 'one'), join(root, 'two')], target: join(root, 'target') });
    const read = (path: string): string => readFileSync(join(root, 'target', path), 'utf8');
    assert.deepEqual(['both', 'folder/deep', 'folder/other', 'file/inner', 'replaced', 'link/inner'].map(read), ['two', 'one', 'two', 'two', 'two', 'two']);
    assert.ok(lstatSync(join(root, 'target/link')).isDirectory(), 'nothing was written through the link');
    assert.equal(readlinkSync(join(root, 'target/alias')), 'both');
    assert.equal(statSync(join(root, 'target/both')).ino, statSync(join(root, 'two/both')).ino, 'nothing is copied');
    assert.deepEqual([readFileSync(join(root, 'one/both'), 'utf8'), readFileSync(join(root, 'one/file'), 'utf8')], ['one', 'one'], 'the layers stay as they are');
  } finally {
    await rm(root, { recursive: true });
  }
});
