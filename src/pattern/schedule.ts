// When a schedule of a user comes next: `at(…)`, `rate(…)` and `cron(…)`, in a time zone. Times in a zone are found by asking what
// a moment is called there: an hour that a clock change leaves out never comes, one that comes twice is the first.
import { cronMatchesDay, parseCron } from './cron.ts';
import type { Cron } from './cron.ts';

export type Schedule =
  | { readonly kind: 'at'; readonly atMs: number }
  | { readonly kind: 'rate'; readonly everyMs: number }
  | { readonly kind: 'cron'; readonly cron: Cron; readonly zone: string };

const minuteMs = 60_000;
const dayMs = 86_400_000;
const unitMs: Readonly<Record<string, number>> = { minute: minuteMs, hour: 60 * minuteMs, day: dayMs };
/** Further ahead than any expression that ever matches: a 29th of February on a given weekday comes within forty years. */
const searchDays = 366 * 41;

/** Undefined for what is no expression. The zone must be one ({@link isTimeZone}). */
export function parseSchedule(text: string, zone = 'UTC'): Schedule | undefined {
  const [, kind, body = ''] = /^(at|rate|cron)\(([^()]{1,256})\)$/.exec(text.trim()) ?? [];
  if (kind === 'at') {
    const match = /^\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\s*$/.exec(body);
    const localMs = match === null ? NaN : Date.parse(`${match[1]}Z`);
    return Number.isNaN(localMs) ? undefined : { kind: 'at', atMs: momentOf(localMs, zone) ?? localMs };
  }
  if (kind === 'rate') {
    const [, count = '', unit = ''] = /^\s*(\d{1,6})\s+(minute|hour|day)s?\s*$/.exec(body) ?? [];
    const everyMs = Number(count) * (unitMs[unit] ?? 0);
    return everyMs > 0 ? { kind: 'rate', everyMs } : undefined;
  }
  const cron = kind === 'cron' ? parseCron(body.trim().split(/\s+/)) : undefined;
  return cron && { kind: 'cron', cron, zone };
}

/** The first time after `afterMs`; undefined when there is none. Rates are counted from `startMs`. */
export function nextScheduled(schedule: Schedule, afterMs: number, startMs: number): number | undefined {
  switch (schedule.kind) {
    case 'at':
      return schedule.atMs > afterMs ? schedule.atMs : undefined;
    case 'rate':
      return afterMs < startMs ? startMs : startMs + (Math.floor((afterMs - startMs) / schedule.everyMs) + 1) * schedule.everyMs;
    case 'cron':
      return nextOfCron(schedule.cron, schedule.zone, afterMs);
  }
}

/** Whether this is the name of a time zone: `Asia/Seoul`, `UTC`. Offsets are none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function nextOfCron(cron: Cron, zone: string, afterMs: number): number | undefined {
  const firstDay = Math.floor(localOf(afterMs, zone) / dayMs);
  for (let day = firstDay; day < firstDay + searchDays; day += 1) {
    if (!cronMatchesDay(cron, new Date(day * dayMs))) continue;
    for (const hour of cron.hours) {
      // Whole hours that are over need no look at their minutes.
      if (day === firstDay && day * dayMs + (hour + 3) * 60 * minuteMs < localOf(afterMs, zone)) continue;
      for (const minute of cron.minutes) {
        const atMs = momentOf(day * dayMs + (hour * 60 + minute) * minuteMs, zone);
        if (atMs !== undefined && atMs > afterMs) return atMs;
      }
    }
  }
  return undefined;
}

/** The moment that a zone's clocks call `localMs` (written as if in UTC); undefined for one that they skip. */
function momentOf(localMs: number, zone: string): number | undefined {
  if (zone === 'UTC') return localMs;
  // Both offsets around a change are tried, the earlier moment first.
  const guesses = [localMs - offsetAt(localMs - dayMs, zone), localMs - offsetAt(localMs + dayMs, zone)].sort((a, b) => a - b);
  return guesses.find((guess) => localOf(guess, zone) === localMs);
}

const localOf = (ms: number, zone: string): number => ms + offsetAt(ms, zone);

function offsetAt(ms: number, zone: string): number {
  if (zone === 'UTC') return 0;
  const parts = Object.fromEntries(formatOf(zone).formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1_000) * 1_000;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const numeric = 'numeric';
  return new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric });
}
