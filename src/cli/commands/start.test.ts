import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeTerminal } from '../fakeTerminal.ts';
import { runCli } from '../runCli.ts';
import { explainStartFailure } from '../startFailure.ts';

async function refusal(...args: string[]): Promise<string> {
  const terminal = createFakeTerminal();
  assert.equal(await runCli(['start', ...args], terminal), 2);
  return terminal.noted.join('\n');
}

test('start refuses a port that is none', async () => {
  for (const port of ['abc', '65536', '1.5', '99999999']) assert.match(await refusal('--port', port), /--port is a number from 0 to 65535/);
});

test('start refuses options that exclude each other', async () => {
  assert.match(await refusal('--memory', '--data-dir', 'x'), /exclude each other/);
});

test('start refuses to make everybody the administrator on an open port', async () => {
  assert.match(await refusal('--host', '0.0.0.0', '--auth', 'local'), /would make everybody who reaches 0\.0\.0\.0 the administrator/);
});

test('explainStartFailure has one line and a way out for each system error that a person can mend', () => {
  const explain = (code: string): string => {
    const error = explainStartFailure(Object.assign(new Error(code), { code }), { host: '127.0.0.1', port: 4566, dataFolder: '/data' });
    return `${error?.message} ${error?.hint}`;
  };
  assert.match(explain('EADDRINUSE'), /Port 4566 .* in use.*--port 4567/);
  assert.match(explain('ENOSPC'), /The disk of \/data is full.*--memory/);
  assert.match(explain('EROFS'), /read-only/);
  assert.match(explain('EACCES'), /\/data may not be written/);
  assert.match(explain('ENOTDIR'), /\/data is a file/);
  assert.match(explain('EADDRNOTAVAIL'), /not an address of this machine/);
  assert.equal(explainStartFailure(new Error('a bug'), { host: '', port: 1, dataFolder: undefined }), undefined);
});
