import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { imageMountPoints } from '../../../sandbox/image/mountPoints.ts';
import { run as unpackLayer } from './layerTask.ts';
import type { LayerAnswer } from './layerTask.ts';
import { run as makeTree } from './treeTask.ts';

const base = mkdtempSync(join(tmpdir(), 'haneul-layers-'));
after(() => rmSync(base, { recursive: true, force: true }));
let count = 0;
const newFolder = (): string => {
  const folder = join(base, String((count += 1)));
  mkdirSync(folder);
  return folder;
};

interface Entry {
  readonly path: string;
  readonly content?: string;
  readonly mode?: number;
  readonly type?: string;
  readonly link?: string;
  readonly size?: string;
}

function tar(entries: readonly Entry[], end = Buffer.alloc(1024)): Buffer {
  const blocks = entries.flatMap(({ path, content = '', mode = 0o644, type = '0', link = '', size }) => {
    const body = Buffer.from(content);
    const header = Buffer.alloc(512);
    header.write(path, 0, 100);
    header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
    header.write(size ?? `${body.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
    header.write('        ', 148);
    header.write(type, 156);
    header.write(link, 157, 100);
    header.write('ustar\x0000', 257);
    header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, end]);
}

const bounds = { bytesMax: 100_000, entriesMax: 100 };

async function unpack(archive: Buffer, more: Partial<typeof bounds & { readonly diffId: string; readonly stored: Buffer }> = {}): Promise<LayerAnswer & { readonly target: string }> {
  const path = join(newFolder(), 'layer');
  writeFileSync(path, more.stored ?? gzipSync(archive));
  const target = newFolder();
  const diffId = more.diffId ?? `sha256:${createHash('sha256').update(archive).digest('hex')}`;
  return { ...(await unpackLayer({ path, target, ...bounds, ...more, diffId })), target };
}

const reasonFor = async (archive: Buffer, more?: Parameters<typeof unpack>[1]): Promise<string> => {
  const answer = await unpack(archive, more);
  return answer.kind === 'refused' ? answer.reason : 'taken';
};

const pax = (text: string): Entry => ({ path: 'pax', type: 'x', content: `${text.length + String(text.length + 4).length + 2} ${text}\n` });

test('unpackLayer refuses hostile archives and writes nothing outside of its folder', async () => {
  const outside = join(base, 'escaped');
  const table: [string, Buffer, Parameters<typeof unpack>[1], RegExp][] = [
    ['a path that climbs', tar([{ path: '../../escaped', content: 'x' }]), {}, /leads out/],
    ['a path that climbs in the middle', tar([{ path: 'a/../../../escaped', content: 'x' }]), {}, /leads out/],
    ['an absolute path stays inside', tar([{ path: outside, content: 'x' }]), {}, /taken/],
    ['a whiteout that climbs', tar([{ path: 'a/.wh...' }]), {}, /leads out/],
    ['a file through a link', tar([{ path: 'l', type: '2', link: base }, { path: 'l/escaped', content: 'x' }]), {}, /below something that is no folder/],
    ['a file through a link of a link', tar([{ path: 'l', type: '2', link: '..' }, { path: 'l/l2', type: '2', link: '..' }]), {}, /no folder/],
    ['a hard link that climbs', tar([{ path: 'h', type: '1', link: '../../../../etc/passwd' }]), {}, /leads out/],
    ['a hard link through a link', tar([{ path: 'l', type: '2', link: '/etc' }, { path: 'h', type: '1', link: 'l/passwd' }]), {}, /taken/],
    ['a hard link to a link', tar([{ path: 'l', type: '2', link: '/etc/passwd' }, { path: 'h', type: '1', link: 'l' }]), {}, /no file/],
    ['a long path in an extended header', tar([pax(`path=../${'x'.repeat(50)}`), { path: 'x' }]), {}, /leads out/],
    ['an extended header that lies about its length', tar([{ path: 'p', type: 'x', content: '99 path=a\n' }, { path: 'x' }]), {}, /not valid/],
    ['an extended header without end', tar([{ path: 'p', type: 'x', size: '77777777777\0' }]), {}, /too long/],
    ['a file that is larger than the archive', tar([{ path: 'x', size: '00000007777\0' }]), {}, /cut off/],
    ['a size that is no number', tar([{ path: 'x', size: 'nonsense!!!\0' }]), {}, /number is not valid/],
    ['a size beyond all numbers', tar([{ path: 'x', size: `\x80${'\xff'.repeat(11)}` }]), {}, /too large/],
    ['a sparse file', tar([{ path: 'x', type: 'S' }]), {}, /sparse/],
    ['no archive', Buffer.from('not a tar archive'.repeat(100)), {}, /no tar archive|number is not valid/],
    ['an archive that is cut off', tar([{ path: 'x', content: 'y'.repeat(2_000) }], Buffer.alloc(0)).subarray(0, 1_200), {}, /cut off/],
    ['another archive than the configuration says', tar([{ path: 'x' }]), { diffId: `sha256:${'0'.repeat(64)}` }, /not what the configuration/],
    ['too many bytes', tar([{ path: 'x', content: 'y'.repeat(2_000) }]), { bytesMax: 1_999 }, /larger than/],
    ['a bomb of padding', tar([{ path: 'x' }], Buffer.alloc(1_000_000)), {}, /larger than/],
    ['too many files', tar(Array.from({ length: 101 }, (_, number) => ({ path: `f${number}` }))), {}, /too many files/],
    ['a compression that breaks off', tar([{ path: 'x' }]), { stored: gzipSync(tar([{ path: 'x' }])).subarray(0, 40) }, /compressed wrongly|cut off/],
    ['zstd where Node.js has none', Buffer.alloc(0), { stored: Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0]) }, /zstd|compressed wrongly|cut off|not what/],
    ['a name that is too long', tar([pax(`path=${'n'.repeat(300)}`), { path: 'x' }]), {}, /not valid/],
  ];
  for (const [what, archive, more, expected] of table) assert.match(await reasonFor(archive, more), expected, what);
  assert.equal(existsSync(outside), false);
});

test('unpackLayer keeps modes without set-user-id, leaves devices away, and takes archives that are not compressed', async () => {
  const archive = tar([
    { path: 'su', mode: 0o6755, content: 'x' }, { path: 'sticky/', type: '5', mode: 0o7777 }, { path: 'null', type: '3' }, { path: 'pipe', type: '6' },
    { path: './/etc/./motd', content: 'hello' }, { path: 'link', type: '2', link: '/etc/motd' }, { path: 'hard', type: '1', link: '/su' },
  ]);
  const { target, kind } = await unpack(archive, { stored: archive });
  assert.equal(kind, 'unpacked');
  const tree = join(target, 'tree');
  assert.deepEqual(readdirSync(tree).sort(), ['etc', 'hard', 'link', 'sticky', 'su']);
  assert.deepEqual([statSync(join(tree, 'su')).mode & 0o7777, statSync(join(tree, 'sticky')).mode & 0o7777], [0o755, 0o777]);
  assert.equal(readlinkSync(join(tree, 'link')), '/etc/motd');
  assert.equal(statSync(join(tree, 'hard')).ino, statSync(join(tree, 'su')).ino);
});

test('makeTree lays layers over each other with whiteouts, opaque folders and links to what is below', async () => {
  const below = await unpack(tar([
    { path: 'a/one', content: '1' }, { path: 'a/two', content: '2' }, { path: 'b/old', content: 'x' }, { path: 'c', content: 'file' }, { path: 'd/x', content: 'x' }, { path: 'tmp', type: '2', link: '/a' },
    { path: 'up', type: '2', link: '../../../../..' },
  ]));
  const above = await unpack(tar([
    { path: 'a/.wh.one' }, { path: 'b/.wh..wh..opq' }, { path: 'b/new', content: 'n' }, { path: 'c/inner', content: 'folder now' }, { path: 'd', content: 'file now' }, { path: 'e', type: '1', link: 'a/two' }, { path: 'up/.wh.etc' },
  ]));
  const target = newFolder();
  assert.equal(makeTree({ layers: [below.target, above.target], target, ...imageMountPoints }), true);
  assert.deepEqual(readdirSync(join(target, 'a')), ['two']);
  assert.deepEqual(readdirSync(join(target, 'b')), ['new']);
  assert.equal(readFileSync(join(target, 'c', 'inner'), 'utf8'), 'folder now');
  assert.equal(readFileSync(join(target, 'd'), 'utf8'), 'file now');
  assert.equal(statSync(join(target, 'e')).ino, statSync(join(target, 'a', 'two')).ino);
  // What the sandbox mounts over is a folder, whatever the image had there; and nothing outside was touched through `up`.
  assert.equal(lstatSync(join(target, 'tmp')).isDirectory(), true);
  assert.deepEqual(imageMountPoints.files.map((path) => lstatSync(join(target, path)).isFile()), [true, true, true]);
  assert.equal(existsSync('/etc'), true);
});

test('makeTree refuses hard links that lead nowhere, or through a link', async () => {
  const below = await unpack(tar([{ path: 'l', type: '2', link: '/etc' }]));
  for (const link of ['absent', 'l/passwd', 'l']) {
    const above = await unpack(tar([{ path: 'h', type: '1', link }]));
    assert.equal(makeTree({ layers: [below.target, above.target], target: newFolder(), ...imageMountPoints }), false, link);
  }
});
