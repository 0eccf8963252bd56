import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTimeZone, nextScheduled, parseSchedule } from './schedule.ts';

function next(text: string, after: string, zone?: string, start = after): string | undefined {
  const schedule = parseSchedule(text, zone);
  assert.ok(schedule, text);
  const atMs = nextScheduled(schedule, Date.parse(after), Date.parse(start));
  return atMs === undefined ? undefined : new Date(atMs).toISOString().slice(0, 19);
}

test('nextScheduled finds the next time of each kind of expression', () => {
  assert.equal(next('at(2026-03-01T09:00:00)', '2026-01-01T00:00:00Z'), '2026-03-01T09:00:00');
  assert.equal(next('at(2026-03-01T09:00:00)', '2026-03-01T09:00:00Z'), undefined);
  assert.equal(next('at(2026-03-01T09:00:00)', '2026-01-01T00:00:00Z', 'Asia/Seoul'), '2026-03-01T00:00:00');
  assert.equal(next('rate(5 minutes)', '2026-01-01T00:07:00Z', 'UTC', '2026-01-01T00:01:00Z'), '2026-01-01T00:11:00');
  assert.equal(next('rate(1 day)', '2026-01-01T00:00:00Z', 'UTC', '2026-01-02T00:00:00Z'), '2026-01-02T00:00:00');
  assert.equal(next('cron(0/15 9-17 ? * MON-FRI *)', '2026-01-02T17:45:00Z'), '2026-01-05T09:00:00');
  assert.equal(next('cron(30 8 L * ? *)', '2026-01-31T08:30:00Z'), '2026-02-28T08:30:00');
  assert.equal(next('cron(0 0 1 1 ? 2030)', '2026-01-01T00:00:00Z'), '2030-01-01T00:00:00');
  assert.equal(next('cron(0 0 1 1 ? 2020)', '2026-01-01T00:00:00Z'), undefined);
});

test('nextScheduled keeps to the clocks of a zone when they change', () => {
  const daily = 'cron(30 2 * * ? *)';
  assert.equal(next(daily, '2026-03-07T12:00:00Z', 'America/New_York'), '2026-03-09T06:30:00', 'half past two is left out on the 8th');
  assert.equal(next('cron(30 1 * * ? *)', '2026-10-31T12:00:00Z', 'America/New_York'), '2026-11-01T05:30:00', 'the first of two');
  assert.equal(next('cron(0 9 * * ? *)', '2026-06-30T12:00:00Z', 'Asia/Kolkata'), '2026-07-01T03:30:00');
});

test('parseSchedule and isTimeZone refuse what means nothing', () => {
  for (const text of ['rate(0 minutes)', 'rate(5 weeks)', 'cron(* * * *)', 'cron(60 0 * * ? *)', 'cron(0 0 ? * ? *)', 'at(tomorrow)', 'at(2026-13-01T00:00:00)', 'every day', '']) {
    assert.equal(parseSchedule(text), undefined, text);
  }
  assert.deepEqual(['Asia/Seoul', 'UTC', 'Mars/Base', '+09:00', ''].map(isTimeZone), [true, true, false, false, false]);
});
