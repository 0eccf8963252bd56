// Schedule expressions of EventBridge, its Scheduler, Application Auto Scaling and Secrets Manager: `rate(5 minutes)`, cron with six fields,
// and with the Scheduler and Auto Scaling `at(2026-03-01T09:00:00)`, in a time zone.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html

export type Schedule = { readonly kind: 'rate'; readonly everyMs: number } | { readonly kind: 'cron'; readonly cron: Cron };

export type Expression = Schedule | { readonly kind: 'at'; /** What clocks in the zone show, as if it were UTC. */ readonly wallMs: number };

/** A cron expression, as sets of what fits. */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: ReadonlySet<number>;
  readonly years: ReadonlySet<number> | undefined;
  readonly daysOfMonth: readonly DayRule[];
  readonly daysOfWeek: readonly WeekdayRule[];
}

type DayRule = { readonly kind: 'any' } | { readonly kind: 'last'; readonly before: number } | { readonly kind: 'last-weekday' } | { readonly kind: 'day'; readonly days: ReadonlySet<number> } | { readonly kind: 'weekday-near'; readonly day: number };
type WeekdayRule = { readonly kind: 'any' } | { readonly kind: 'day'; readonly days: ReadonlySet<number> } | { readonly kind: 'nth'; readonly day: number; readonly nth: number } | { readonly kind: 'last'; readonly day: number };

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const dayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const [firstYear, lastYear] = [1970, 2199];
const dayMs = 86_400_000;

/** Undefined for what is no schedule. */
export function parseSchedule(text: string): Schedule | undefined {
  const rate = /^rate\((\d{1,9}) (minute|hour|day)(s?)\)$/.exec(text);
  if (rate) {
    const count = Number(rate[1]);
    // "A singular value needs a singular unit."
    if (count < 1 || (count === 1) !== (rate[3] === '')) return undefined;
    return { kind: 'rate', everyMs: count * (unitMs[rate[2] ?? ''] ?? 0) };
  }
  const cron = /^cron\((.+)\)$/.exec(text);
  const parsed = cron ? parseCron((cron[1] ?? '').trim().split(/\s+/)) : undefined;
  return parsed && { kind: 'cron', cron: parsed };
}

/** {@link parseSchedule}, and a single moment. */
export function parseExpression(text: string): Expression | undefined {
  const at = /^at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)$/.exec(text);
  if (!at) return parseSchedule(text);
  const [, written = ''] = at;
  const wallMs = Date.parse(`${written}Z`);
  // The 31st of April is no day.
  return Number.isFinite(wallMs) && new Date(wallMs).toISOString().startsWith(written) ? { kind: 'at', wallMs } : undefined;
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

/** The first moment after `afterMs`; undefined when there is none. Rates are counted from `startMs`, which is itself the first. */
export function nextMoment(expression: Expression, { afterMs, startMs, timeZone }: { readonly afterMs: number; readonly startMs: number; readonly timeZone?: string | undefined }): number | undefined {
  switch (expression.kind) {
    case 'at': {
      const moment = momentInZone(expression.wallMs, timeZone ?? 'UTC');
      return moment > afterMs ? moment : undefined;
    }
    case 'rate':
      return afterMs < startMs ? startMs : startMs + (Math.floor((afterMs - startMs) / expression.everyMs) + 1) * expression.everyMs;
    case 'cron':
      return nextCron(expression.cron, afterMs, timeZone);
  }
}

/** The six fields of a cron expression: minutes, hours, day of month, month, day of week, year. */
export function parseCron(fields: readonly string[]): Cron | undefined {
  const [minuteField = '', hourField = '', dayField = '', monthField = '', weekdayField = '', yearField = ''] = fields;
  if (fields.length !== 6) return undefined;
  // "You can't use * in both the Day-of-month and Day-of-week fields. If you use it in one, you must use ? in the other."
  if ((dayField === '?') === (weekdayField === '?')) return undefined;
  const minutes = parseSet(minuteField, 0, 59, []);
  const hours = parseSet(hourField, 0, 23, []);
  const months = parseSet(monthField, 1, 12, monthNames);
  const years = yearField === '*' ? undefined : parseSet(yearField, firstYear, lastYear, []);
  const daysOfMonth = parseEach(dayField, parseDay);
  const daysOfWeek = parseEach(weekdayField, parseWeekday);
  if (!minutes || !hours || !months || !daysOfMonth || !daysOfWeek || (yearField !== '*' && !years)) return undefined;
  const sorted = (set: ReadonlySet<number>): number[] => [...set].sort((a, b) => a - b);
  return { minutes: sorted(minutes), hours: sorted(hours), months, years, daysOfMonth, daysOfWeek };
}

/**
 * The first moment after `afterMs` at which a cron expression fits, on the clocks of a time zone (UTC unless given); undefined when there is none.
 * A time that clocks leave out when they go forward is left out; one that comes twice is taken once, the first time (EventBridge Scheduler
 * user guide, "Daylight savings time adjustments").
 */
export function nextCron(cron: Cron, afterMs: number, timeZone?: string): number | undefined {
  const toLocal = localClock(timeZone);
  const local = toLocal(afterMs);
  // Days on the wall, as midnights in UTC.
  for (let day = Math.floor(local / dayMs) * dayMs; ; ) {
    const date = new Date(day);
    const year = date.getUTCFullYear();
    if (year > lastYear || (cron.years && year > Math.max(...cron.years))) return undefined;
    if ((cron.years && !cron.years.has(year)) || !cron.months.has(date.getUTCMonth() + 1)) {
      day = Date.UTC(year, date.getUTCMonth() + 1, 1);
      continue;
    }
    if (cron.daysOfMonth.some((rule) => matchesDay(rule, date)) && cron.daysOfWeek.some((rule) => matchesWeekday(rule, date))) {
      for (const hour of cron.hours) {
        for (const minute of cron.minutes) {
          const wall = day + hour * 3_600_000 + minute * 60_000;
          // A quarter before, for days that are shorter on the clock than they look.
          if (wall < local - 2 * 3_600_000) continue;
          const moment = fromLocal(wall, toLocal);
          if (moment > afterMs && toLocal(moment) === wall) return moment;
        }
      }
    }
    day += dayMs;
  }
}

/** What clocks in a zone show, as if it were UTC. */
function localClock(timeZone: string | undefined): (ms: number) => number {
  if (timeZone === undefined || timeZone === 'UTC') return (ms) => ms;
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
  return (ms) => {
    const found = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes): number => found.get(name) ?? 0;
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) + (((ms % 1_000) + 1_000) % 1_000);
  };
}

/** The moment at which clocks first show `wall`, or pass it. */
export function fromLocal(wall: number, toLocal: (ms: number) => number): number {
  // The two offsets that can be in force around it, tried from the one that makes the earlier moment.
  const before = toLocal(wall - dayMs) - (wall - dayMs);
  const after = toLocal(wall + dayMs) - (wall + dayMs);
  const early = wall - Math.max(before, after);
  const late = wall - Math.min(before, after);
  if (toLocal(early) === wall) return early;
  if (toLocal(late) === wall) return late;
  // Left out: the moment at which clocks jump over it.
  let [low, high] = [early, late];
  while (high - low > 1_000) {
    const middle = Math.floor((low + high) / 2_000) * 1_000;
    if (toLocal(middle) < wall) low = middle;
    else high = middle;
  }
  return high;
}

/** {@link fromLocal} for a zone by its name. */
export function momentInZone(wall: number, timeZone: string): number {
  return fromLocal(wall, localClock(timeZone));
}

function parseEach<Rule>(field: string, parse: (part: string) => Rule | undefined): Rule[] | undefined {
  const found = field.split(',').map(parse);
  return found.every((rule) => rule !== undefined) ? found : undefined;
}

function parseDay(part: string): DayRule | undefined {
  if (part === '*' || part === '?') return { kind: 'any' };
  if (part === 'LW') return { kind: 'last-weekday' };
  const last = /^L(?:-(\d{1,2}))?$/.exec(part);
  if (last) return { kind: 'last', before: Number(last[1] ?? 0) };
  const near = /^(\d{1,2})W$/.exec(part);
  if (near) return Number(near[1]) >= 1 && Number(near[1]) <= 31 ? { kind: 'weekday-near', day: Number(near[1]) } : undefined;
  const days = parseSet(part, 1, 31, []);
  return days && { kind: 'day', days };
}

function parseWeekday(part: string): WeekdayRule | undefined {
  if (part === '*' || part === '?') return { kind: 'any' };
  const last = /^([1-7]|[A-Za-z]{3})?L$/.exec(part);
  if (last) {
    const day = numberOf(last[1] ?? '7', 1, 7, dayNames);
    return day === undefined ? undefined : { kind: 'last', day };
  }
  const nth = /^([1-7]|[A-Za-z]{3})#([1-5])$/.exec(part);
  if (nth) {
    const day = numberOf(nth[1] ?? '', 1, 7, dayNames);
    return day === undefined ? undefined : { kind: 'nth', day, nth: Number(nth[2]) };
  }
  const days = parseSet(part, 1, 7, dayNames);
  return days && { kind: 'day', days };
}

/** `*`, numbers and names, ranges and steps, with commas between them. */
function parseSet(field: string, min: number, max: number, names: readonly string[]): ReadonlySet<number> | undefined {
  const found = new Set<number>();
  for (const part of field.split(',')) {
    const [range = '', stepText, more] = part.split('/');
    const step = stepText === undefined ? 1 : /^\d{1,4}$/.test(stepText) ? Number(stepText) : 0;
    if (more !== undefined || step < 1) return undefined;
    const [fromText = '', toText, beyond] = range.split('-');
    const from = range === '*' ? min : numberOf(fromText, min, max, names);
    const to = range === '*' ? max : toText === undefined ? (stepText === undefined ? from : max) : numberOf(toText, min, max, names);
    if (beyond !== undefined || from === undefined || to === undefined) return undefined;
    // A range of names may go over the end of the week or the year.
    const end = to < from && names.length > 0 ? to + (max - min + 1) : to;
    if (end < from) return undefined;
    for (let value = from; value <= end; value += step) found.add(((value - min) % (max - min + 1)) + min);
  }
  return found;
}

function numberOf(text: string, min: number, max: number, names: readonly string[]): number | undefined {
  const named = names.indexOf(text.toUpperCase());
  const value = named >= 0 ? named + 1 : /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : undefined;
}

function matchesDay(rule: DayRule, day: Date): boolean {
  const date = day.getUTCDate();
  switch (rule.kind) {
    case 'any':
      return true;
    case 'last':
      return date === lastDate(day) - rule.before;
    case 'last-weekday':
      return date === nearestWeekday(lastDate(day), day);
    case 'day':
      return rule.days.has(date);
    case 'weekday-near':
      return date === nearestWeekday(rule.day, day);
  }
}

function matchesWeekday(rule: WeekdayRule, day: Date): boolean {
  const weekday = day.getUTCDay() + 1;
  const date = day.getUTCDate();
  switch (rule.kind) {
    case 'any':
      return true;
    case 'day':
      return rule.days.has(weekday);
    case 'nth':
      return weekday === rule.day && Math.ceil(date / 7) === rule.nth;
    case 'last':
      return weekday === rule.day && date + 7 > lastDate(day);
  }
}

function lastDate(day: Date): number {
  return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
}

/** The weekday (Monday to Friday) nearest to a date, within its month; 0 when the month has no such date. */
function nearestWeekday(wanted: number, day: Date): number {
  const last = lastDate(day);
  if (wanted > last) return 0;
  const weekday = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), wanted)).getUTCDay();
  if (weekday === 6) return wanted > 1 ? wanted - 1 : wanted + 2;
  if (weekday === 0) return wanted < last ? wanted + 1 : wanted - 2;
  return wanted;
}
