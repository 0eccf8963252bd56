import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness } from '../testing/harness.ts';

test('getAccessKeyInfo knows the account of an issued key', async () => {
  const { sts } = createHarness();
  assert.deepEqual(await sts('GetAccessKeyInfo', { AccessKeyId: 'AKIAALICE' }), { Account: account });
  await assert.rejects(sts('GetAccessKeyInfo', { AccessKeyId: 'AKIANOBODY' }), { code: 'InvalidClientTokenId' });
});
