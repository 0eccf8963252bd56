import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeTerminal } from './fakeTerminal.ts';
import { keepRunning } from './keepRunning.ts';

// A server whose stop lasts until the test says so.
function createFakeServer() {
  let markStopped = (): void => undefined;
  let calls = 0;
  const stopped = new Promise<void>((resolve) => (markStopped = resolve));
  return {
    stopped,
    stop: () => {
      calls += 1;
      return stopped;
    },
    markStopped: () => markStopped(),
    stopCalls: () => calls,
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('keepRunning stops in good order on the first Ctrl-C and answers 0', async () => {
  const terminal = createFakeTerminal();
  const server = createFakeServer();
  let shown = 0;
  const running = keepRunning(terminal, async () => server, () => (shown += 1));
  await turn();
  assert.deepEqual([shown, server.stopCalls()], [1, 0]);
  terminal.interrupt();
  await turn();
  assert.equal(server.stopCalls(), 1);
  server.markStopped();
  assert.equal(await running, 0);
  assert.deepEqual(terminal.exits, []);
});

test('keepRunning ends at once on a second Ctrl-C, but takes the echo of the first for one', async () => {
  const terminal = createFakeTerminal();
  const server = createFakeServer();
  const running = keepRunning(terminal, async () => server, () => undefined);
  await turn();
  terminal.interrupt();
  terminal.clock.advance(50);
  terminal.interrupt();
  assert.deepEqual(terminal.exits, []);
  terminal.clock.advance(1_000);
  terminal.interrupt();
  assert.deepEqual(terminal.exits, [130]);
  server.markStopped();
  await running;
});

test('keepRunning ends when a client has asked the server to stop', async () => {
  const terminal = createFakeTerminal();
  const server = createFakeServer();
  const running = keepRunning(terminal, async () => server, () => undefined);
  server.markStopped();
  assert.equal(await running, 0);
});

test('keepRunning shows nothing and stops when Ctrl-C comes while it starts', async () => {
  const terminal = createFakeTerminal();
  const server = createFakeServer();
  let finishStart = (): void => undefined;
  const started = new Promise<typeof server>((resolve) => (finishStart = () => resolve(server)));
  let shown = 0;
  const running = keepRunning(terminal, () => started, () => (shown += 1));
  terminal.interrupt();
  finishStart();
  server.markStopped();
  assert.equal(await running, 0);
  assert.deepEqual([shown, server.stopCalls()], [0, 1]);
});

test('keepRunning passes on why a start failed and listens no longer', async () => {
  const terminal = createFakeTerminal();
  await assert.rejects(keepRunning(terminal, () => Promise.reject(new Error('port taken')), () => undefined), /port taken/);
  terminal.interrupt();
  terminal.clock.advance(1_000);
  terminal.interrupt();
  assert.deepEqual(terminal.exits, []);
});
