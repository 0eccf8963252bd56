export type Period = { readonly kind: 'fixed'; readonly ms: number } | { readonly kind: 'months'; readonly count: number };

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** The units of the language (CWL_QuerySyntax-Stats, "bin" and "datefloor"), by how they begin. */
const units: readonly (readonly [RegExp, Period])[] = [
  [/^(ms|msec|millisecond)/, { kind: 'fixed', ms: 1 }],
  [/^(mon|mo$|month)/, { kind: 'months', count: 1 }],
  [/^m/, { kind: 'fixed', ms: minuteMs }],
  [/^s/, { kind: 'fixed', ms: 1_000 }],
  [/^h/, { kind: 'fixed', ms: 60 * minuteMs }],
  [/^d/, { kind: 'fixed', ms: dayMs }],
  [/^w/, { kind: 'fixed', ms: 7 * dayMs }],
  [/^q/, { kind: 'months', count: 3 }],
  [/^y/, { kind: 'months', count: 12 }],
];

/** `5 m` and the like; undefined for what is no length of time. */
export function parsePeriod(text: string): Period | undefined {
  const found = /^([0-9]{1,9})\s?([a-z]+)$/.exec(text.trim());
  const unit = units.find(([form]) => form.test(found?.[2] ?? ''))?.[1];
  const count = Number(found?.[1]);
  if (!found || !unit || count === 0) return undefined;
  return unit.kind === 'fixed' ? { kind: 'fixed', ms: unit.ms * count } : { kind: 'months', count: unit.count * count };
}

/** The beginning of the period that a time lies in, in UTC. */
export function floorTime(ms: number, period: Period): number {
  if (period.kind === 'fixed') return Math.floor(ms / period.ms) * period.ms;
  const date = new Date(ms);
  const months = Math.floor(((date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()) / period.count) * period.count;
  return Date.UTC(1970, months, 1);
}

/** The end of the period that a time lies in; a time on a border stays. */
export function ceilTime(ms: number, period: Period): number {
  const start = floorTime(ms, period);
  if (start === ms) return ms;
  if (period.kind === 'fixed') return start + period.ms;
  return Date.UTC(1970, new Date(start).getUTCMonth() + (new Date(start).getUTCFullYear() - 1970) * 12 + period.count, 1);
}
