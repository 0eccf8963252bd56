import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withFakeServer } from '../fakeServer.ts';
import { createFakeTerminal, type FakeTerminal } from '../fakeTerminal.ts';
import { runCli } from '../runCli.ts';

const answers = (line: string): object => {
  if (line === 'GET /_haneul/health') return { status: 'running' };
  const offsetMs = line === 'POST /_haneul/clock' ? 86_400_000 : 0;
  return { now: '2026-01-02T00:00:00.000Z', nowMs: 1, offsetMs };
};

async function refusal(...args: string[]): Promise<string> {
  const terminal = createFakeTerminal();
  assert.equal(await runCli(['clock', ...args], terminal), 2);
  return terminal.noted.join('\n');
}

test('clock shows product time', async () => {
  await withFakeServer(({ line }) => ({ body: answers(line) }), async ({ endpoint, requests }) => {
    const terminals: FakeTerminal[] = [createFakeTerminal(), createFakeTerminal()];
    assert.equal(await runCli(['clock', '--endpoint', endpoint], terminals[0] as FakeTerminal), 0);
    assert.equal(await runCli(['clock', 'show', '--endpoint', endpoint], terminals[1] as FakeTerminal), 0);
    for (const { printed } of terminals) assert.deepEqual(printed, ['2026-01-02T00:00:00.000Z   (the real time)']);
    assert.ok(!requests.some(({ line }) => line.startsWith('POST')));
  });
});

test('clock advance moves it and says how far it is', async () => {
  await withFakeServer(({ line }) => ({ body: answers(line) }), async ({ endpoint, requests }) => {
    const terminal = createFakeTerminal();
    assert.equal(await runCli(['clock', 'advance', '1d', '--endpoint', endpoint], terminal), 0);
    assert.deepEqual(terminal.printed, ['2026-01-02T00:00:00.000Z   (1 d ahead of the real time)']);
    assert.deepEqual(JSON.parse(requests.at(-1)?.body ?? ''), { advanceMs: 86_400_000 });
  });
});

test('clock refuses what is neither, and spans that are none', async () => {
  assert.match(await refusal('set', '1d'), /can show and advance, not "set"/);
  assert.match(await refusal('advance'), /needs a SPAN/);
  assert.match(await refusal('advance', 'tomorrow'), /"tomorrow" is not a span/);
  assert.match(await refusal('show', '1d'), /does not take "1d"/);
  assert.match(await refusal('advance', '1d', 'now'), /does not take "now"/);
});
