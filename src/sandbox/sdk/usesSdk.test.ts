import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { searchedBytesMax, searchedFilesMax } from './limits.ts';
import { usesSdk } from './usesSdk.ts';

function folderOf(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-uses-sdk-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

test('usesSdk sees a mention in any file of the language, and in layers', async (t) => {
  assert.equal(await usesSdk([folderOf(t, { 'index.mjs': `import { S3 } from '@aws-sdk/client-s3';` })], 'node'), true);
  assert.equal(await usesSdk([folderOf(t, { 'app.py': 'import os', 'lib/db.py': 'from boto3.dynamodb import conditions' })], 'python'), true);
  assert.equal(await usesSdk([folderOf(t, { 'app.py': 'import layer' }), folderOf(t, { 'python/layer.py': 'import botocore' })], 'python'), true);
});

test('usesSdk is silent about code without it, about other languages, and where the package brings its own', async (t) => {
  assert.equal(await usesSdk([folderOf(t, { 'index.js': 'exports.handler = async () => 1;', 'notes.md': '@aws-sdk/client-s3' })], 'node'), false);
  assert.equal(await usesSdk([folderOf(t, { 'app.py': 'boto = 3' })], 'python'), false);
  const bundled = { 'index.js': `require('@aws-sdk/client-s3')`, 'node_modules/@aws-sdk/client-s3/index.js': '' };
  assert.equal(await usesSdk([folderOf(t, bundled)], 'node'), false);
});

test('usesSdk takes a package that is too large to search for one that does', async (t) => {
  const many = Object.fromEntries(Array.from({ length: searchedFilesMax + 1 }, (_, index) => [`${index}.js`, '']));
  assert.equal(await usesSdk([folderOf(t, many)], 'node'), true);
  assert.equal(await usesSdk([folderOf(t, { 'bundle.js': ' '.repeat(searchedBytesMax + 1) })], 'node'), true);
});
