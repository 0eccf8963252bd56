import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFailedSignatures } from './failedSignatures.ts';

test('createFailedSignatures refuses a sender after five hundred failures, in the words of each protocol, and forgives five a second', () => {
  let nowMs = 1_000;
  const failed = createFailedSignatures(() => nowMs);
  for (let count = 0; count < 499; count += 1) failed.note('10.0.0.1');
  failed.requireAllowed('10.0.0.1', 'awsJson1_1');
  failed.note('10.0.0.1');
  assert.throws(() => failed.requireAllowed('10.0.0.1', 'awsJson1_1'), { code: 'ThrottlingException', message: 'Rate exceeded' });
  assert.throws(() => failed.requireAllowed('10.0.0.1', 'awsQuery'), { code: 'Throttling' });
  assert.throws(() => failed.requireAllowed('10.0.0.1', 'restXml'), { code: 'SlowDown', status: 503 });
  failed.requireAllowed('10.0.0.2', 'awsJson1_1');
  nowMs += 200;
  failed.requireAllowed('10.0.0.1', 'awsJson1_1');
  failed.note('10.0.0.1');
  assert.throws(() => failed.requireAllowed('10.0.0.1', 'awsJson1_1'));
});

test('createFailedSignatures keeps no more senders than its limit', () => {
  const failed = createFailedSignatures(() => 0);
  for (let count = 0; count < 500; count += 1) failed.note('first');
  for (let sender = 0; sender < 10_000; sender += 1) failed.note(`other-${sender}`);
  failed.requireAllowed('first', 'restJson1');
});
