import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { withFakeServer } from '../fakeServer.ts';
import { createFakeTerminal } from '../fakeTerminal.ts';
import { runCli } from '../runCli.ts';
import { formatVariables } from './env.ts';

// Port 9 (discard) is not served anywhere a test runs: the command must print its lines and say that nobody answers.
const silent = 'http://127.0.0.1:9';

test('env prints what points every AWS tool at the server, and warns on standard error when nobody answers', async () => {
  const terminal = createFakeTerminal({ environment: { AWS_ENDPOINT_URL_LAMBDA: 'https://lambda.us-east-1.amazonaws.com' } });
  assert.equal(await runCli(['env', '--endpoint', silent], terminal), 0);
  assert.deepEqual(terminal.printed, [
    `export AWS_ENDPOINT_URL=${silent}`,
    'export AWS_REGION=us-east-1',
    'export AWS_DEFAULT_REGION=us-east-1',
    'export AWS_ACCESS_KEY_ID=test',
    'export AWS_SECRET_ACCESS_KEY=test',
    'export AWS_DISABLE_HOST_PREFIX_INJECTION=true',
    'unset AWS_PROFILE',
    'unset AWS_DEFAULT_PROFILE',
    'unset AWS_SESSION_TOKEN',
    'unset AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
    'unset AWS_ENDPOINT_URL_LAMBDA',
  ]);
  assert.match(terminal.noted.join('\n'), /No server answers/);
});

test('env does not read AWS_ENDPOINT_URL, which it is about to set', async () => {
  const terminal = createFakeTerminal({ environment: { AWS_ENDPOINT_URL: 'http://old.example:1', SHELL: '/bin/sh' } });
  await runCli(['env'], terminal);
  assert.ok(!terminal.printed.join('\n').includes('old.example'));
});

test('env takes the address and the administrator key of a strict server from its data directory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-env-'));
  try {
    writeFileSync(join(folder, 'server.json'), JSON.stringify({ pid: process.pid, endpoint: silent, startedAt: '' }));
    writeFileSync(join(folder, 'root-key.json'), JSON.stringify({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: "s3cr'et" }));
    const terminal = createFakeTerminal({ workingFolder: folder });
    await runCli(['env', '--data-dir', '.'], terminal);
    assert.ok(terminal.printed.includes(`export AWS_ENDPOINT_URL=${silent}`));
    assert.ok(terminal.printed.includes('export AWS_ACCESS_KEY_ID=AKIAEXAMPLE'));
    assert.ok(terminal.printed.includes(`export AWS_SECRET_ACCESS_KEY='s3cr'\\''et'`));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('env asks a strict server with the key that it prints, not with one that an earlier server left in the shell', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-env-'));
  const respond = ({ headers }: { headers: Readonly<Record<string, unknown>> }) =>
    String(headers['authorization']).includes('AKIAEXAMPLE') ? { body: { status: 'running' } } : { status: 403, body: {} };
  try {
    await withFakeServer(respond, async ({ endpoint }) => {
      writeFileSync(join(folder, 'server.json'), JSON.stringify({ pid: process.pid, endpoint, startedAt: '' }));
      writeFileSync(join(folder, 'root-key.json'), JSON.stringify({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' }));
      const environment = { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', SHELL: '/bin/sh' };
      const terminal = createFakeTerminal({ workingFolder: folder, environment });
      assert.equal(await runCli(['env', '--data-dir', '.'], terminal), 0);
      assert.ok(terminal.printed.includes('export AWS_ACCESS_KEY_ID=AKIAEXAMPLE'));
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('env refuses a data directory in which no server runs', async () => {
  const terminal = createFakeTerminal();
  assert.equal(await runCli(['env', '--data-dir', 'nowhere'], terminal), 3);
  assert.match(terminal.noted.join('\n'), /No server runs in .*nowhere/);
});

test('formatVariables speaks every shell it names', () => {
  const variables = { NAME: "it's", GONE: undefined };
  assert.deepEqual(formatVariables(variables, 'sh'), [`export NAME='it'\\''s'`, 'unset GONE']);
  assert.deepEqual(formatVariables(variables, 'fish'), [`set -gx NAME 'it\\'s';`, 'set -e GONE;']);
  assert.deepEqual(formatVariables(variables, 'powershell'), [`$Env:NAME = 'it''s'`, '$Env:GONE = $null']);
  assert.deepEqual(JSON.parse(formatVariables(variables, 'json').join('\n')), { NAME: "it's", GONE: null });
});
