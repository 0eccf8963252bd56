import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withFakeServer } from '../fakeServer.ts';
import { createFakeTerminal, type FakeTerminal } from '../fakeTerminal.ts';
import { runCli } from '../runCli.ts';

const deny = {
  requestId: 'r1',
  at: '2026-06-01T00:00:00.000Z',
  enforced: true,
  principal: { arn: 'arn:aws:iam::000000000000:user/ann' },
  action: 'iam:ListUsers',
  resource: 'arn:aws:iam::000000000000:user/',
  sentence: 'User: ann is not authorized',
  decision: 'explicit-deny',
  layer: 'identity-based policy',
  deciding: { policy: 'inline:own', index: 0, sid: 'NoUsers', statement: { Effect: 'Deny' } },
  context: { 'aws:username': ['ann'] },
};
const missing = {
  ...deny,
  requestId: 'r2',
  decision: 'implicit-deny',
  deciding: undefined,
  searched: ['inline:own'],
  nearMisses: [
    { statement: { policy: 'inline:own', index: 2 }, failed: 'condition', condition: { operator: 'bool', key: 'aws:securetransport', wanted: ['true'], actual: ['false'] } },
  ],
};

async function why(...args: string[]): Promise<{ terminal: FakeTerminal; code: number }> {
  const terminal = createFakeTerminal();
  let code = -1;
  const respond = ({ line }: { readonly line: string }) => {
    if (line === 'GET /_haneul/health') return { body: { status: 'running' } };
    const id = new URL(`http://x${line.split(' ')[1]}`).searchParams.get('requestId');
    return { body: { denials: [deny, missing].filter(({ requestId }) => id === null || id === requestId) } };
  };
  await withFakeServer(respond, async ({ endpoint }) => {
    code = await runCli(['why', ...args, '--endpoint', endpoint], terminal);
  });
  return { terminal, code };
}

test('why lists the latest denials', async () => {
  const { terminal, code } = await why();
  assert.equal(code, 0);
  assert.equal(terminal.printed.length, 2);
  assert.match(terminal.printed[0] ?? '', /r1 .*User: ann is not authorized/);
});

test('why tells the statement that denied a request', async () => {
  const text = (await why('r1')).terminal.printed.join('\n');
  assert.match(text, /Denied by the identity-based policy inline:own, statement "NoUsers"/);
  assert.match(text, /aws:username = ann/);
});

test('why tells which policies did not allow, what was nearly enough, and what would allow it', async () => {
  const text = (await why('r2')).terminal.printed.join('\n');
  assert.match(text, /No identity-based policy allows it\. Looked at:\n {2}inline:own/);
  assert.match(text, /Nearly: inline:own, statement 3, but aws:securetransport is false and bool wants true/);
  assert.match(text, /"Action": "iam:ListUsers"/);
});

test('why says when the server knows no such denial', async () => {
  const { terminal, code } = await why('r3');
  assert.equal(code, 1);
  assert.match(terminal.noted.join('\n'), /knows no denial of a request r3/);
});
