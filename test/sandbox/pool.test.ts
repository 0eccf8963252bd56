// Functions that take over an environment which was started before they were known must not be able to tell.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { custom, node, openTestSandbox, python } from './harness.ts';

const { start, sandbox, skipReason } = await openTestSandbox({ pooled: true });
const skip = skipReason || (process.getuid?.() === 0 ? false : 'slots are there for root only');

test('a function that takes a slot runs as any other', { skip }, async () => {
  for (const [runtime, fixture] of [[node, 'node/hello'], [python, 'python/hello'], [custom, 'custom/hello']] as const) {
    const hello = await start({ runtime, fixture });
    assert.ok(await hello.call({ name: 'x' }));
    assert.match(hello.output(), /x/);
    await hello.environment.kill();
  }
  assert.deepEqual(sandbox.pools().map(({ hits, misses }) => [hits, misses]), [[1, 0], [1, 0], [1, 0]]);
});

test('a slot has the whole environment of its function and nothing else, for its children and its time zone too', { skip }, async () => {
  const variables = { MINE: 'yes = "ja"\nzwei', TZ: 'Asia/Tokyo', PATH: '/usr/bin:/bin', AWS_LAMBDA_LOG_FORMAT: 'JSON' };
  const nodeSource = `
const { execFileSync } = require('node:child_process');
exports.handler = async () => ({
  environment: process.env, child: execFileSync('/usr/bin/env', ['-0']).toString().split('\\0').filter(Boolean).sort(),
  hour: new Date(0).getHours(), cwd: process.cwd(), paths: require('node:module').globalPaths.slice(0, 1),
});`;
  const pythonSource = `
import os, subprocess, time
def handler(event, context):
    child = subprocess.run(["/usr/bin/env", "-0"], stdout=subprocess.PIPE).stdout.decode().split("\\0")
    return {"environment": dict(os.environ), "child": sorted(c for c in child if c), "hour": time.localtime(0).tm_hour, "cwd": os.getcwd()}`;
  const alone = await openTestSandbox();
  for (const [runtime, files] of [[node, { 'index.js': nodeSource }], [python, { 'app.py': pythonSource }]] as const) {
    const seen = [];
    for (const starter of [start, alone.start]) {
      const f = await starter({ runtime, files, variables });
      const { child, ...rest } = (await f.call()) as { environment: Record<string, string>; child: string[]; hour: number };
      assert.equal(rest.hour, 9);
      assert.deepEqual(child, Object.entries(rest.environment).map(([name, value]) => `${name}=${value}`).sort());
      seen.push(rest);
      await f.environment.kill();
    }
    assert.deepEqual(seen[0], seen[1]);
  }
});

test('variables that an interpreter reads at its start only make it start alone', { skip }, async () => {
  const before = sandbox.pools().reduce((sum, { hits }) => sum + hits, 0);
  const files = { 'index.js': 'exports.handler = async () => [globalThis.early, process.execArgv.length, require("node:fs").readdirSync("/tmp")];', 'early.js': 'globalThis.early = require("node:fs").readdirSync("/tmp").length;' };
  const f = await start({ runtime: node, files, variables: { NODE_OPTIONS: '--require /var/task/early.js' } });
  assert.deepEqual(await f.call(), [0, 0, []]);
  await f.environment.kill();
  assert.equal(sandbox.pools().reduce((sum, { hits }) => sum + hits, 0), before);
});

test('a function in a slot sees its own code, layers and /tmp, read-only where they are, and cannot undo a mount', { skip }, async () => {
  const source = `
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
def code(result): return "ok" if result == 0 else errno.errorcode[ctypes.get_errno()]
def attempt(path):
    try: open(path, "w").close(); return "ok"
    except OSError as e: return errno.errorcode[e.errno]
def handler(event, context):
    mounts = {f[4]: f[5].split(",") for f in (line.split(" ") for line in open("/proc/self/mountinfo")) if f[4] in ("/var/task", "/opt", "/tmp")}
    answer = {
        "task": sorted(os.listdir("/var/task")), "opt": sorted(os.listdir("/opt")), "tmp": os.listdir("/tmp"),
        "writes": [attempt(p) for p in ("/var/task/x", "/opt/x", "/var/x", "/tmp/mine")],
        "umount": [code(libc.umount2(p, 2)) for p in (b"/var/task", b"/opt", b"/tmp")],
        "flags": {p: [f for f in ("ro", "nosuid", "nodev") if f in options] for p, options in mounts.items()},
        "secret": [v for v in os.environ.values() if "secret" in v], "initial": [v for v in open("/proc/self/environ").read().split("\\0") if "secret" in v],
    }
    return answer
`;
  const functions = [];
  for (const name of ['a', 'b']) {
    functions.push(await start({ runtime: python, files: { 'app.py': source, [`${name}.txt`]: name }, layers: { [`layer-${name}`]: name }, variables: { SECRET: `secret-${name}` } }));
  }
  for (const [index, f] of functions.entries()) {
    const name = ['a', 'b'][index] ?? '';
    assert.deepEqual(await f.call(), {
      task: [`${name}.txt`, 'app.py'].sort(), opt: [`layer-${name}`], tmp: [], writes: ['EROFS', 'EROFS', 'EROFS', 'ok'], umount: ['EPERM', 'EPERM', 'EPERM'],
      flags: { '/var/task': ['ro', 'nosuid', 'nodev'], '/opt': ['ro', 'nosuid', 'nodev'], '/tmp': ['nosuid', 'nodev'] }, secret: [`secret-${name}`], initial: [],
    });
  }
  await Promise.all(functions.map(({ environment }) => environment.kill()));
});

test('an environment stands still between requests, and goes on with the next', { skip: sandbox.guarantees.some(({ name, on }) => name === 'functions rest between requests' && on) ? skip : 'nothing can be frozen here' }, async () => {
  const source = 'let ticks = 0; setInterval(() => { ticks += 1; }, 5); exports.handler = async () => { const seen = ticks; await new Promise((r) => setTimeout(r, 60)); return [seen, ticks]; };';
  const f = await start({ runtime: node, files: { 'index.js': source } });
  const [, first = 0] = (await f.call()) as number[];
  assert.ok(first >= 3, String(first));
  await new Promise((resolve) => setTimeout(resolve, 400));
  const [second = 0, third = 0] = (await f.call()) as number[];
  assert.ok(second - first < 30, `${second - first} ticks while nobody asked`);
  assert.ok(third > second);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await f.environment.kill();
  assert.equal((await f.environment.exited).signal, 'SIGKILL');
});

test('the memory that is reported is what is resident, for a small function as on AWS', { skip }, async () => {
  const f = await start({ runtime: node, files: { 'index.js': 'exports.handler = async (e) => { globalThis.kept = Buffer.alloc((e.megabytes ?? 0) << 20, 1); return process.memoryUsage().rss; };' }, memoryMegabytes: 512 });
  const small = (await f.call()) as number;
  const peak = await f.environment.memoryPeakBytes();
  assert.ok(Math.abs(peak - small) < 16 << 20, `${peak} and ${small}`);
  await f.call({ megabytes: 100 });
  const grown = await f.environment.memoryPeakBytes();
  assert.ok(grown - peak > 95 << 20 && grown - peak < 130 << 20, String(grown - peak));
  await f.environment.kill();
});
