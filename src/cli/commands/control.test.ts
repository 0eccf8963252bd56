import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createFakeTerminal, type FakeTerminal } from '../fakeTerminal.ts';
import { runCli } from '../runCli.ts';

interface Peer {
  readonly endpoint: string;
  readonly calls: string[];
}

// What a server answers to the control interface; `stop` really closes the port.
async function withServer(health: unknown, work: (peer: Peer) => Promise<void>): Promise<void> {
  const calls: string[] = [];
  const server: Server = createServer((incoming, outgoing) => {
    calls.push(`${incoming.method} ${incoming.url}`);
    outgoing.setHeader('connection', 'close');
    outgoing.end(incoming.url === '/_haneul/health' ? JSON.stringify(health) : '{}');
    if (incoming.url === '/_haneul/stop') server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await work({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls });
  } finally {
    server.close();
  }
}

async function run(terminal: FakeTerminal, ...args: string[]): Promise<number> {
  return await runCli(args, terminal);
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
  await withServer(health, async ({ endpoint, calls }) => {
    const terminal = createFakeTerminal();
    assert.equal(await run(terminal, 'stop', '--endpoint', endpoint), 0);
    assert.deepEqual(calls, ['GET /_haneul/health', 'POST /_haneul/stop']);
    assert.match(terminal.printed.join('\n'), /^Stopped http:/);
  });
});

test('reset deletes nothing without a yes', async () => {
  await withServer(health, async ({ endpoint, calls }) => {
    assert.equal(await run(createFakeTerminal(), 'reset', '--endpoint', endpoint), 2);
    assert.equal(await run(createFakeTerminal({ interactive: true, answers: [false] }), 'reset', '--endpoint', endpoint), 1);
    assert.ok(!calls.includes('POST /_haneul/reset'));
    assert.equal(await run(createFakeTerminal({ interactive: true, answers: [true] }), 'reset', '--endpoint', endpoint), 0);
    assert.equal(await run(createFakeTerminal(), 'reset', '--yes', '--endpoint', endpoint), 0);
    assert.equal(calls.filter((call) => call === 'POST /_haneul/reset').length, 2);
  });
});
