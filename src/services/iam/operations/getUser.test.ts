import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness } from '../testing/harness.ts';

test('getUser describes the caller, the root user included', async () => {
  const { iam, createUser } = createHarness();
  const alice = await createUser('alice', [{ Effect: 'Allow', Action: 'iam:GetUser', Resource: '*' }]);
  assert.equal((await iam('GetUser', {}, alice)).User?.UserName, 'alice');
  assert.equal((await iam('GetUser', {})).User?.Arn, `arn:aws:iam::${account}:root`);
});
