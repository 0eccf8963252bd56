import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextRotationMs } from './schedule.ts';

const next = (scheduleExpression: string, after: string): string | undefined => {
  const atMs = nextRotationMs({ scheduleExpression }, Date.parse(after));
  return atMs === undefined ? undefined : new Date(atMs).toISOString().slice(0, 16);
};

test('nextRotationMs reads every form of a cron field', () => {
  // 2026-01-01 is a Thursday.
  const cases: [string, string, string][] = [
    ['cron(0 8 ? * * *)', '2026-01-01T07:59:00Z', '2026-01-01T08:00'],
    ['cron(0 8 ? * * *)', '2026-01-01T08:00:00Z', '2026-01-02T08:00'],
    ['cron(0 /8 ? * * *)', '2026-01-01T08:00:00Z', ''],
    ['cron(0 0/8 ? * * *)', '2026-01-01T08:00:00Z', '2026-01-01T16:00'],
    ['cron(0 16 1 * ? *)', '2026-01-01T16:00:00Z', '2026-02-01T16:00'],
    ['cron(0 0 L * ? *)', '2026-01-31T01:00:00Z', '2026-02-28T00:00'],
    ['cron(0 0 29 FEB ? *)', '2026-01-01T00:00:00Z', '2028-02-29T00:00'],
    ['cron(0 1 ? * SUN *)', '2026-01-01T00:00:00Z', '2026-01-04T01:00'],
    ['cron(0 1 ? * MON-WED,6 *)', '2026-01-01T00:00:00Z', '2026-01-02T01:00'],
    ['cron(0 1 ? * 2#1 *)', '2026-01-06T00:00:00Z', '2026-02-02T01:00'],
    ['cron(0 1 ? 1/3 6L *)', '2026-01-01T00:00:00Z', '2026-01-30T01:00'],
    ['cron(0 1 15W 8 ? *)', '2026-01-01T00:00:00Z', '2026-08-14T01:00'],
  ];
  for (const [expression, after, expected] of cases) {
    if (expected === '') assert.throws(() => next(expression, after), { code: 'InvalidParameterException' });
    else assert.equal(next(expression, after), expected, expression);
  }
});

test('nextRotationMs counts days from midnight and hours from the hour', () => {
  assert.equal(next('rate(1 day)', '2026-01-01T13:37:00Z'), '2026-01-02T00:00');
  assert.equal(next('rate(4 hours)', '2026-01-01T13:37:00Z'), '2026-01-01T17:00');
  assert.equal(nextRotationMs({}, 0), undefined);
});
