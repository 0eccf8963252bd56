// The helper is killed while slots wait, environments rest and a function runs: nobody is told but the log.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { node, openTestSandbox } from './harness.ts';

const { start, sandbox, skipReason, logs } = await openTestSandbox({ slots: { minimum: 2, maximum: 2 } });
const hasHelper = sandbox.guarantees.some(({ name, on }) => name === 'functions start in environments that were booted ahead' && on);
const skip = skipReason || (hasHelper ? false : 'there is no helper here');

const slow = { runtime: node, files: { 'index.js': 'exports.handler = async (ms) => { await new Promise((done) => setTimeout(done, ms)); return "done"; };' } };

/** Our own child that serves as the helper. */
function helperPid(): number | undefined {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [program = '', use] = readFileSync(`/proc/${name}/cmdline`, 'latin1').split('\0');
      const parent = /^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'latin1'))?.[1];
      if (program.endsWith('haneul-helper') && use === 'serve' && parent === String(process.pid)) return Number(name);
    } catch {
      // It ended between two looks.
    }
  }
  return undefined;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function replaceHelper(signal: NodeJS.Signals): Promise<void> {
  const before = helperPid() ?? assert.fail('no helper runs');
  process.kill(before, signal);
  await until(() => ![undefined, before].includes(helperPid()));
}

const pool = () => sandbox.pools().find(({ kind }) => kind.startsWith('node'));

test('a helper that is killed is started again; what runs goes on, what waits is still taken', { skip }, async () => {
  const running = await start(slow);
  const resting = await start(slow);
  for (const { environment } of [running, resting]) assert.equal((await environment.init).kind, 'ready');
  await until(() => pool()?.idle === 2);
  const answer = running.call(400);
  await replaceHelper('SIGKILL');
  assert.equal(await answer, 'done');
  assert.equal(await resting.call(1), 'done');
  const hits = pool()?.hits ?? 0;
  const next = await start(slow);
  assert.equal(await next.call(1), 'done');
  assert.equal(pool()?.hits, hits + 1, 'a slot of before is as good as ever');
  assert.ok(logs.some(({ text }) => text === 'the sandbox helper is started again'));
  for (const { environment } of [running, resting, next]) await environment.kill();
});

test('a helper that takes its sandboxes with it ends what runs through no fault of the function, and new ones start', { skip }, async () => {
  const running = await start(slow);
  assert.equal((await running.environment.init).kind, 'ready');
  const answer = running.invoke(60_000, { timeoutMs: 70_000 });
  await replaceHelper('SIGTERM');
  assert.deepEqual(await answer, { kind: 'exited', exit: { code: undefined, signal: 'SIGKILL', outOfMemory: false, isLost: true } });
  const next = await start(slow);
  assert.equal(await next.call(1), 'done');
  await next.environment.kill();
});
