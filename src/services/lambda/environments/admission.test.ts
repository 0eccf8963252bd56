import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../base/clock.ts';
import { createAdmission } from './admission.ts';
import type { ConcurrencyRules } from './admission.ts';

const place = { account: '000000000000', region: 'us-east-1' };
const free: ConcurrencyRules = { reserved: undefined, provisioned: 0, taken: 0 };

const throttle = (Reason: string, retryAfterSeconds = '1'): object => ({ code: 'TooManyRequestsException', status: 429, members: { Type: 'User', Reason, retryAfterSeconds } });

test('createAdmission lets a function with reserved concurrency do ten requests a second for each unit, and events without that limit', () => {
  const clock = createFakeClock();
  const admission = createAdmission({ clock, accountConcurrency: 1_000 });
  const rules = { ...free, reserved: 2, taken: 2 };
  for (let index = 0; index < 20; index += 1) admission.enter(place, 'a', rules)();
  assert.throws(() => admission.enter(place, 'a', rules), throttle('ReservedFunctionInvocationRateLimitExceeded'));
  admission.enter(place, 'a', { ...rules, asynchronous: true })();
  clock.advance(50);
  admission.enter(place, 'a', rules)();
  assert.throws(() => admission.enter(place, 'a', rules), throttle('ReservedFunctionInvocationRateLimitExceeded'));
});

test('createAdmission limits the requests of all functions without a reservation to ten times the concurrency of the account', () => {
  const admission = createAdmission({ clock: createFakeClock(), accountConcurrency: 100 });
  for (let index = 0; index < 1_000; index += 1) admission.enter(place, `f${index % 3}`, free)();
  assert.throws(() => admission.enter(place, 'a', free), throttle('FunctionInvocationRateLimitExceeded'));
  admission.enter({ ...place, region: 'eu-west-1' }, 'a', free)();
});

test('createAdmission starts a thousand environments of a function at once and a hundred a second after that', () => {
  const clock = createFakeClock();
  const admission = createAdmission({ clock, accountConcurrency: 5_000 });
  for (let index = 0; index < 1_000; index += 1) admission.startEnvironment(place, 'a');
  assert.throws(() => admission.startEnvironment(place, 'a'), throttle('ConcurrentInvocationLimitExceeded'));
  admission.startEnvironment(place, 'b');
  clock.advance(1_000);
  for (let index = 0; index < 100; index += 1) admission.startEnvironment(place, 'a');
  assert.throws(() => admission.startEnvironment(place, 'a'), throttle('ConcurrentInvocationLimitExceeded'));
});

test('createAdmission leaves what is provisioned to those who use it', () => {
  const admission = createAdmission({ clock: createFakeClock(), accountConcurrency: 102 });
  const rules = { reserved: 3, provisioned: 2, taken: 3 };
  const leave = admission.enter(place, 'a', rules);
  assert.throws(() => admission.enter(place, 'a', rules), throttle('ReservedFunctionConcurrentInvocationLimitExceeded'));
  admission.enterProvisioned(place, 'a', rules);
  assert.deepEqual(admission.running(place, 'a'), { account: 2, unreserved: 0, function: 2 });
  leave();
  assert.deepEqual(admission.running(place, 'a'), { account: 1, unreserved: 0, function: 1 });
});
