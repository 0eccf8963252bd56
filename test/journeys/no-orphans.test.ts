// However the server ends, the functions it ran end with it.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createExecutionRole, createFunction, invoke, uniqueName } from '../support/functions.ts';
import { sdkClients } from '../support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../support/serverProcess.ts';

const skip = process.platform === 'linux' ? false : 'not run: processes are looked up in /proc';

/** Processes, anywhere on this machine, that carry the name of a function in their environment. */
function processesOf(functionName: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`AWS_LAMBDA_FUNCTION_NAME=${functionName}\0`);
    } catch {
      // Gone meanwhile, or of another user and so not of this test.
      return false;
    }
  });
}

/** A server that runs one invocation of each runtime, which start children of their own and would go on for a minute. */
async function startBusyServer(t: TestContext): Promise<{ server: ServerProcess; names: string[] }> {
  const server = await startServerProcess();
  t.after(() => server.kill());
  const aws = sdkClients(server.endpoint);
  t.after(() => aws.destroy());
  const Role = await createExecutionRole(aws);
  const settings = { Role, Timeout: 60 };
  const names = await Promise.all([
    createFunction(aws.lambda, { ...settings, FunctionName: uniqueName('node'), files: { 'index.js': nodeSource } }),
    createFunction(aws.lambda, { ...settings, FunctionName: uniqueName('python'), Runtime: 'python3.12', Handler: 'app.handler', files: { 'app.py': pythonSource } }),
    createFunction(aws.lambda, { ...settings, FunctionName: uniqueName('custom'), Runtime: 'provided.al2023', Handler: 'x', files: { bootstrap: shellSource } }),
  ]);
  for (const name of names) invoke(aws.lambda, name).catch(() => undefined);
  await until(() => names.every((name) => processesOf(name).length >= 2), 'the functions and their children run');
  return { server, names };
}

const nodeSource = `exports.handler = () => { require('node:child_process').spawn('/bin/sleep', ['59'], { detached: true, stdio: 'ignore' }); return new Promise((resolve) => setTimeout(resolve, 59_000)); };`;
const pythonSource = 'import subprocess, time\n\ndef handler(event, context):\n    subprocess.Popen(["/bin/sleep", "59"], start_new_session=True)\n    time.sleep(59)\n';
const shellSource = '#!/bin/sh\nsetsid /bin/sleep 59 &\nsleep 59\n';

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let attempt = 0; !condition(); attempt += 1) {
    assert.ok(attempt < 450, `after 45 s it is not so that ${what}`);
    await sleep(100);
  }
}

test('kill -9 of the server ends every function and what functions started', { skip, timeout: 120_000 }, async (t) => {
  const { server, names } = await startBusyServer(t);
  await server.kill();
  await until(() => names.every((name) => processesOf(name).length === 0), 'no process is left');
});

test('Ctrl-C of the server ends them too', { skip, timeout: 120_000 }, async (t) => {
  const { server, names } = await startBusyServer(t);
  assert.equal(await server.stop(), 0);
  assert.deepEqual(names.map((name) => processesOf(name)), [[], [], []]);
});
