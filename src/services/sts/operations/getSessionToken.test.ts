import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alice, createHarness, mfaSerial, root, session } from '../testing/harness.ts';

test('getSessionToken is for users, and for root an hour at most', async () => {
  const { sts, grants } = createHarness();
  await sts('GetSessionToken', {}, alice);
  await sts('GetSessionToken', {});
  assert.deepEqual(grants, [{ caller: alice, durationSeconds: 43_200, conditions: {} }, { caller: root, durationSeconds: 3_600, conditions: {} }]);
  await assert.rejects(sts('GetSessionToken', {}, session), { code: 'AccessDenied', message: 'Cannot call GetSessionToken with session credentials' });
});

test('getSessionToken keeps when a second factor was given', async () => {
  const { sts, grants, clock } = createHarness();
  await sts('GetSessionToken', { SerialNumber: mfaSerial, TokenCode: '123456' }, alice);
  assert.deepEqual(grants[0]?.conditions, { 'aws:MultiFactorAuthPresent': 'true', 'haneul:MultiFactorAuthTime': String(clock.now()) });
  await assert.rejects(sts('GetSessionToken', { SerialNumber: mfaSerial, TokenCode: '654321' }, alice), { code: 'AccessDenied' });
});
