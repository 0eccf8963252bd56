import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { custom, node, openTestSandbox, python } from './harness.ts';

const { start, folder } = await openTestSandbox();
const requestId = '8476a536-e9f4-11e8-9739-2dfe598c3fcd';

test('start runs a Node.js function whose output comes before its answer', async () => {
  const hello = await start({ runtime: node, fixture: 'node/hello' });
  assert.deepEqual(await hello.call({ name: 'node' }, { requestId }), { greeting: 'hello node', requestId });
  assert.match(hello.chunks[0]?.text ?? '', new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\\t${requestId}\\tINFO\\thello node\\n$`));
  assert.equal(hello.chunks[1]?.text, 'to stderr\n');
  await hello.environment.kill();
});

test('start runs a Python function whose output comes before its answer', async () => {
  const hello = await start({ runtime: python, fixture: 'python/hello' });
  assert.deepEqual(await hello.call({ name: 'python' }, { requestId }), { greeting: 'hello python', requestId });
  assert.equal(hello.chunks[0]?.text, 'hello python\n');
  assert.match(hello.chunks[1]?.text ?? '', new RegExp(`^\\[WARNING\\]\\t\\d{4}-\\d\\d-\\d\\dT[\\d:]+\\.\\d{3}Z\\t${requestId}\\tcareful\\n$`));
  await hello.environment.kill();
});

test('start runs a custom runtime over the Runtime API, again and again', async () => {
  const hello = await start({ runtime: custom, fixture: 'custom/hello' });
  for (const name of ['one', 'two', 'three']) assert.deepEqual(await hello.call({ name }), { name });
  assert.deepEqual(hello.chunks.map(({ text }) => text), ['starting\n', 'got {"name":"one"}\n', 'got {"name":"two"}\n', 'got {"name":"three"}\n']);
  await hello.environment.kill();
});

test('kill removes everything that an environment held', async () => {
  const hello = await start({ runtime: python, fixture: 'python/hello' });
  await hello.environment.init;
  assert.equal(readdirSync(join(folder, 'sandbox', 'environments')).length, 1);
  await hello.environment.kill();
  assert.deepEqual(await hello.environment.exited, { code: undefined, signal: 'SIGKILL', outOfMemory: false });
  assert.deepEqual(readdirSync(join(folder, 'sandbox', 'environments')), []);
  assert.equal(existsSync(join(folder, 'sandbox', 'pipes')), true);
});
