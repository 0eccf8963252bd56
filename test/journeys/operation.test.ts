// The server as somebody runs it for others: its log, its end, and what it says when the disk is full.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ListRolesCommand } from '@aws-sdk/client-iam';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { createExecutionRole, createFunction, invoke } from '../support/functions.ts';
import { baseEnvironment, runCommand } from '../support/runCommand.ts';
import { sdkClients } from '../support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../support/serverProcess.ts';
import { zipFiles } from '../support/zipFolder.ts';

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

const sleeping = { 'index.js': 'exports.handler = ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms, "done"));' };

/** A server with one invocation under way. */
async function startBusy(ms: number): Promise<{ server: ServerProcess; answer: Promise<unknown>; folder: string; close(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-operation-'));
  const server = await startServerProcess({ dataFolder: join(folder, '.haneul') });
  const aws = sdkClients(server.endpoint);
  const name = await createFunction(aws.lambda, { Role: await createExecutionRole(aws), files: sleeping, Timeout: 60 });
  await invoke(aws.lambda, name, { ms: 0 });
  const answer = invoke(aws.lambda, name, { ms }).then(
    ({ payload, functionError }) => functionError ?? payload,
    (error: unknown) => `failed: ${String(error)}`,
  );
  await sleep(200);
  const close = (): void => {
    aws.destroy();
    rmSync(folder, { recursive: true, force: true });
  };
  return { server, answer, folder, close };
}

test('SIGTERM lets a running invocation end, and takes no new connection meanwhile', async () => {
  const { server, answer, close } = await startBusy(1_500);
  process.kill(server.pid, 'SIGTERM');
  await sleep(300);
  await assert.rejects(fetch(`${server.endpoint}/_haneul/health`));
  assert.equal(await answer, 'done');
  assert.equal(await server.exited, 0);
  close();
});

test('SIGTERM waits ten seconds for an invocation and no longer', async () => {
  const { server, answer, close } = await startBusy(50_000);
  const startedMs = Date.now();
  process.kill(server.pid, 'SIGTERM');
  assert.equal(await server.exited, 0);
  const tookMs = Date.now() - startedMs;
  assert.ok(tookMs > 9_500 && tookMs < 30_000, `it took ${tookMs} ms`);
  assert.notEqual(await answer, 'done');
  close();
});

test('a second SIGTERM ends the server at once', async () => {
  const { server, answer, close } = await startBusy(50_000);
  process.kill(server.pid, 'SIGTERM');
  // What comes within 0.4 s is the same Ctrl-C, passed on by npm.
  await sleep(600);
  const startedMs = Date.now();
  process.kill(server.pid, 'SIGTERM');
  assert.equal(await server.exited, 130);
  assert.ok(Date.now() - startedMs < 8_000);
  assert.match(String(await answer), /^failed/);
  close();
});

test('haneul stop returns when the server is gone, after what was under way', async () => {
  const { server, answer, folder, close } = await startBusy(1_500);
  const program = join(packageRoot, 'dist/program/main.js');
  const { exitCode, stdout } = await runCommand(process.execPath, [program, 'stop'], { folder, env: baseEnvironment() });
  assert.deepEqual([exitCode, stdout.trim()], [0, `Stopped ${server.endpoint}.`]);
  assert.throws(() => process.kill(server.pid, 0), { code: 'ESRCH' });
  assert.equal(await answer, 'done');
  close();
});

const canMount = process.getuid?.() === 0 && existsSync('/bin/mount') ? false : 'only root can mount a small disk';

test('a full disk refuses writes with a clear error and one line of log, and writes go on when there is room', { skip: canMount }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-full-'));
  const mounted = await runCommand('/bin/mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder]);
  if (mounted.exitCode !== 0) {
    rmSync(folder, { recursive: true, force: true });
    return t.skip(`a small disk cannot be mounted here: ${mounted.stderr.trim()}`);
  }
  const server = await startServerProcess({ dataFolder: join(folder, '.haneul') });
  const aws = sdkClients(server.endpoint);
  try {
    const Role = await createExecutionRole(aws);
    const name = await createFunction(aws.lambda, { Role, files: sleeping });
    await invoke(aws.lambda, name, { ms: 0 });
    const stream = { logGroupName: 'filling', logStreamName: 'one' };
    const message = 'x'.repeat(200_000);
    await aws.logs.send(new CreateLogGroupCommand(stream));
    await aws.logs.send(new CreateLogStreamCommand(stream));
    fillDisk(join(folder, 'ballast'));
    const full = { name: 'InsufficientStorage', message: /disk that Haneul keeps its data on is full/, $metadata: { httpStatusCode: 507 } };
    const isFull = (error: unknown): boolean => {
      const { name: code, message, $metadata } = error as typeof full & { message: string };
      assert.deepEqual([code, $metadata.httpStatusCode], ['InsufficientStorage', 507], String(error));
      assert.match(message, full.message);
      return true;
    };
    let refused = 0;
    // The room that the data file keeps for its next commits takes some more.
    for (let count = 0; count < 100 && refused < 5; count += 1) {
      await aws.logs.send(new PutLogEventsCommand({ ...stream, logEvents: [{ timestamp: Date.now(), message }] })).catch((error: unknown) => (isFull(error), (refused += 1)));
    }
    assert.equal(refused, 5);
    await assert.rejects(createFunction(aws.lambda, { Role, zip: zipFiles({ 'index.js': sleeping['index.js'], 'noise.bin': randomBytes(400_000).toString('base64') }) }), isFull);
    // What needs no room is served.
    assert.equal((await invoke(aws.lambda, name, { ms: 0 })).payload, 'done');
    assert.equal((await aws.iam.send(new ListRolesCommand({}))).Roles?.some(({ Arn }) => Arn === Role), true);
    assert.equal(server.output().match(/ error no space left/g)?.length, 1, server.output());
    assert.doesNotMatch(server.output(), /Input\/output error/);
    assert.doesNotMatch(server.output(), /bug/);
    // What LMDB prints when a write of its own fails, which damages the process: src/kv/drivers/embedded/diskRoom.ts.
    assert.doesNotMatch(server.output(), /Write error/);

    rmSync(join(folder, 'ballast'));
    const later = await createFunction(aws.lambda, { Role: await createExecutionRole(aws), files: sleeping });
    assert.equal((await invoke(aws.lambda, later, { ms: 0 })).payload, 'done');
    assert.equal(await server.stop(), 0);
  } finally {
    aws.destroy();
    await server.kill();
    await runCommand('/bin/umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  }
});

function fillDisk(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const size of [65_536, 4_096]) {
      for (const piece = Buffer.alloc(size); ; ) if (writeSync(file, piece) < size) break;
    }
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    closeSync(file);
  }
}
