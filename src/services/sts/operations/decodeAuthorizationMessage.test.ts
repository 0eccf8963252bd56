import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, alice, createHarness } from '../testing/harness.ts';
import type { Denial } from '../../../framework/denial.ts';

const denial: Denial = {
  requestId: 'r1',
  at: '2026-06-01T00:00:00.000Z',
  enforced: true,
  account,
  principal: { arn: alice.kind === 'user' ? alice.arn : '', id: 'AIDAALICE' },
  action: 'sqs:SendMessage',
  resource: `arn:aws:sqs:us-east-1:${account}:jobs`,
  sentence: 'no',
  decision: 'implicit-deny',
  layer: 'identity-based policy',
  searched: [],
  nearMisses: [],
  context: { 'aws:username': ['alice'] },
};

test('DecodeAuthorizationMessage opens a message of the account and tells what the request said of itself', async () => {
  const { sts, messages } = createHarness();
  const { DecodedMessage = '' } = await sts('DecodeAuthorizationMessage', { EncodedMessage: messages.seal(denial) });
  const { context } = JSON.parse(DecodedMessage) as { context: object };
  assert.deepEqual(context, {
    principal: { id: 'AIDAALICE', arn: denial.principal.arn },
    action: denial.action,
    resource: denial.resource,
    conditions: { items: [{ key: 'aws:username', values: { items: [{ value: 'alice' }] } }] },
  });
});

test('DecodeAuthorizationMessage refuses the message of another account', async () => {
  const { sts, messages } = createHarness();
  const EncodedMessage = messages.seal({ ...denial, account: '222222222222' });
  await assert.rejects(sts('DecodeAuthorizationMessage', { EncodedMessage }), { code: 'InvalidAuthorizationMessageException' });
});
