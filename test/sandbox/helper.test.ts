// The native helper: that it is what its sources say, that it does nothing else, and that nonsense ends it and nothing more.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Duplex } from 'node:stream';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { createSeededRandom } from '../../src/base/random.ts';
import { createLogger } from '../../src/base/log.ts';
import type { LogRecord } from '../../src/base/log.ts';
import { openHelper } from '../../src/sandbox/native/openHelper.ts';
import { encodeRequest, encodeStart } from '../../src/sandbox/native/protocol.ts';

const native = join(packageRoot, 'src', 'sandbox', 'native');
const prebuilt = join(native, 'prebuilt', process.arch, 'haneul-helper');
const isRoot = process.getuid?.() === 0;
const skip = !existsSync(prebuilt) ? `no helper for ${process.arch}` : isRoot ? false : 'the helper is root’s';
const folder = mkdtempSync(join(tmpdir(), 'haneul-helper-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const hash = (...parts: readonly Buffer[]): string => {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part).update('\0');
  return digest.digest('hex');
};

test('the prebuilt helpers are those that were built from the sources that are here', () => {
  const record = JSON.parse(readFileSync(join(native, 'prebuilt', 'record.json'), 'utf8')) as Record<string, { source: string; sha256: string }>;
  const sources = readdirSync(native).filter((name) => /\.[ch]$/.test(name)).sort();
  const source = hash(...sources.map((name) => readFileSync(join(native, name))));
  assert.deepEqual(Object.keys(record).sort(), ['arm64', 'x64']);
  for (const [architecture, built] of Object.entries(record)) {
    assert.equal(built.source, source, `${architecture} is older than its sources: node tools/native.mjs`);
    assert.equal(built.sha256, hash(readFileSync(join(native, 'prebuilt', architecture, 'haneul-helper'))), architecture);
  }
});

const canBuild = process.arch === 'x64' && spawnSync('musl-gcc', ['--version']).status === 0;
test('a helper that is built here behaves as the prebuilt one', { skip: skip || (canBuild ? false : 'musl-gcc is not installed') }, async () => {
  execFileSync(process.execPath, [join(packageRoot, 'tools', 'native.mjs'), '--out', folder], { stdio: 'ignore' });
  const built = join(folder, process.arch, 'haneul-helper');
  for (const program of [prebuilt, built]) {
    assert.equal(spawnSync(program, []).status, 64);
    assert.equal(spawnSync(program, ['enter', '0', '1', '1', 'run', '--', '/bin/true']).status, 126, 'never as root');
    assert.equal(spawnSync(program, ['enter', '20001', '-1', '1', 'run', '--', '/bin/true']).status, 126);
    await place(program);
  }
});

/** A process in a mount and a network namespace of its own, with the folders that mounts go to. */
async function confined(): Promise<ChildProcess> {
  const script = 'mount -t tmpfs none /mnt && mkdir -p /mnt/var/task /mnt/opt /mnt/tmp /mnt/usr /mnt/bin /mnt/lib /mnt/lib64 && for d in usr bin lib lib64; do mount --rbind /$d /mnt/$d; done; ip link set lo up; echo ready; exec chroot /mnt sleep 30';
  const child = spawn('unshare', ['--mount', '--net', '--propagation', 'private', '/bin/sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

async function place(program: string): Promise<void> {
  const logs: LogRecord[] = [];
  const helper = openHelper({ path: program, freezerFolder: undefined, log: createLogger((record) => logs.push(record), 'debug') });
  const child = await confined();
  try {
    const held = await helper.adopt(child.pid ?? 0);
    const code = join(folder, 'code');
    mkdirSync(code, { recursive: true });
    writeFileSync(join(code, 'file'), 'x');
    rmSync(join(folder, 'link'), { force: true });
    symlinkSync(code, join(folder, 'link'));
    await assert.rejects(held.place({ code: join(folder, 'link') }), /ELOOP|ENOTDIR/);
    await assert.rejects(held.place({ code: join(code, 'file') }), /ENOTDIR/);
    await assert.rejects(held.place({ code: join(folder, 'absent') }), /ENOENT/);
    await assert.rejects(held.place({ image: code }), /EINVAL|EISDIR/);
    const server = await held.listen(9001);
    assert.deepEqual(server.address(), { address: '127.0.0.1', family: 'IPv4', port: 9001 });
    await assert.rejects(held.listen(9001), /EADDRINUSE/);
    server.close();
    held.release();
    await assert.rejects(held.place({ code }), /ENOENT/);
    assert.deepEqual(logs, []);
  } finally {
    helper.close();
    child.kill('SIGKILL');
  }
}

test('adopt refuses what is not a sandbox: the server’s own namespace, itself, and processes that are gone', { skip }, async () => {
  const helper = openHelper({ path: prebuilt, freezerFolder: undefined, log: createLogger(() => undefined, 'error') });
  const gone = spawn('/bin/true');
  await once(gone, 'exit');
  await assert.rejects(helper.adopt(process.pid), /EPERM/);
  await assert.rejects(helper.adopt(1), /EINVAL/);
  await assert.rejects(helper.adopt(0), /EINVAL/);
  await assert.rejects(helper.adopt(gone.pid ?? 0), /ESRCH/);
  await assert.rejects(helper.adopt(0x8000_0000), /EINVAL/);
  helper.close();
});

function raw(): { readonly child: ChildProcess; readonly socket: Duplex } {
  const child = spawn(prebuilt, ['serve', '-'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const socket = (child.stdio as readonly unknown[])[3] as Duplex;
  socket.on('error', () => undefined);
  socket.resume();
  return { child, socket };
}

test('the helper ends at malformed requests, without a crash, and at the end of its input', { skip }, async () => {
  const word = (...numbers: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(4 * numbers.length);
    numbers.forEach((number, index) => bytes.writeUInt32LE(number, 4 * index));
    return bytes;
  };
  const refused: Readonly<Record<string, Buffer>> = {
    'an endless body': word(0xffff_ffff, 1, 1), 'an unknown operation': word(4, 1, 99, 0), 'too short': word(0, 1, 1), 'too long': word(8, 1, 1, 0, 0),
    'a path without an end': Buffer.concat([word(6, 1, 2, 0), Buffer.from('/a')]),
    'a relative path': Buffer.concat([word(8, 1, 2, 0), Buffer.from('a\0\0\0')]),
    'bytes after the paths': Buffer.concat([word(9, 1, 2, 0), Buffer.from('/\0\0\0x')]),
  };
  for (const [name, bytes] of Object.entries(refused)) {
    const { child, socket } = raw();
    socket.write(bytes);
    assert.deepEqual(await once(child, 'exit'), [65, null], name);
  }
  const { child, socket } = raw();
  socket.write(encodeRequest(1, 'release', [5]));
  socket.end();
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('the helper survives or refuses whatever bytes come', { skip }, async () => {
  const seed = Date.now() % 100_000;
  const random = createSeededRandom(seed);
  for (let round = 0; round < 60; round += 1) {
    const { child, socket } = raw();
    const exit = once(child, 'exit');
    const requests = Array.from({ length: 20 }, () => {
      const request = encodeRequest(1, random.fraction() < 0.5 ? 'place' : 'listen', [Math.floor(random.fraction() * 5), 80], ['/x', '', '/y'].slice(0, random.fraction() < 0.5 ? 3 : 0));
      // Mostly whole, sometimes with one byte changed.
      if (random.fraction() < 0.3) request[Math.floor(random.fraction() * request.length)] = Math.floor(random.fraction() * 256);
      return request;
    });
    socket.end(random.fraction() < 0.5 ? random.bytes(Math.floor(random.fraction() * 3000)) : Buffer.concat(requests));
    const [code, signal] = (await exit) as [number | null, string | null];
    assert.ok(signal === null && (code === 0 || code === 65), `seed ${seed}, round ${round}: ${code} ${signal}`);
  }
});

test('enter refuses a start message that is cut short or malformed', { skip }, async () => {
  const whole = encodeStart('/tmp', ['/bin/true'], {});
  const cases: readonly [string, Buffer, number][] = [
    ['whole', whole, 0], ['empty', Buffer.alloc(4), 126], ['endless', Buffer.from([255, 255, 255, 255]), 126], ['no program', encodeStart('/tmp', [], {}), 126],
    ['cut short', whole.subarray(0, whole.length - 2), 1], ['a missing program', encodeStart('/tmp', ['/nowhere'], {}), 126],
    ['too many arguments', Buffer.concat([Buffer.from([12, 0, 0, 0]), Buffer.from('/\0' + '99\0' + '/bin/x\0')]), 126],
  ];
  for (const [name, bytes, wanted] of cases) {
    const stdio = ['ignore', 'ignore', 'ignore', ...Array.from({ length: 5 }, () => 'ignore' as const), 'pipe'] as const;
    const child = spawn(prebuilt, ['enter', '20001', '64', '64', 'start', '--'], { stdio: [...stdio] });
    const socket = (child.stdio as readonly unknown[])[8] as Duplex;
    socket.on('error', () => undefined);
    socket.resume();
    socket.end(bytes);
    await once(child, 'exit');
    assert.equal(child.exitCode, wanted, name);
  }
});
