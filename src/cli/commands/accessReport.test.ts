import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withFakeServer } from '../fakeServer.ts';
import { createFakeTerminal } from '../fakeTerminal.ts';
import { runCli } from '../runCli.ts';

const report = {
  arn: 'arn:aws:iam::000000000000:role/worker',
  services: [
    {
      service: 'sqs',
      name: 'Amazon SQS',
      used: [{ action: 'sqs:SendMessage', lastUsed: '2026-06-01T00:00:00.000Z' }],
      neverUsed: Array.from({ length: 25 }, (_, index) => `sqs:Action${index}`),
    },
  ],
};

test('access-report lists used and never used actions, and shortens long lists', async () => {
  await withFakeServer(({ line }) => ({ body: line === 'GET /_haneul/health' ? { status: 'running' } : report }), async ({ endpoint, requests }) => {
    const terminal = createFakeTerminal();
    assert.equal(await runCli(['access-report', 'worker', '--endpoint', endpoint], terminal), 0);
    assert.equal(requests[1]?.line, 'GET /_haneul/access-report?principal=worker');
    const text = terminal.printed.join('\n');
    assert.match(text, /sqs {2}Amazon SQS: 1 of 26 allowed actions used\n {2}used {3}sqs:SendMessage/);
    assert.match(text, /never {2}sqs:Action0\n/);
    assert.match(text, /and 5 more/);
  });
});

test('access-report says when there is no such role', async () => {
  await withFakeServer(({ line }) => (line === 'GET /_haneul/health' ? { body: { status: 'running' } } : { status: 404, body: {} }), async ({ endpoint }) => {
    const terminal = createFakeTerminal();
    assert.equal(await runCli(['access-report', 'absent', '--endpoint', endpoint], terminal), 1);
    assert.match(terminal.noted.join('\n'), /There is no user or role absent/);
  });
});
