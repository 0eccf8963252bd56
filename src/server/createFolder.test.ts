import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFolder } from './createFolder.ts';

test('createFolder makes the folders above, for this user only, and takes one that is there', async () => {
  const home = mkdtempSync(join(tmpdir(), 'haneul-folder-'));
  try {
    const folder = join(home, 'a', 'b', 'c');
    await createFolder(folder);
    await createFolder(folder);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(join(home, 'a')).mode & 0o777, 0o700);
    writeFileSync(join(home, 'file'), '');
    await assert.rejects(createFolder(join(home, 'file')), { code: 'EEXIST' });
    await assert.rejects(createFolder(join(home, 'file', 'x')), { code: 'ENOTDIR' });
  } finally {
    rmSync(home, { recursive: true });
  }
});

test('createFolder ends where nothing can be created', { skip: process.platform !== 'linux' && 'not run: there is no /proc' }, async () => {
  await assert.rejects(createFolder('/proc/haneul/data'), { code: 'ENOENT' });
});
