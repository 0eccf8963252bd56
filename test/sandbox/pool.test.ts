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
