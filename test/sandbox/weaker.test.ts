import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { custom, node, openTestSandbox, python } from './harness.ts';

const { start, sandbox } = await openTestSandbox({ isolation: 'none' });

test('without isolation every guarantee that is off has a remedy', () => {
  const off = sandbox.guarantees.filter(({ on }) => !on);
  assert.ok(off.length >= 5);
  for (const guarantee of off) assert.ok(guarantee.remedy, guarantee.name);
});

test('without isolation all runtimes work, with their own places', async () => {
  for (const [runtime, fixture] of [[node, 'node/hello'], [python, 'python/hello'], [custom, 'custom/hello']] as const) {
    const hello = await start({ runtime, fixture });
    assert.ok(await hello.call({ name: 'x' }));
    assert.match(hello.output(), /x/);
    await hello.environment.kill();
  }
  const layered = await start({
    runtime: python, files: { 'app.py': 'import os, tempfile, word\ndef handler(event, context):\n    tempfile.mkstemp()\n    return [word.word, os.getcwd() == os.environ["LAMBDA_TASK_ROOT"]]\n' },
    layers: { 'python/word.py': 'word = "layer"' },
  });
  assert.deepEqual(await layered.call(), ['layer', true]);
  await layered.environment.kill();
});

test('without isolation a timeout still ends the whole tree and nothing is left', async () => {
  const before = leftovers();
  const source = 'import os, time\ndef handler(event, context):\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n            print("daemon", flush=True)\n            time.sleep(60)\n        os._exit(0)\n    time.sleep(60)\n';
  const f = await start({ runtime: python, files: { 'app.py': source } });
  await f.environment.init;
  assert.deepEqual(await f.invoke({}, { timeoutMs: 400 }), { kind: 'timeout' });
  await f.environment.exited;
  assert.match(f.output(), /daemon/);
  assert.deepEqual(leftovers(), before);
});

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => /^haneul-[0-9a-f]{12}-/.test(name));
}

test('without the helper no slots wait, and functions run all the same', async () => {
  const { start: startAlone, sandbox: alone } = await openTestSandbox({ helper: 'none', slots: { minimum: 2, maximum: 16 } });
  for (const [runtime, fixture] of [[node, 'node/hello'], [python, 'python/hello'], [custom, 'custom/hello']] as const) {
    const hello = await startAlone({ runtime, fixture });
    assert.ok(await hello.call({ name: 'x' }));
    await hello.environment.kill();
  }
  assert.deepEqual(alone.pools(), []);
});
