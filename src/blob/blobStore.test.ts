import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { createFakeClock } from '../base/clock.ts';
import type { MovableClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { cryptoRandom } from '../base/random.ts';
import { openMemoryStore } from '../kv/drivers/memory/openMemoryStore.ts';
import type { Store } from '../kv/store.ts';
import type { BlobId } from './blobId.ts';
import { openBlobStore } from './blobStore.ts';
import type { BlobStore } from './blobStore.ts';
import { openMemoryBlobStore } from './memoryBlobStore.ts';

interface Setting {
  readonly clock: MovableClock;
  readonly blobs: BlobStore;
  readonly store: Store;
  readonly folder: string;
  reopen(): Promise<BlobStore>;
}

async function withBlobs(work: (setting: Setting) => Promise<void>, inMemory = false): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'haneul-blob-'));
  const store = openMemoryStore({ clock: createFakeClock(), random: cryptoRandom });
  const clock = createFakeClock();
  const opened: BlobStore[] = [];
  const reopen = async (): Promise<BlobStore> => {
    const blobs = inMemory
      ? openMemoryBlobStore({ clock, random: cryptoRandom })
      : await openBlobStore({ folder, store, clock, random: cryptoRandom, log: silentLogger });
    opened.push(blobs);
    return blobs;
  };
  try {
    await work({ clock, blobs: await reopen(), store, folder, reopen });
  } finally {
    for (const blobs of opened) await blobs.close();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false);

for (const inMemory of [false, true]) {
  const kind = inMemory ? 'memory' : 'files';

  test(`duplicate gives the body a second life of its own (${kind})`, () =>
    withBlobs(async ({ blobs, store }) => {
      const { id, bytes } = await blobs.write(Buffer.from('shared'));
      assert.equal(bytes, 6);
      const [copy] = await blobs.duplicate([id]);
      assert.ok(copy);
      await store.transact(async (tx) => blobs.adopt(tx, copy));
      await blobs.delete(id);
      assert.equal(String(await blobs.read(copy)), 'shared');
      await assert.rejects(blobs.duplicate([id]));
    }, inMemory));

  test(`a large body is kept, read, duplicated and removed like a small one (${kind})`, () =>
    withBlobs(async ({ blobs, store }) => {
      const body = Buffer.alloc(3_000_000, 'large');
      const { id, bytes, sha256 } = await blobs.put(Readable.from([body.subarray(0, 700_000), body.subarray(700_000)]));
      assert.deepEqual([bytes, sha256], [body.length, createHash('sha256').update(body).digest('base64')]);
      assert.ok((await blobs.read(id)).equals(body));
      assert.equal(await text(await blobs.open(id, { start: 2_999_998 })), 'ge');
      const [copy] = await blobs.duplicate([id]);
      assert.ok(copy);
      await store.transact(async (tx) => blobs.adopt(tx, copy));
      const path = blobs.filePath(id);
      await blobs.delete(id);
      assert.equal(await exists(path), false);
      assert.ok((await readFile(blobs.filePath(copy))).equals(body));
      const failing = Readable.from((function* () {
        yield Buffer.alloc(2_000_000);
        throw new RangeError('gone');
      })());
      await assert.rejects(blobs.put(failing), RangeError);
    }, inMemory));

  test(`keep defers removal until the last reader has released (${kind})`, () =>
    withBlobs(async ({ blobs, store }) => {
      const { id } = await blobs.write(Buffer.from('read'));
      const release = blobs.keep([id]);
      const other = blobs.keep([id]);
      await store.transact(async (tx) => blobs.discard(tx, id));
      release();
      release();
      assert.equal(String(await blobs.read(id)), 'read');
      other();
      await blobs.close();
      await assert.rejects(blobs.read(id));
    }, inMemory));

  test(`put keeps bytes and streams, and tells their length and checksum (${kind})`, () =>
    withBlobs(async ({ blobs, store }) => {
      const body = Buffer.alloc(300_000, 'haneul');
      const sha256 = createHash('sha256').update(body).digest('base64');
      const whole = await blobs.put(body);
      const streamed = await blobs.put(Readable.from([body.subarray(0, 7), body.subarray(7)]));
      assert.deepEqual([whole.bytes, whole.sha256, streamed.bytes, streamed.sha256], [300_000, sha256, 300_000, sha256]);
      assert.notEqual(whole.id, streamed.id);
      await store.transact(async (tx) => blobs.adopt(tx, streamed.id));
      assert.ok((await blobs.read(streamed.id)).equals(body));
      assert.ok((await readFile(blobs.filePath(streamed.id))).equals(body));
      assert.equal((await stat(blobs.filePath(streamed.id))).mode & 0o777, 0o600);
      assert.equal((await stat(dirname(blobs.filePath(streamed.id)))).mode & 0o777, 0o700);
      const empty = await blobs.put(Buffer.alloc(0));
      assert.equal((await blobs.read(empty.id)).length, 0);
    }, inMemory));

  test(`open reads a range with both ends included (${kind})`, () =>
    withBlobs(async ({ blobs }) => {
      const { id } = await blobs.put(Buffer.from('0123456789'));
      assert.equal(await text(await blobs.open(id)), '0123456789');
      assert.equal(await text(await blobs.open(id, { start: 2, end: 4 })), '234');
      assert.equal(await text(await blobs.open(id, { start: 8 })), '89');
      assert.equal(await text(await blobs.open(id, { start: 8, end: 99 })), '89');
      await assert.rejects(blobs.open(id, { start: 4, end: 2 }), /not a blob range/);
    }, inMemory));

  test(`discard removes the blob once its transaction has committed, and only then (${kind})`, () =>
    withBlobs(async ({ blobs, store }) => {
      const { id } = await blobs.put(Buffer.from('x'));
      await store.transact(async (tx) => blobs.adopt(tx, id));
      const path = blobs.filePath(id);
      await assert.rejects(
        store.transact(async (tx) => {
          blobs.discard(tx, id);
          throw new RangeError('no');
        }),
        RangeError,
      );
      assert.equal(await exists(path), true);
      await store.transact(async (tx) => blobs.discard(tx, id));
      await blobs.close();
      assert.equal(await exists(path), false);
      await assert.rejects(blobs.read(id), /missing/);
    }, inMemory));

  test(`filePath refuses what is not a blob id (${kind})`, () =>
    withBlobs(async ({ blobs }) => {
      assert.throws(() => blobs.filePath('../../etc/passwd' as BlobId), /not a blob id/);
      await assert.rejects(blobs.read('ff' as BlobId), /not a blob id/);
    }, inMemory));

  test(`put is undone when no transaction adopts the blob within an hour (${kind})`, () =>
    withBlobs(async ({ blobs, store, clock }) => {
      const orphan = await blobs.put(Buffer.from('orphan'));
      const kept = await blobs.put(Buffer.from('kept'));
      const deleted = await blobs.put(Buffer.from('deleted'));
      await store.transact(async (tx) => blobs.adopt(tx, kept.id));
      await blobs.delete(deleted.id);
      clock.advance(1_800_000);
      const younger = await blobs.put(Buffer.from('younger'));
      clock.advance(1_800_000);
      await new Promise((resolve) => setImmediate(resolve));
      await blobs.delete(deleted.id);
      assert.equal((await blobs.read(kept.id)).toString(), 'kept');
      assert.equal((await blobs.read(younger.id)).toString(), 'younger');
      clock.advance(1_800_000);
      await blobs.close();
      await assert.rejects(blobs.read(orphan.id), /missing/);
      if (!inMemory) {
        await assert.rejects(blobs.read(younger.id), /missing/);
        assert.equal((await blobs.read(kept.id)).toString(), 'kept');
      }
    }, inMemory));

  test(`delete removes a blob, and again does nothing (${kind})`, () =>
    withBlobs(async ({ blobs }) => {
      const { id } = await blobs.put(Buffer.from('x'));
      await blobs.delete(id);
      await blobs.delete(id);
      await assert.rejects(blobs.open(id), /missing/);
    }, inMemory));
}

test('openBlobStore removes blobs that nothing adopted, and keeps the others', () =>
  withBlobs(async ({ blobs, store, folder, reopen }) => {
    const kept = await blobs.put(Buffer.from('kept'));
    const orphan = await blobs.put(Buffer.from('orphan'));
    await store.transact(async (tx) => blobs.adopt(tx, kept.id));
    const again = await reopen();
    assert.equal((await again.read(kept.id)).toString(), 'kept');
    assert.equal(await exists(again.filePath(orphan.id)), false);
    assert.deepEqual(await readdir(join(folder, 'drafts')), []);
    assert.deepEqual(await store.read((tx) => tx.range({ from: Buffer.from([0]), to: Buffer.from([0xff]), limit: 10 })), []);
  }));

test('put leaves nothing behind when its stream breaks', () =>
  withBlobs(async ({ blobs, store, folder }) => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('half');
        throw new RangeError('connection lost');
      })(),
    );
    await assert.rejects(blobs.put(broken), RangeError);
    assert.deepEqual(await readdir(join(folder, 'drafts')), []);
    assert.deepEqual(await store.read((tx) => tx.range({ from: Buffer.from([0]), to: Buffer.from([0xff]), limit: 10 })), []);
  }));
