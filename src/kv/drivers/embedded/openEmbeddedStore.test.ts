import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakeClock } from '../../../base/clock.ts';
import { UserFacingError } from '../../../base/errors.ts';
import { silentLogger } from '../../../base/log.ts';
import { createSeededRandom } from '../../../base/random.ts';
import type { Store } from '../../store.ts';
import { openEmbeddedStore } from './openEmbeddedStore.ts';

const key = (text: string): Uint8Array => Buffer.from(text);
const open = (folder: string): Promise<Store> =>
  openEmbeddedStore({ folder, clock: createFakeClock(), random: createSeededRandom(1), log: silentLogger });

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'haneul-embedded-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const says = (pattern: RegExp) => (error: unknown) => error instanceof UserFacingError && pattern.test(error.message);

test('openEmbeddedStore refuses a directory in use and names the process, until it is closed', () =>
  withFolder(async (folder) => {
    const store = await open(folder);
    await assert.rejects(open(folder), says(new RegExp(`in use by process ${process.pid}`)));
    await store.transact(async (tx) => tx.set(key('a'), key('1')));
    await store.close();
    const again = await open(folder);
    assert.equal((await again.getMany([key('a')]))[0]?.length, 1);
    await again.close();
    assert.deepEqual((await readdir(folder)).filter((name) => name.startsWith('owner')), []);
  }));

test('openEmbeddedStore takes over what a dead process left, also when its id is in use again', () =>
  withFolder(async (folder) => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    for (const left of [
      JSON.stringify({ pid: child.pid, started: '', nonce: 'dead' }),
      JSON.stringify({ pid: process.pid, started: 'another boot/1', nonce: 'dead' }),
      '{"pid":',
      '',
    ]) {
      await writeFile(join(folder, 'owner.json'), left);
      await (await open(folder)).close();
    }
  }));

test('openEmbeddedStore lets only one of many that find a dead owner in', () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, 'owner.json'), JSON.stringify({ pid: process.pid, started: 'another boot/1', nonce: 'dead' }));
    // One of them died while it took over.
    await writeFile(join(folder, 'owner.json.after.dead'), JSON.stringify({ pid: process.pid, started: 'another boot/2', nonce: 'deadf' }));
    const openings = await Promise.allSettled([1, 2, 3, 4, 5, 6].map((seed) =>
      openEmbeddedStore({ folder, clock: createFakeClock(), random: createSeededRandom(seed), log: silentLogger }),
    ));
    const opened = openings.filter((opening) => opening.status === 'fulfilled');
    assert.equal(opened.length, 1);
    for (const opening of opened) await opening.value.close();
    assert.deepEqual((await readdir(folder)).filter((name) => name.startsWith('owner')), []);
  }));

test('openEmbeddedStore refuses another format, and says which', () =>
  withFolder(async (folder) => {
    for (const [content, pattern] of [
      ['{"format":2}', /newer version/],
      ['{"format":0}', /older version/],
      ['nonsense', /not a haneul format file/],
    ] as const) {
      await writeFile(join(folder, 'format.json'), content);
      await assert.rejects(open(folder), says(pattern));
    }
    await rm(join(folder, 'format.json'));
    await (await open(folder)).close();
    assert.equal(await readFile(join(folder, 'format.json'), 'utf8'), '{"format":1}\n');
  }));

test('openEmbeddedStore says what is wrong with a directory that it cannot use', () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, 'file'), '');
    await assert.rejects(open(join(folder, 'file')), says(/not a directory/));
    await mkdir(join(folder, 'damaged'));
    await writeFile(join(folder, 'damaged', 'data.mdb'), Buffer.alloc(100_000, 'damage'));
    await assert.rejects(open(join(folder, 'damaged')), says(/is damaged or not a haneul data file/));
    await (await open(join(folder, 'new', 'deeper'))).close();
    assert.equal((await stat(join(folder, 'new', 'deeper'))).mode & 0o777, 0o700);
  }));

test('openEmbeddedStore refuses writes on a full disk in one sentence, reads on, and writes again when there is room', (t) =>
  withFolder(async (folder) => {
    if (!tryMount(folder, 'size=3m')) return t.skip('needs the right to mount a small file system');
    const store = await open(join(folder, 'data'));
    try {
      const write = (index: number): Promise<void> => store.transact(async (tx) => tx.set(key(`row/${index}`), Buffer.alloc(50_000)));
      let written = 0;
      await assert.rejects(
        async () => {
          for (; ; written += 1) await write(written);
        },
        says(/^no space left for the data directory/),
      );
      // LMDB itself does not survive many commits that it cannot write.
      for (let count = 0; count < 200; count += 1) await assert.rejects(write(written), says(/^no space left/));
      const rows = await store.read((tx) => tx.range({ from: key('row/'), to: key('row0'), limit: 10_000 }));
      assert.equal(rows.length, written);
      tryMount(folder, 'remount,size=6m');
      await write(written);
    } finally {
      await store.close();
      execFileSync('umount', [folder]);
    }
  }));

function tryMount(folder: string, options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
