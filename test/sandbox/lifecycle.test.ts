import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { custom, node, openTestSandbox, python } from './harness.ts';

const { start, sandbox, folder, logs, skipReason } = await openTestSandbox();
const hasKernelLimits = sandbox.guarantees.some(({ name, on }) => name === 'memory is limited by the kernel' && on);

test('invoke ends the whole tree at the deadline, double-forked daemons included', { skip: skipReason }, async () => {
  const source = `
import os, time
def handler(event, context):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for fd in range(0, 10):
                try: os.close(fd)
                except OSError: pass
            open("/tmp/alive", "w")
            while True: time.sleep(0.01)
        os._exit(0)
    while not os.path.exists("/tmp/alive"): time.sleep(0.01)
    print("daemon runs")
    time.sleep(60)
`;
  const f = await start({ runtime: python, files: { 'app.py': source } });
  await f.environment.init;
  const before = sandboxProcesses();
  assert.deepEqual(await f.invoke({}, { timeoutMs: 500 }), { kind: 'timeout' });
  assert.equal(f.output(), 'daemon runs\n');
  assert.equal((await f.environment.exited).signal, 'SIGKILL');
  assert.ok(before.length > 0);
  assert.deepEqual(sandboxProcesses(), []);
});

test('init is cut off after its time, and an init that exits says so', async () => {
  const slow = await start({ runtime: node, files: { 'index.js': 'console.log("loading"); while (true);' }, initTimeoutMs: 3_000 });
  const outcome = await slow.environment.init;
  assert.equal(outcome.kind, 'timeout');
  assert.equal(outcome.durationMs, 3_000, 'no more than it was given');
  assert.match(slow.output(), /loading/);
  const quick = await start({ runtime: node, files: { 'index.js': 'exports.handler = async () => 1;' } });
  const { durationMs } = await quick.environment.init;
  await quick.environment.kill();
  assert.ok(durationMs > 0 && !Number.isInteger(durationMs), `${durationMs} has fractions of a millisecond`);
  const exiting = await start({ runtime: node, files: { 'index.js': 'process.exit(9);' } });
  const exited = await exiting.environment.init;
  assert.deepEqual(exited.kind === 'exited' && exited.exit, { code: 9, signal: undefined, outOfMemory: false });
  const unsettled = await start({ runtime: node, files: { 'index.mjs': 'await new Promise(() => {});' } });
  const stuck = await unsettled.environment.init;
  assert.equal(stuck.kind === 'exited' && stuck.exit.code, 13);
});

test('a function over its memory is killed and reported as out of memory', async () => {
  for (const [runtime, files] of [
    [node, { 'index.js': 'exports.handler = async () => { const kept = []; for (;;) kept.push(Buffer.alloc(8 << 20, 1)); };' }],
    [python, { 'app.py': 'def handler(event, context):\n    kept = []\n    while True: kept.append(b"x" * (8 << 20))\n' }],
  ] as const) {
    const f = await start({ runtime, files, memoryMegabytes: 256 });
    await f.environment.init;
    assert.deepEqual(await f.invoke(), { kind: 'exited', exit: { code: undefined, signal: 'SIGKILL', outOfMemory: true } });
    const peak = await f.environment.memoryPeakBytes();
    assert.ok(peak > 200 << 20 && (!hasKernelLimits || peak <= 256 << 20), String(peak));
    await f.environment.exited;
  }
});

test('/tmp has its own size, is not charged to memory, is empty at first and writable', { skip: skipReason }, async (t) => {
  if (!sandbox.guarantees.some(({ name, on }) => name.startsWith('/tmp has its own size') && on)) return t.skip('/tmp is not an image here');
  const source = `
import os, errno
def handler(event, context):
    first = os.listdir("/tmp")
    written = 0
    try:
        with open("/tmp/big", "wb") as f:
            while True: written += f.write(b"x" * (1 << 20))
    except OSError as e:
        return {"first": first, "megabytes": written >> 20, "errno": errno.errorcode[e.errno], "mode": oct(os.stat("/tmp").st_mode)}
`;
  const f = await start({ runtime: python, files: { 'app.py': source }, memoryMegabytes: 448, ephemeralStorageMegabytes: 512 });
  const answer = (await f.call({}, { timeoutMs: 30_000 })) as { megabytes: number };
  assert.deepEqual({ ...answer, megabytes: 0 }, { first: [], megabytes: 0, errno: 'ENOSPC', mode: '0o41777' });
  assert.ok(answer.megabytes >= 512 && answer.megabytes < 540, String(answer.megabytes));
  await f.environment.kill();
});

test('a response over the limit ends the environment with its size', async () => {
  const f = await start({ runtime: node, files: { 'index.js': 'exports.handler = async ({ length }) => "x".repeat(length);' } });
  await f.environment.init;
  const largest = await f.invoke({ length: 6_291_554 });
  assert.equal(largest.kind === 'response' ? largest.payload.length : largest.kind, 6_291_556);
  assert.deepEqual(await f.invoke({ length: 6_291_555 }), { kind: 'response-too-large', bytes: 6_291_557 });
  const huge = await start({ runtime: node, files: { 'index.js': 'exports.handler = async ({ length }) => "x".repeat(length);' } });
  await huge.environment.init;
  assert.deepEqual(await huge.invoke({ length: 20_000_000 }), { kind: 'response-too-large', bytes: 20_000_002 });
  await Promise.all([f.environment.exited, huge.environment.exited]);
});

test('invoke refuses a second request while one runs', async () => {
  const f = await start({ runtime: node, files: { 'index.js': 'exports.handler = async () => new Promise((r) => setTimeout(r, 100, 1));' } });
  await f.environment.init;
  const first = f.invoke();
  await assert.rejects(f.invoke(), /one request at a time/);
  assert.equal((await first).kind, 'response');
  await f.environment.kill();
});

test('a processor share follows the memory once initialised', async (t) => {
  if (!hasKernelLimits) return t.skip('no cgroups here');
  const source = 'exports.handler = async () => { const end = Date.now() + 600; const before = process.cpuUsage(); while (Date.now() < end); const u = process.cpuUsage(before); return (u.user + u.system) / 600e3; };';
  const f = await start({ runtime: node, files: { 'index.js': source }, memoryMegabytes: 256 });
  const share = (await f.call()) as number;
  // 256 MB have 0.145 of a processor.
  assert.ok(share < 0.3, String(share));
  await f.environment.kill();
});

test('start warns once for a version that is missing, and uses the nearest', async () => {
  for (let round = 0; round < 2; round += 1) {
    const f = await start({ runtime: { family: 'node', version: '14' }, files: { 'index.js': 'exports.handler = async () => 1;' } });
    assert.equal(await f.call(), 1);
    await f.environment.kill();
  }
  const warnings = logs.filter(({ level, text, fields }) => level === 'warn' && text.startsWith('interpreter') && fields['asked'] === 'node 14');
  assert.ok(warnings.length <= 1);
  assert.equal(warnings.length, sandbox.interpreters.some(({ family, version }) => family === 'node' && version.startsWith('14.')) ? 0 : 1);
});

test('twenty environments start, answer and vanish together', async () => {
  const started = await Promise.all(Array.from({ length: 20 }, (_, index) => start(index % 3 === 0
    ? { runtime: custom, fixture: 'custom/hello' }
    : index % 3 === 1 ? { runtime: node, fixture: 'node/hello' } : { runtime: python, fixture: 'python/hello' })));
  const answers = await Promise.all(started.map((f, index) => f.call({ name: String(index) })));
  assert.equal(answers.length, 20);
  await Promise.all(started.map((f) => f.environment.kill()));
  assert.deepEqual(readdirSync(join(folder, 'sandbox', 'environments')), []);
});

/** Processes of this machine that run under a sandbox user or below a bubblewrap of ours. */
function sandboxProcesses(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('/var/runtime/start.py') && isOurs(pid);
    } catch {
      return false;
    }
  });
}

function isOurs(pid: string): boolean {
  let current = pid;
  for (let depth = 0; depth < 32 && current !== '1' && current !== '0'; depth += 1) {
    if (current === String(process.pid)) return true;
    current = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${current}/status`, 'latin1'))?.[1] ?? '0';
  }
  return false;
}
