import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alice, createHarness, root, session } from '../testing/harness.ts';

test('getSessionToken is for users, and for root an hour at most', async () => {
  const { sts, grants } = createHarness();
  await sts('GetSessionToken', {}, alice);
  await sts('GetSessionToken', {});
  assert.deepEqual(grants, [{ caller: alice, durationSeconds: 43_200 }, { caller: root, durationSeconds: 3_600 }]);
  await assert.rejects(sts('GetSessionToken', {}, session), { code: 'AccessDenied', message: 'Cannot call GetSessionToken with session credentials' });
});
