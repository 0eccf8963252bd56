// The server as somebody runs it for others: its log, its end, and what it says when the disk is full.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createExecutionRole, createFunction, invoke } from '../support/functions.ts';
import { sdkClients } from '../support/sdkClients.ts';
import { startServerProcess } from '../support/serverProcess.ts';

test('start prints the line that the LocalStack modules of Testcontainers wait for', async () => {
  const server = await startServerProcess();
  assert.match(server.output(), /^Ready\.$/m);
  assert.equal(await server.stop(), 0);
});

test('start --log-format json writes nothing but JSON lines, from the first to the last', async () => {
  const server = await startServerProcess({ args: ['--log-format', 'json', '--log-level', 'debug'] });
  const aws = sdkClients(server.endpoint);
  const files = { 'index.js': 'exports.handler = async () => 1;' };
  await invoke(aws.lambda, await createFunction(aws.lambda, { Role: await createExecutionRole(aws), files }));
  aws.destroy();
  assert.equal(await server.stop(), 0);
  const records = server.output().trimEnd().split('\n').map((line) => JSON.parse(line) as { time: string; level: string; text: string; fields: Record<string, unknown> });
  const ready = records.find(({ text }) => text === 'Ready.');
  assert.equal(ready?.fields['endpoint'], server.endpoint);
  const invocations = records.filter(({ text, fields }) => text === 'request' && fields['operation'] === 'Invoke');
  assert.equal(invocations.length, 1);
  assert.equal(invocations[0]?.level, 'debug');
  assert.equal(invocations[0]?.fields['status'], 200);
  assert.equal(records.at(-1)?.text, 'stopped.');
});
