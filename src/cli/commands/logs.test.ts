import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withFakeServer, type FakeAnswer, type FakeRequest } from '../fakeServer.ts';
import { createFakeTerminal } from '../fakeTerminal.ts';
import type { Terminal } from '../terminal.ts';
import { runCli } from '../runCli.ts';

const nowMs = Date.UTC(2026, 0, 1, 12);
const event = (second: number, message: string): object => ({ eventId: `id-${second}-${message}`, timestamp: nowMs + second * 1000, message: `${message}\n` });
const notFound = { status: 400, body: { __type: 'ResourceNotFoundException', message: 'The specified log group does not exist.' } };

function inputsOf(requests: readonly FakeRequest[]): Record<string, unknown>[] {
  return requests.filter(({ line }) => line === 'POST /').map(({ body }) => JSON.parse(body) as Record<string, unknown>);
}

test('logs reads every page since the given time of the server, and passes the filter on', async () => {
  const terminal = createFakeTerminal();
  const pages = [{ events: [event(1, 'START')], nextToken: 'more' }, { events: [event(2, 'END')] }];
  await withFakeServer(
    ({ line }) => ({ body: line === 'GET /_haneul/clock' ? { nowMs } : pages.shift() }),
    async ({ endpoint, requests }) => {
      assert.equal(await runCli(['logs', 'hello', '--since', '2h', '--filter', 'ERROR', '--endpoint', endpoint], terminal), 0);
      assert.deepEqual(inputsOf(requests), [
        { logGroupName: '/aws/lambda/hello', startTime: nowMs - 7_200_000, filterPattern: 'ERROR' },
        { logGroupName: '/aws/lambda/hello', startTime: nowMs - 7_200_000, filterPattern: 'ERROR', nextToken: 'more' },
      ]);
    },
  );
  assert.deepEqual(terminal.printed, ['2026-01-01T12:00:01.000Z START', '2026-01-01T12:00:02.000Z END']);
});

// Every wait ends at the next turn of the loop.
const impatientClock: Terminal['clock'] = {
  now: () => nowMs,
  at(_dueMs, wake) {
    const immediate = setImmediate(wake);
    return () => clearImmediate(immediate);
  },
};

test('logs --follow waits for a log that does not exist yet, prints nothing twice, takes late events, and ends on Ctrl-C', async () => {
  const fake = createFakeTerminal();
  const looks: FakeAnswer[] = [notFound, { body: { events: [event(5, 'a')] } }, { body: { events: [event(4, 'late'), event(5, 'a'), event(6, 'b')] } }];
  await withFakeServer(
    ({ line }) => {
      if (line === 'GET /_haneul/clock') return { body: { nowMs } };
      const look = looks.shift();
      if (!look) fake.interrupt();
      return look ?? { body: {} };
    },
    async ({ endpoint }) => {
      assert.equal(await runCli(['logs', '/aws/lambda/hello', '--follow', '--endpoint', endpoint], { ...fake, clock: impatientClock }), 0);
    },
  );
  assert.deepEqual(fake.printed.map((line) => line.slice(25)), ['a', 'late', 'b']);
});

test('logs says that nothing was written yet, and refuses a time that is none', async () => {
  const terminal = createFakeTerminal();
  await withFakeServer(
    ({ line }) => (line === 'GET /_haneul/clock' ? { body: { nowMs } } : notFound),
    async ({ endpoint }) => {
      assert.equal(await runCli(['logs', 'hello', '--endpoint', endpoint], terminal), 1);
      assert.equal(await runCli(['logs', 'hello', '--since', 'yesterday', '--endpoint', endpoint], terminal), 2);
    },
  );
  assert.match(terminal.noted.join('\n'), /no log group \/aws\/lambda\/hello/);
});
