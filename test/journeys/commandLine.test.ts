// The program as a person starts it: what it says when something is in the way, and how it ends.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { baseEnvironment, runCommand, type CommandResult } from '../support/runCommand.ts';
import { startServerProcess, type ServerProcess } from '../support/serverProcess.ts';

const folder = mkdtempSync(join(tmpdir(), 'haneul-command-line-'));
let server: ServerProcess;

before(async () => {
  server = await startServerProcess({ dataFolder: join(folder, '.haneul') });
});

after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function haneul(...args: string[]): Promise<CommandResult> {
  return runCommand(process.execPath, [join(packageRoot, 'dist/program/main.js'), ...args], { folder, env: { ...baseEnvironment(), SHELL: '/bin/sh' } });
}

// One line that says what is wrong and one that says what to do, and nothing else.
function assertTwoLines(result: CommandResult, message: RegExp): void {
  const lines = result.stderr.trim().split('\n').filter((line) => line !== 'starting …');
  assert.deepEqual([result.exitCode, result.stdout, lines.length], [1, '', 2], result.stderr);
  assert.match(lines[0] ?? '', message);
}

test('start fits its screen', () => {
  const lines = server.output().trimEnd().split('\n').filter((line) => line !== 'starting …');
  assert.ok(lines.length <= 24, `${lines.length} lines:\n${lines.join('\n')}`);
});

test('start names a port that is taken, and a data directory that is in use', async () => {
  assertTwoLines(await haneul('start', '--memory', '--port', String(server.port)), /Port \d+ on 127\.0\.0\.1 is already in use/);
  assertTwoLines(await haneul('start', '--port', '0'), /the data directory .* is in use by process/);
});

test('start says that a data directory cannot be one', async () => {
  assertTwoLines(await haneul('start', '--port', '0', '--data-dir', '/dev/null'), /\/dev\/null is a file, not a directory/);
});

test('commands find the server of the folder they are run in', async () => {
  const status = await haneul('status', '--json');
  assert.equal((JSON.parse(status.stdout) as { endpoint: string }).endpoint, server.endpoint);
  assert.match((await haneul('env')).stdout, new RegExp(`^export AWS_ENDPOINT_URL=${server.endpoint}$`, 'm'));
  assert.match((await haneul('reset', '--yes')).stdout, /is deleted/);
});

test('doctor looks at everything and ends with a judgement', async () => {
  const { stdout } = await haneul('doctor');
  for (const name of ['Node.js', 'Data directory', 'Free space', 'Data format', 'Server', 'Reach', 'Sandbox', 'Python functions', 'AWS CLI']) {
    assert.match(stdout, new RegExp(`^(ok|warn|FAIL) +${name}`, 'm'));
  }
  assert.match(stdout, /Everything is in place|to consider/);
});

test('Ctrl-C stops the server in good order, and the next command says that none runs', async () => {
  assert.equal(await server.stop(), 0);
  const status = await haneul('status', '--data-dir', '.haneul');
  assert.equal(status.exitCode, 3);
  assert.match(status.stderr, /No server runs in/);
});
