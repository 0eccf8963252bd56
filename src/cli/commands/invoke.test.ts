import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withFakeServer, type FakeAnswer, type FakeServer } from '../fakeServer.ts';
import { createFakeTerminal } from '../fakeTerminal.ts';
import { runCli } from '../runCli.ts';

async function invoke(answer: FakeAnswer, args: readonly string[], input = ''): Promise<{ code: number; out: string; err: string; requests: FakeServer['requests'] }> {
  const terminal = createFakeTerminal({ input });
  let result = { code: -1, requests: [] as FakeServer['requests'] };
  await withFakeServer(
    () => answer,
    async ({ endpoint, requests }) => {
      result = { code: await runCli(['invoke', ...args, '--endpoint', endpoint], terminal), requests };
    },
  );
  return { ...result, out: terminal.printed.join('\n'), err: terminal.noted.join('\n') };
}

test('invoke sends the event signed and prints the answer alone', async () => {
  const { code, out, err, requests } = await invoke({ body: '"Hello, sky"' }, ['hello', '--event', '{"name": "sky"}']);
  assert.deepEqual([code, out, err], [0, '"Hello, sky"', '']);
  assert.equal(requests[0]?.line, 'POST /2015-03-31/functions/hello/invocations');
  assert.equal(requests[0]?.body, '{"name": "sky"}');
  assert.match(String(requests[0]?.headers['authorization']), /^AWS4-HMAC-SHA256 Credential=test\/\d{8}\/us-east-1\/lambda\/aws4_request/);
});

test('invoke takes the event from standard input, and {} without one', async () => {
  assert.equal((await invoke({ body: '1' }, ['hello', '--event', '-'], '[1, 2]')).requests[0]?.body, '[1, 2]');
  assert.equal((await invoke({ body: '1' }, ['hello'])).requests[0]?.body, '{}');
  assert.equal((await invoke({ body: '1' }, ['hello', '--event', '5'])).requests[0]?.body, '5');
});

test('invoke prints the log on standard error with --tail', async () => {
  const log = Buffer.from('START\nEND\n').toString('base64');
  const { out, err, requests } = await invoke({ headers: { 'x-amz-log-result': log }, body: '1' }, ['hello', '--tail', '--qualifier', 'live']);
  assert.deepEqual([out, err], ['1', 'START\nEND']);
  assert.equal(requests[0]?.headers['x-amz-log-type'], 'Tail');
  assert.match(requests[0]?.line ?? '', /\?Qualifier=live$/);
});

test('invoke answers 1 and says why when the function fails', async () => {
  const payload = { errorType: 'TypeError', errorMessage: 'no name' };
  const { code, out, err } = await invoke({ headers: { 'x-amz-function-error': 'Unhandled' }, body: payload }, ['hello']);
  assert.equal(code, 1);
  assert.deepEqual(JSON.parse(out), payload);
  assert.match(err, /hello failed \(Unhandled\): TypeError: no name/);
});

test('invoke passes on what the service refuses, in its own words', async () => {
  const answer = { status: 404, headers: { 'x-amzn-errortype': 'ResourceNotFoundException' }, body: { Message: 'Function not found: arn:x' } };
  const { code, err } = await invoke(answer, ['gone']);
  assert.equal(code, 1);
  assert.match(err, /ResourceNotFoundException: Function not found: arn:x\n.*list-functions/);
});

test('invoke refuses what is neither a file nor JSON before it asks anybody', async () => {
  for (const event of ['no-such-file.json', '{"name": ']) {
    const { code, err, requests } = await invoke({ body: '1' }, ['hello', '--event', event]);
    assert.deepEqual([code, requests.length], [2, 0]);
    assert.match(err, /JSON/);
  }
});
