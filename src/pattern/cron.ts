// The six fields of AWS's cron expressions: minutes, hours, day of month, month, day of week, year. One of the two days is `?` or `*`.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html

export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly DayRule[];
  readonly months: ReadonlySet<number>;
  readonly daysOfWeek: readonly WeekdayRule[];
  readonly years: ReadonlySet<number>;
}

type DayRule = { readonly kind: 'any' | 'last' } | { readonly kind: 'days'; readonly days: ReadonlySet<number> } | { readonly kind: 'weekday-near'; readonly day: number };
type WeekdayRule =
  | { readonly kind: 'any' }
  | { readonly kind: 'days'; readonly days: ReadonlySet<number> }
  | { readonly kind: 'nth'; readonly day: number; readonly nth: number }
  | { readonly kind: 'last'; readonly day: number };

const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const dayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** Undefined for fields that do not make a schedule. */
export function parseCron(fields: readonly string[]): Cron | undefined {
  const [minuteField = '', hourField = '', dayField = '', monthField = '', weekdayField = '', yearField = ''] = fields;
  if (fields.length !== 6) return undefined;
  const minutes = parseSet(minuteField, 0, 59, []);
  const years = parseSet(yearField, 1970, 2199, []);
  const hours = parseSet(hourField, 0, 23, []);
  const months = parseSet(monthField, 1, 12, monthNames);
  const daysOfMonth = parseEach(dayField, parseDay);
  const daysOfWeek = parseEach(weekdayField, parseWeekday);
  if (minutes === undefined || years === undefined || hours === undefined || months === undefined || daysOfMonth === undefined || daysOfWeek === undefined) return undefined;
  if (dayField === '?' && weekdayField === '?') return undefined;
  return { minutes: ascending(minutes), hours: ascending(hours), months, daysOfMonth, daysOfWeek, years };
}

const ascending = (values: ReadonlySet<number>): number[] => [...values].sort((a, b) => a - b);

/** Whether an expression is ever due on this day; `day` is its midnight, as if it were in UTC. */
export function cronMatchesDay(cron: Cron, day: Date): boolean {
  if (!cron.years.has(day.getUTCFullYear())) return false;
  return cron.months.has(day.getUTCMonth() + 1) && cron.daysOfMonth.some((rule) => matchesDay(rule, day)) && cron.daysOfWeek.some((rule) => matchesWeekday(rule, day));
}

function parseEach<Rule>(field: string, parse: (part: string) => Rule | undefined): Rule[] | undefined {
  const rules = field.split(',').map(parse);
  return rules.every((rule) => rule !== undefined) ? rules : undefined;
}

function parseDay(part: string): DayRule | undefined {
  if (part === '*' || part === '?') return { kind: 'any' };
  if (part === 'L') return { kind: 'last' };
  const near = /^(\d{1,2})W$/.exec(part);
  if (near !== null) return Number(near[1]) >= 1 && Number(near[1]) <= 31 ? { kind: 'weekday-near', day: Number(near[1]) } : undefined;
  const days = parseSet(part, 1, 31, []);
  return days && { kind: 'days', days };
}

function parseWeekday(part: string): WeekdayRule | undefined {
  if (part === '*' || part === '?') return { kind: 'any' };
  const last = /^([1-7]|[A-Z]{3})?L$/.exec(part);
  if (last !== null) {
    const day = numberOf(last[1] ?? '7', 1, 7, dayNames);
    return day === undefined ? undefined : { kind: 'last', day };
  }
  const nth = /^([1-7]|[A-Z]{3})#([1-5])$/.exec(part);
  if (nth !== null) {
    const day = numberOf(nth[1] ?? '', 1, 7, dayNames);
    return day === undefined ? undefined : { kind: 'nth', day, nth: Number(nth[2]) };
  }
  const days = parseSet(part, 1, 7, dayNames);
  return days && { kind: 'days', days };
}

/** `*`, numbers and names, ranges and steps, with commas between them. */
function parseSet(field: string, min: number, max: number, names: readonly string[]): ReadonlySet<number> | undefined {
  const found = new Set<number>();
  for (const part of field.split(',')) {
    const [range = '', stepText] = part.split('/');
    const step = stepText === undefined ? 1 : Number(stepText);
    if (!Number.isInteger(step) || step < 1 || step > max) return undefined;
    const [fromText = '', toText] = range.split('-');
    const from = range === '*' ? min : numberOf(fromText, min, max, names);
    const to = range === '*' ? max : toText === undefined ? (stepText === undefined ? from : max) : numberOf(toText, min, max, names);
    if (from === undefined || to === undefined || from > to) return undefined;
    for (let value = from; value <= to; value += step) found.add(value);
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
      return date === lastDate(day);
    case 'days':
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
    case 'days':
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

/** The weekday (Monday to Friday) nearest to a date, within its month. */
function nearestWeekday(wanted: number, day: Date): number {
  const last = lastDate(day);
  if (wanted > last) return 0;
  const weekday = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), wanted)).getUTCDay();
  if (weekday === 6) return wanted > 1 ? wanted - 1 : wanted + 2;
  if (weekday === 0) return wanted < last ? wanted + 1 : wanted - 2;
  return wanted;
}
