import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withFakeServer, type FakeServer } from '../fakeServer.ts';
import { createFakeTerminal, type FakeTerminal } from '../fakeTerminal.ts';
import { runCli } from '../runCli.ts';

async function run(terminal: FakeTerminal, ...args: string[]): Promise<number> {
  return await runCli(args, terminal);
}

// What a server answers to the control interface.
async function withServer(health: unknown, work: (server: FakeServer) => Promise<void>): Promise<void> {
  await withFakeServer(({ line }) => ({ body: line === 'GET /_haneul/health' ? health : {} }), work);
}

const health = { status: 'running', version: '9.9.9', guarantees: [{ name: 'own user', on: true }], interpreters: [{ family: 'node', version: '22.0.0', path: '/n' }] };

test('status shows what the server says, and as JSON unchanged', async () => {
  await withServer(health, async ({ endpoint }) => {
    const terminal = createFakeTerminal();
    assert.equal(await run(terminal, 'status', '--endpoint', endpoint), 0);
    assert.match(terminal.printed.join('\n'), /Haneul 9\.9\.9 on http:/);
    assert.match(terminal.printed.join('\n'), /own user/);
    const json = createFakeTerminal({ environment: { AWS_ENDPOINT_URL: endpoint } });
    assert.equal(await run(json, 'status', '--json'), 0);
    assert.deepEqual(JSON.parse(json.printed.join('\n')), health);
  });
});

test('status answers 3 when nobody listens, and names where the address came from', async () => {
  const terminal = createFakeTerminal({ environment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' } });
  assert.equal(await run(terminal, 'status'), 3);
  assert.match(terminal.noted.join('\n'), /No server answers on http:\/\/127\.0\.0\.1:9\.\n.*AWS_ENDPOINT_URL/);
});

test('status answers 3 when something else listens there', async () => {
  await withServer('hello', async ({ endpoint }) => {
    const terminal = createFakeTerminal();
    assert.equal(await run(terminal, 'status', '--endpoint', endpoint), 3);
    assert.match(terminal.noted.join('\n'), /not a Haneul server/);
  });
});

test('stop asks the server to stop and waits until it is silent', async () => {
  await withServer(health, async ({ endpoint, requests }) => {
    const terminal = createFakeTerminal();
    assert.equal(await run(terminal, 'stop', '--endpoint', endpoint), 0);
    assert.deepEqual(requests.map(({ line }) => line), ['GET /_haneul/health', 'POST /_haneul/stop']);
    assert.match(terminal.printed.join('\n'), /^Stopped http:/);
  });
});

test('reset deletes nothing without a yes', async () => {
  await withServer(health, async ({ endpoint, requests }) => {
    assert.equal(await run(createFakeTerminal(), 'reset', '--endpoint', endpoint), 2);
    assert.equal(await run(createFakeTerminal({ interactive: true, answers: [false] }), 'reset', '--endpoint', endpoint), 1);
    assert.ok(!requests.some(({ line }) => line === 'POST /_haneul/reset'));
    assert.equal(await run(createFakeTerminal({ interactive: true, answers: [true] }), 'reset', '--endpoint', endpoint), 0);
    assert.equal(await run(createFakeTerminal(), 'reset', '--yes', '--endpoint', endpoint), 0);
    assert.equal(requests.filter(({ line }) => line === 'POST /_haneul/reset').length, 2);
  });
});
