// Invoke with InvocationType Event. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { createExecutionRole, createFunction, invoke } from '../../support/functions.ts';
import { sdkClients, type SdkClients } from '../../support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../../support/serverProcess.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();

/** What the function has printed, once `wanted` of its lines are there. */
async function readLines({ logs }: SdkClients, name: string, pattern: RegExp, wanted: number): Promise<string[]> {
  for (let tries = 0; ; tries += 1) {
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` })).catch(() => ({ events: [] }));
    const lines = events.map((event) => event.message ?? '').filter((line) => pattern.test(line));
    if (lines.length >= wanted || tries > 150) return lines;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

suite('Invoke with Event', () => {
  test('answers 202 without a payload; the function runs with that request id', async () => {
    const { aws, roleArn } = scene();
    const name = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': 'exports.handler = async (event) => console.log("got", event.n);' } });
    const answer = await invoke(aws.lambda, name, { n: 7 }, { InvocationType: 'Event' });
    assert.deepEqual([answer.status, answer.text, answer.executedVersion], [202, '', undefined]);
    const [line] = await readLines(aws, name, /got 7/, 1);
    assert.match(line ?? '', new RegExp(`\t${answer.requestId}\tINFO\tgot 7`));
  });
  test('1 MB is taken, one byte more is not', async () => {
    const { aws, roleArn } = scene();
    const name = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': 'exports.handler = async (event) => console.log("length", event.length);' } });
    const largest = 'x'.repeat(1_048_576 - 2);
    assert.equal((await invoke(aws.lambda, name, largest, { InvocationType: 'Event' })).status, 202);
    assert.equal((await readLines(aws, name, /length 1048574/, 1)).length, 1);
    await expectRefusal(invoke(aws.lambda, name, `${largest}y`, { InvocationType: 'Event' }), { name: 'RequestTooLargeException', status: 413, message: /limit 1048576 bytes/ });
  });
  test('what fails is tried twice more, a minute and two minutes later, under the same request id', async () => {
    const { server, aws, roleArn } = scene();
    const name = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': 'exports.handler = async () => { console.log("attempt"); throw new Error("no"); };' } });
    const { requestId } = await invoke(aws.lambda, name, {}, { InvocationType: 'Event' });
    const advance = (ms: number): Promise<Response> =>
      fetch(`${server.endpoint}/_haneul/clock`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ advanceMs: ms }) });
    assert.equal((await readLines(aws, name, /\tattempt/, 1)).length, 1);
    await settleAndAdvance(advance, 61_000);
    assert.equal((await readLines(aws, name, /\tattempt/, 2)).length, 2);
    await settleAndAdvance(advance, 121_000);
    const lines = await readLines(aws, name, /\tattempt/, 3);
    assert.equal(lines.length, 3);
    assert.ok(lines.every((line) => line.includes(requestId)));
  });
});

/** The failure is noted a moment after its log line; then the clock may move. */
async function settleAndAdvance(advance: (ms: number) => Promise<Response>, ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal((await advance(ms)).status, 200);
}

test('events that were accepted survive a kill of the server, those under way too', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'haneul-events-'));
  let server: ServerProcess | undefined;
  let aws: SdkClients | undefined;
  try {
    server = await startServerProcess({ dataFolder });
    aws = sdkClients(server.endpoint);
    const source = 'exports.handler = async (event) => { await new Promise((done) => setTimeout(done, event.ms)); console.log("done", event.n); };';
    const name = await createFunction(aws.lambda, { Role: await createExecutionRole(aws), files: { 'index.js': source }, Timeout: 10 });
    for (let n = 0; n < 5; n += 1) assert.equal((await invoke(aws.lambda, name, { n, ms: 1_500 }, { InvocationType: 'Event' })).status, 202);
    await server.kill();
    aws.destroy();
    server = await startServerProcess({ dataFolder });
    aws = sdkClients(server.endpoint);
    const lines = await readLines(aws, name, /\tdone \d/, 5);
    assert.deepEqual(lines.map((line) => /done (\d)/.exec(line)?.[1]).sort(), ['0', '1', '2', '3', '4']);
  } finally {
    aws?.destroy();
    await server?.kill();
    rmSync(dataFolder, { recursive: true, force: true });
  }
});
