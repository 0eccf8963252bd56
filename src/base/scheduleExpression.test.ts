import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTimeZone, momentInZone, nextCron, nextMoment, parseExpression, parseSchedule } from './scheduleExpression.ts';

const next = (text: string, after: string, zone?: string): string | undefined => {
  const schedule = parseSchedule(text);
  assert.equal(schedule?.kind, 'cron', text);
  const found = schedule?.kind === 'cron' ? nextCron(schedule.cron, Date.parse(after), zone) : undefined;
  return found === undefined ? undefined : new Date(found).toISOString().replace(':00.000Z', 'Z');
};

test('parseSchedule takes rates whose unit fits their number, and refuses everything else', () => {
  assert.deepEqual(parseSchedule('rate(5 minutes)'), { kind: 'rate', everyMs: 300_000 });
  assert.deepEqual(parseSchedule('rate(1 day)'), { kind: 'rate', everyMs: 86_400_000 });
  for (const text of ['rate(1 minutes)', 'rate(5 minute)', 'rate(0 minutes)', 'rate(-1 hours)', 'rate(5 weeks)', 'rate(5minutes)', 'rate(1.5 hours)', 'rate()', '5 minutes', '']) {
    assert.equal(parseSchedule(text), undefined, text);
  }
});

test('parseSchedule refuses cron expressions that are none', () => {
  const bad = ['0 9 * * *', '0 9 * * * *', '0 9 ? * ? *', '60 9 * * ? *', '0 24 * * ? *', '0 9 32 * ? *', '0 9 * 13 ? *', '0 9 ? * 8 *', '0 9 ? * MON#6 *', '0/0 9 * * ? *', '5-1 9 * * ? *', '0 9 * * ? 1900', '', 'a b c d e f'];
  for (const text of bad) assert.equal(parseSchedule(`cron(${text})`), undefined, text);
});

test('nextCron finds minutes, lists, steps, ranges and names', () => {
  assert.equal(next('cron(0 10 * * ? *)', '2026-03-01T10:00:00Z'), '2026-03-02T10:00Z');
  assert.equal(next('cron(0/15 * * * ? *)', '2026-03-01T10:14:59Z'), '2026-03-01T10:15Z');
  assert.equal(next('cron(15 12 ? * MON-FRI *)', '2026-03-06T12:15:00Z'), '2026-03-09T12:15Z');
  assert.equal(next('cron(0 8 1,15 JAN,JUL ? *)', '2026-01-15T08:00:00Z'), '2026-07-01T08:00Z');
  assert.equal(next('cron(0 0 29 2 ? *)', '2026-01-01T00:00:00Z'), '2028-02-29T00:00Z');
  assert.equal(next('cron(0 0 1 1 ? 2020-2025)', '2026-01-01T00:00:00Z'), undefined);
  assert.equal(next('cron(0 0 31 2 ? *)', '2026-01-01T00:00:00Z'), undefined);
});

test('nextCron finds last days, nearest weekdays and the nth weekday of a month', () => {
  assert.equal(next('cron(0 0 L * ? *)', '2026-02-01T00:00:00Z'), '2026-02-28T00:00Z');
  assert.equal(next('cron(0 0 LW * ? *)', '2026-02-01T00:00:00Z'), '2026-02-27T00:00Z');
  assert.equal(next('cron(0 0 1W * ? *)', '2026-07-31T12:00:00Z'), '2026-08-03T00:00Z');
  assert.equal(next('cron(0 0 ? * 6#3 *)', '2026-01-01T00:00:00Z'), '2026-01-16T00:00Z');
  assert.equal(next('cron(0 0 ? * 2L *)', '2026-01-01T00:00:00Z'), '2026-01-26T00:00Z');
});

test('nextCron follows the clocks of a zone across daylight saving', () => {
  assert.equal(next('cron(0 9 * * ? *)', '2026-03-08T12:00:00Z', 'Asia/Seoul'), '2026-03-09T00:00Z');
  // New York goes forward at 2:00 on 8 March and back at 2:00 on 1 November 2026.
  assert.equal(next('cron(0 9 * * ? *)', '2026-03-07T15:00:00Z', 'America/New_York'), '2026-03-08T13:00Z');
  assert.equal(next('cron(30 2 * * ? *)', '2026-03-08T05:00:00Z', 'America/New_York'), '2026-03-09T06:30Z');
  assert.equal(next('cron(30 1 * * ? *)', '2026-11-01T04:00:00Z', 'America/New_York'), '2026-11-01T05:30Z');
  assert.equal(next('cron(30 1 * * ? *)', '2026-11-01T05:30:00Z', 'America/New_York'), '2026-11-02T06:30Z');
  assert.equal(new Date(momentInZone(Date.UTC(2026, 6, 1, 9), 'Europe/Berlin')).toISOString(), '2026-07-01T07:00:00.000Z');
});

function nextOf(text: string, after: string, zone?: string, start = after): string | undefined {
  const expression = parseExpression(text);
  assert.ok(expression, text);
  const atMs = nextMoment(expression, { afterMs: Date.parse(after), startMs: Date.parse(start), timeZone: zone });
  return atMs === undefined ? undefined : new Date(atMs).toISOString().slice(0, 19);
}

test('nextMoment finds the next time of each kind of expression', () => {
  assert.equal(nextOf('at(2026-03-01T09:00:00)', '2026-01-01T00:00:00Z'), '2026-03-01T09:00:00');
  assert.equal(nextOf('at(2026-03-01T09:00:00)', '2026-03-01T09:00:00Z'), undefined);
  assert.equal(nextOf('at(2026-03-01T09:00:00)', '2026-01-01T00:00:00Z', 'Asia/Seoul'), '2026-03-01T00:00:00');
  assert.equal(nextOf('rate(5 minutes)', '2026-01-01T00:07:00Z', 'UTC', '2026-01-01T00:01:00Z'), '2026-01-01T00:11:00');
  assert.equal(nextOf('rate(1 day)', '2026-01-01T00:00:00Z', 'UTC', '2026-01-02T00:00:00Z'), '2026-01-02T00:00:00');
  assert.equal(nextOf('cron(0/15 9-17 ? * MON-FRI *)', '2026-01-02T17:45:00Z'), '2026-01-05T09:00:00');
  assert.equal(nextOf('cron(30 8 L * ? *)', '2026-01-31T08:30:00Z'), '2026-02-28T08:30:00');
  assert.equal(nextOf('cron(0 0 1 1 ? 2030)', '2026-01-01T00:00:00Z'), '2030-01-01T00:00:00');
  assert.equal(nextOf('cron(0 0 1 1 ? 2020)', '2026-01-01T00:00:00Z'), undefined);
});

test('nextMoment keeps to the clocks of a zone when they change', () => {
  const daily = 'cron(30 2 * * ? *)';
  assert.equal(nextOf(daily, '2026-03-07T12:00:00Z', 'America/New_York'), '2026-03-09T06:30:00', 'half past two is left out on the 8th');
  assert.equal(nextOf('cron(30 1 * * ? *)', '2026-10-31T12:00:00Z', 'America/New_York'), '2026-11-01T05:30:00', 'the first of two');
  assert.equal(nextOf('cron(0 9 * * ? *)', '2026-06-30T12:00:00Z', 'Asia/Kolkata'), '2026-07-01T03:30:00');
});

test('parseExpression and isTimeZone refuse what means nothing', () => {
  for (const text of ['rate(0 minutes)', 'rate(5 weeks)', 'cron(* * * *)', 'cron(60 0 * * ? *)', 'cron(0 0 ? * ? *)', 'at(tomorrow)', 'at(2026-13-01T00:00:00)', 'every day', '']) {
    assert.equal(parseExpression(text), undefined, text);
  }
  assert.deepEqual(['Asia/Seoul', 'UTC', 'Mars/Base', '+09:00', ''].map(isTimeZone), [true, true, false, false, false]);
});
