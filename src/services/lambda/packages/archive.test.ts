import assert from 'node:assert/strict';
import { lstat, mkdtemp, readFile, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { crc32 } from '../../../base/crc32.ts';
import { unpackArchive } from './archive.ts';
import type { ArchiveLimits, UnpackResult } from './archive.ts';

const limits: ArchiveLimits = { unzippedBytesMax: 100_000, entriesMax: 50, pathBytesMax: 1_000 };

interface RawEntry {
  readonly name: string;
  readonly content?: string | Buffer;
  /** Unix mode, file type included. */
  readonly mode?: number;
  readonly flags?: number;
  readonly method?: number;
  readonly checksum?: number;
  readonly declaredBytes?: number;
}

/** A zip archive exactly as told, sane or not. */
function rawZip(entries: readonly RawEntry[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const content = Buffer.from(entry.content ?? '');
    const method = entry.method ?? 0;
    const stored = method === 8 ? deflateRawSync(content) : content;
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(entry.flags ?? 0x800, 2);
    shared.writeUInt16LE(method, 4);
    shared.writeUInt32LE(entry.checksum ?? crc32(content), 10);
    shared.writeUInt32LE(stored.length, 14);
    shared.writeUInt32LE(entry.declaredBytes ?? content.length, 18);
    shared.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, name, stored]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), Buffer.from([20, 3]), shared, tail, name]));
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, central, Buffer.from('PK\x05\x06', 'latin1'), end]);
}

async function unpacking(archive: Uint8Array, check: (result: UnpackResult, folder: string) => Promise<void> | void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'haneul-archive-'));
  try {
    await check(await unpackArchive(archive, folder, limits), folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('unpackArchive writes files and folders that every user can read, and keeps the executable bit', async () => {
  const archive = rawZip([
    { name: 'lib/', mode: 0o040700 },
    { name: 'lib/tool', content: '#!/bin/sh\n', mode: 0o100700 },
    { name: 'index.mjs', content: 'export const handler = 1;', mode: 0o100600, method: 8 },
    { name: './deep/er/file.txt', content: 'deep' },
  ]);
  await unpacking(archive, async (result, folder) => {
    assert.deepEqual(result, { kind: 'unpacked', unzippedBytes: 10 + 25 + 4, entries: 4, nativeArchitectures: [], nativePythons: [] });
    assert.equal((await lstat(join(folder, 'lib'))).mode & 0o777, 0o755);
    assert.equal((await lstat(join(folder, 'lib/tool'))).mode & 0o777, 0o755);
    assert.equal((await lstat(join(folder, 'index.mjs'))).mode & 0o777, 0o644);
    assert.equal(await readFile(join(folder, 'index.mjs'), 'utf8'), 'export const handler = 1;');
    assert.equal(await readFile(join(folder, 'deep/er/file.txt'), 'utf8'), 'deep');
  });
});

/** The first bytes of a program for this machine number. */
function elfHead(machine: number): Buffer {
  const head = Buffer.alloc(64);
  head.write('\x7fELF', 'latin1');
  head.writeUInt16LE(machine, 18);
  return head;
}

test('unpackArchive tells for which machines the programs inside are', async () => {
  const archive = rawZip([
    { name: 'a.so', content: elfHead(0x3e), method: 8 },
    { name: 'b.so', content: elfHead(0xb7) },
    { name: 'c.so', content: elfHead(0x28) },
    { name: 'd.txt', content: 'ELF' },
  ]);
  await unpacking(archive, (result) => assert.deepEqual(result.kind === 'unpacked' && result.nativeArchitectures, ['40', 'arm64', 'x86_64']));
});

test('unpackArchive reads what an ordinary zip library writes', async () => {
  const archive = zipSync({ 'app.py': new TextEncoder().encode('def handler(event, context): pass\n'), package: { 'a.py': new Uint8Array(0) } });
  await unpacking(archive, async (result, folder) => {
    assert.equal(result.kind, 'unpacked');
    assert.deepEqual((await readdir(folder)).sort(), ['app.py', 'package']);
  });
});

test('unpackArchive keeps links that stay inside', async () => {
  const archive = rawZip([
    { name: 'node_modules/.bin/tool', content: '../tool/cli.js', mode: 0o120777 },
    { name: 'node_modules/tool/cli.js', content: 'x' },
    { name: 'current', content: 'node_modules', mode: 0o120777 },
  ]);
  await unpacking(archive, async (result, folder) => {
    assert.equal(result.kind, 'unpacked');
    assert.equal(await readlink(join(folder, 'node_modules/.bin/tool')), '../tool/cli.js');
    assert.equal(await readFile(join(folder, 'current/.bin/tool'), 'utf8'), 'x');
  });
});

const hostile: readonly { readonly what: string; readonly entries: readonly RawEntry[]; readonly reason?: 'broken' | 'too-large' }[] = [
  { what: 'a path that climbs out', entries: [{ name: '../evil', content: 'x' }] },
  { what: 'a path that climbs out later', entries: [{ name: 'a/b/../../../evil', content: 'x' }] },
  { what: 'an absolute path', entries: [{ name: '/etc/evil', content: 'x' }] },
  { what: 'a drive letter', entries: [{ name: 'C:/evil', content: 'x' }] },
  { what: 'backslashes', entries: [{ name: 'lib\\evil', content: 'x' }] },
  { what: 'a NUL in a name', entries: [{ name: 'a\0b', content: 'x' }] },
  { what: 'a name too long for the file system', entries: [{ name: 'n'.repeat(300), content: 'x' }] },
  { what: 'a path longer than the limit', entries: [{ name: 'n/'.repeat(600) + 'x', content: 'x' }] },
  { what: 'an absolute link', entries: [{ name: 'l', content: '/etc/passwd', mode: 0o120777 }] },
  { what: 'a link that leads outside', entries: [{ name: 'a/l', content: '../../x', mode: 0o120777 }] },
  {
    what: 'a link that leads outside through another link',
    entries: [
      { name: 's/x', content: '../t', mode: 0o120777 },
      { name: 's/l', content: 'x/../../up', mode: 0o120777 },
    ],
  },
  {
    what: 'a file written through a link',
    entries: [
      { name: 'l', content: '.', mode: 0o120777 },
      { name: 'l/evil', content: 'x' },
    ],
  },
  {
    what: 'a file below a file',
    entries: [
      { name: 'a', content: 'x' },
      { name: 'a/b', content: 'x' },
    ],
  },
  {
    what: 'duplicate names',
    entries: [
      { name: 'a', content: 'x' },
      { name: './a', content: 'y' },
    ],
  },
  { what: 'a character device', entries: [{ name: 'null', mode: 0o020666 }] },
  { what: 'a named pipe', entries: [{ name: 'pipe', mode: 0o010666 }] },
  { what: 'an encrypted entry', entries: [{ name: 'a', content: 'x', flags: 0x801 }] },
  { what: 'an unknown compression method', entries: [{ name: 'a', content: 'x', method: 99 }] },
  { what: 'a wrong checksum', entries: [{ name: 'a', content: 'x', checksum: 1 }] },
  { what: 'content longer than declared', entries: [{ name: 'a', content: 'xxxx', method: 8, declaredBytes: 1 }] },
  { what: 'content shorter than declared', entries: [{ name: 'a', content: 'x', method: 8, declaredBytes: 9 }] },
  { what: 'more entries than allowed', entries: Array.from({ length: 51 }, (_, index) => ({ name: `f${index}` })) },
  { what: 'a declared size over the limit', entries: [{ name: 'a', content: Buffer.alloc(100_001), method: 8 }], reason: 'too-large' },
  {
    what: 'sizes that only together pass the limit',
    entries: [
      { name: 'a', content: Buffer.alloc(60_000), method: 8 },
      { name: 'b', content: Buffer.alloc(60_000), method: 8 },
    ],
    reason: 'too-large',
  },
];

for (const { what, entries, reason = 'broken' } of hostile) {
  test(`unpackArchive refuses ${what}`, async () => {
    await unpacking(rawZip(entries), (result) => {
      assert.equal(result.kind, 'refused', JSON.stringify(result));
      assert.equal(result.kind === 'refused' && result.reason, reason);
    });
  });
}

test('unpackArchive refuses what is no archive, a cut-off archive and an empty one', async () => {
  const whole = rawZip([{ name: 'a', content: 'some content' }]);
  for (const bytes of [Buffer.alloc(0), Buffer.from('not a zip'), whole.subarray(0, whole.length - 8), whole.subarray(20)]) {
    await unpacking(bytes, (result) => assert.equal(result.kind === 'refused' && result.reason, 'broken'));
  }
  await unpacking(rawZip([]), (result) => assert.equal(result.kind === 'refused' && result.reason, 'empty'));
});

test('unpackArchive accepts a package of exactly the largest size', async () => {
  await unpacking(rawZip([{ name: 'a', content: Buffer.alloc(100_000), method: 8 }]), (result) => assert.equal(result.kind, 'unpacked'));
});

test('unpackArchive survives random damage without an unexpected error', async () => {
  const whole = zipSync({ 'index.js': new TextEncoder().encode('exports.handler = 1;'.repeat(50)), 'lib/a.js': new Uint8Array(100) });
  let seed = 20_260_101;
  for (let round = 0; round < 150; round++) {
    const damaged = Uint8Array.from(whole);
    for (let hit = 0; hit < 4; hit++) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      damaged[seed % damaged.length] = (seed >>> 16) & 0xff;
    }
    await unpacking(damaged, (result) => assert.ok(result.kind === 'refused' || result.kind === 'unpacked', `round ${round}`));
  }
});

test('unpackArchive tells which Python versions extension modules were built for', async () => {
  const names = ['numpy/core/_multiarray.cpython-311-x86_64-linux-gnu.so', 'yaml/_yaml.cpython-39-x86_64-linux-gnu.so', 'rust.abi3.so', 'cpython-312-notes.txt'];
  const archive = zipSync(Object.fromEntries(names.map((name) => [name, new Uint8Array([1])])));
  await unpacking(archive, (result) => assert.deepEqual(result.kind === 'unpacked' && result.nativePythons, ['3.9', '3.11']));
});

test('unpackArchive tells the newest Java that classes were compiled for, without those that only later ones load', async () => {
  const compiled = (release: number): Uint8Array => new Uint8Array([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 44 + release, 0, 1]);
  const files = { 'a/A.class': compiled(17), 'a/B.class': compiled(8), 'META-INF/versions/25/a/A.class': compiled(25), 'module-info.class': compiled(21), 'c.class': new Uint8Array(9), 'd.txt': compiled(25) };
  await unpacking(zipSync(files), (result) => assert.equal(result.kind === 'unpacked' && result.javaRelease, 17));
  await unpacking(zipSync({ 'd.txt': compiled(25) }), (result) => assert.equal(result.kind === 'unpacked' && result.javaRelease, undefined));
});
