import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakeClock } from '../../base/clock.ts';
import { UserFacingError } from '../../base/errors.ts';
import { silentLogger } from '../../base/log.ts';
import { cryptoRandom } from '../../base/random.ts';
import { openMemoryStore } from '../../kv/drivers/memory/openMemoryStore.ts';
import { decodeRecord, encodeRecord } from '../../kv/record.ts';
import type { Store } from '../../kv/store.ts';
import type { DataUpgrade } from '../../kv/dataFormat.ts';
import { keyRange, packKey } from '../../kv/tuple.ts';
import type { BlobId } from '../blobId.ts';
import { openBlobStore } from '../blobStore.ts';
import type { BlobStore } from '../blobStore.ts';
import { openMemoryBlobStore } from '../memoryBlobStore.ts';
import { createFrameFile, frameKinds } from './frames.ts';
import { loadSnapshot, verifySnapshot } from './loadSnapshot.ts';
import { saveSnapshot } from './saveSnapshot.ts';

const log = silentLogger;
const random = cryptoRandom;

interface Place {
  readonly folder: string;
  readonly path: string;
  open(name: string): Promise<{ store: Store; blobs: BlobStore }>;
}

async function withPlace(work: (place: Place) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'haneul-snapshot-'));
  const closers: (() => Promise<void>)[] = [];
  try {
    await work({
      folder,
      path: join(folder, 'state.snapshot'),
      async open(name) {
        const store = openMemoryStore({ clock: createFakeClock(), random });
        const blobs = await openBlobStore({ folder: join(folder, name), store, clock: createFakeClock(), random, log });
        closers.push(() => blobs.close(), () => store.close());
        return { store, blobs };
      },
    });
  } finally {
    for (const close of closers) await close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface FileRow {
  readonly body: string;
}

async function addFile({ store, blobs }: { store: Store; blobs: BlobStore }, name: string, body: Buffer): Promise<BlobId> {
  const { id } = await blobs.put(body);
  await store.transact(async (tx) => {
    blobs.adopt(tx, id);
    tx.set(packKey(['file', name]), encodeRecord({ body: id }));
  });
  return id;
}

async function readFileOf({ store, blobs }: { store: Store; blobs: BlobStore }, name: string): Promise<Buffer> {
  const [value] = await store.getMany([packKey(['file', name])]);
  assert.ok(value, `${name} is missing`);
  return blobs.read(decodeRecord<FileRow>(value).body as BlobId);
}

test('loadSnapshot brings back rows, bodies and secrets into another server, and what was there is gone', () =>
  withPlace(async ({ path, folder, open }) => {
    const first = await open('first');
    const large = random.bytes(3_000_000);
    await addFile(first, 'large', large);
    await addFile(first, 'empty', Buffer.alloc(0));
    const orphan = await first.blobs.put(Buffer.from('nobody refers to this'));
    await first.store.transact(async (tx) => tx.set(packKey(['n']), Buffer.alloc(90_000, 1)));
    const totals = await saveSnapshot({ path, ...first, secrets: { seal: Buffer.from('key') }, description: { version: '1' } });
    assert.deepEqual(totals, { rows: 3, blobs: 2 });
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual((await readdir(folder)).filter((name) => name.startsWith('state')), ['state.snapshot']);

    const second = await open('second');
    await second.store.transact(async (tx) => tx.set(packKey(['old']), Buffer.from('x')));
    const content = await loadSnapshot({ path, ...second, log });
    assert.equal(content.secrets['seal']?.toString(), 'key');
    assert.deepEqual(content.manifest.description, { version: '1' });
    assert.ok((await readFileOf(second, 'large')).equals(large));
    assert.equal((await readFileOf(second, 'empty')).length, 0);
    assert.equal((await second.store.getMany([packKey(['old'])]))[0], undefined);
    assert.equal((await second.store.getMany([packKey(['n'])]))[0]?.length, 90_000);
    await assert.rejects(second.blobs.read(orphan.id), /missing/);
    // Again over its own half: what an interrupted load does at the next start.
    await loadSnapshot({ path, ...second, log });
    assert.ok((await readFileOf(second, 'large')).equals(large));
  }));

test('saveSnapshot holds the moment of its call while files come and go', () =>
  withPlace(async ({ path, open }) => {
    const first = await open('first');
    const names = Array.from({ length: 30 }, (_, index) => `f${index}`);
    for (const name of names) await addFile(first, name, Buffer.from(name.repeat(5_000)));
    const busyBefore = first.blobs.put(Buffer.from('being put'));
    const saving = saveSnapshot({ path, ...first, secrets: {}, description: {} });
    for (const name of names) {
      const key = packKey(['file', name]);
      const [value] = await first.store.getMany([key]);
      const id = decodeRecord<FileRow>(value ?? Buffer.alloc(0)).body as BlobId;
      await first.store.transact(async (tx) => {
        tx.clear(key);
        first.blobs.discard(tx, id);
      });
      await addFile(first, `new-${name}`, Buffer.from('new'));
    }
    await busyBefore;
    assert.deepEqual(await saving, { rows: 30, blobs: 30 });
    const second = await open('second');
    await loadSnapshot({ path, ...second, log });
    for (const name of names) assert.equal((await readFileOf(second, name)).toString(), name.repeat(5_000));
    // What was held back has been removed by now.
    await first.blobs.close();
    const hold = first.blobs.hold();
    assert.equal((await hold.list()).length, 31);
    hold.release();
  }));

test('saveSnapshot and loadSnapshot work on bodies in memory', () =>
  withPlace(async ({ path }) => {
    const store = openMemoryStore({ clock: createFakeClock(), random });
    const blobs = openMemoryBlobStore({ random });
    const { id } = await blobs.put(Buffer.from('x'));
    const hold = blobs.hold();
    await blobs.delete(id);
    assert.equal((await blobs.read(id)).toString(), 'x');
    await saveSnapshot({ path, store, blobs, secrets: {}, description: {} });
    hold.release();
    await assert.rejects(blobs.read(id), /missing/);
    await loadSnapshot({ path, store, blobs, log });
    assert.equal((await blobs.read(id)).toString(), 'x');
  }));

test('verifySnapshot refuses what is cut short at any place, changed in any byte, newer, or something else', () =>
  withPlace(async ({ path, open }) => {
    const first = await open('first');
    await addFile(first, 'a', Buffer.from('body'));
    await saveSnapshot({ path, ...first, secrets: { seal: Buffer.from('key') }, description: {} });
    const whole = await readFile(path);
    const refused = async (text: RegExp): Promise<void> =>
      assert.rejects(verifySnapshot(path), (error) => error instanceof UserFacingError && text.test(error.message));
    for (let bytes = 0; bytes < whole.length; bytes += 7) {
      await truncate(path, 0);
      await writeFile(path, whole.subarray(0, bytes));
      await refused(/incomplete|not a haneul snapshot/);
    }
    for (let at = 0; at < whole.length; at += 5) {
      const changed = Buffer.from(whole);
      changed.writeUInt8(changed.readUInt8(at) ^ 0x40, at);
      await writeFile(path, changed);
      await refused(/damaged|not a haneul snapshot/);
    }
    const newer = await createFrameFile(path);
    await newer.write(frameKinds.manifest, Buffer.from(JSON.stringify({ dataFormat: 99, description: {} })));
    await newer.write(frameKinds.end, Buffer.from(JSON.stringify({ rows: 0, blobs: 0 })));
    await newer.close();
    await refused(/newer version/);
  }));

test('loadSnapshot upgrades what an older version saved', () =>
  withPlace(async ({ path, open }) => {
    const first = await open('first');
    await first.store.transact(async (tx) => tx.set(packKey(['user', 'a']), Buffer.from('old')));
    await saveSnapshot({ path, ...first, secrets: {}, description: {} });
    const upgrade: DataUpgrade = { from: 1, title: 'as new', range: keyRange(['user']), apply: async (tx, rows) => rows.forEach(({ key }) => tx.set(key, Buffer.from('new'))) };
    await loadSnapshot({ path, ...first, log, upgrades: [upgrade] });
    assert.equal(Buffer.from((await first.store.getMany([packKey(['user', 'a'])]))[0] ?? []).toString(), 'new');
  }));
