// What the last data points mean for an alarm.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html, with the tables there
import type { Comparison, MetricAlarmRow, StateValue } from './alarmStore.ts';

/** A period of the evaluation range; without a value it is missing. */
export interface Point {
  readonly atMs: number;
  readonly value: number | undefined;
}

export interface Verdict {
  readonly state: StateValue;
  readonly reason: string;
  /** Those that decided, the newest first. */
  readonly points: readonly (Point & { readonly value: number })[];
}

/** How many periods back are looked at: more than count, so that late and missing ones can be passed over. */
export const rangeOf = ({ evaluationPeriods }: Pick<MetricAlarmRow, 'evaluationPeriods'>): number => evaluationPeriods + 2;

type Rule = Pick<MetricAlarmRow, 'evaluationPeriods' | 'datapointsToAlarm' | 'threshold' | 'comparison' | 'missing'>;

/** `points` are the evaluation range, the oldest first. Undefined: it stays as it is. */
export function judge(rule: Rule, points: readonly Point[]): Verdict | undefined {
  const { evaluationPeriods: wanted, datapointsToAlarm: needed, missing } = rule;
  const real = points.filter((point): point is Point & { readonly value: number } => point.value !== undefined).slice(-wanted).reverse();
  const breaching = real.filter(({ value }) => breaches(rule, value)).length;
  const absent = wanted - real.length;
  const decide = (state: StateValue): Verdict => ({ state, reason: reasonOf(rule, state, real), points: real });
  if (absent === 0) return decide(breaching >= needed ? 'ALARM' : 'OK');
  switch (missing) {
    case 'breaching':
      return decide(breaching + absent >= needed ? 'ALARM' : 'OK');
    case 'notBreaching':
      return decide(breaching >= needed ? 'ALARM' : 'OK');
    case 'ignore':
      if (breaching >= needed) return decide('ALARM');
      return breaching < real.length ? decide('OK') : undefined;
    case 'missing':
      if (real.length === 0) return decide('INSUFFICIENT_DATA');
      return decide(breaching >= needed || breaching === real.length ? 'ALARM' : 'OK');
  }
}

const comparisons: Readonly<Record<Comparison, (value: number, threshold: number) => boolean>> = {
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

const words: Readonly<Record<Comparison, string>> = {
  GreaterThanOrEqualToThreshold: 'greater than or equal to',
  GreaterThanThreshold: 'greater than',
  LessThanThreshold: 'less than',
  LessThanOrEqualToThreshold: 'less than or equal to',
};

const breaches = ({ comparison, threshold }: Rule, value: number): boolean => comparisons[comparison](value, threshold);

/** A number as AWS prints it in reasons: with a decimal point. */
const show = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));

const two = (value: number): string => String(value).padStart(2, '0');

function showTime(atMs: number): string {
  const at = new Date(atMs);
  return `${two(at.getUTCDate())}/${two(at.getUTCMonth() + 1)}/${two(at.getUTCFullYear() % 100)} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

// The texts are those that AWS mails.
function reasonOf(rule: Rule, state: StateValue, real: readonly (Point & { readonly value: number })[]): string {
  const { evaluationPeriods, datapointsToAlarm, threshold, comparison, missing } = rule;
  const absent = evaluationPeriods - real.length;
  if (state === 'INSUFFICIENT_DATA') return `Insufficient Data: ${plural(absent, 'datapoint')} ${absent === 1 ? 'was' : 'were'} unknown.`;
  const treated = missing === 'breaching' ? 'Breaching' : 'NonBreaching';
  if (real.length === 0) return `Threshold Crossed: no datapoints were received for ${plural(absent, 'period')} and ${plural(absent, 'missing datapoint')} ${absent === 1 ? 'was' : 'were'} treated as [${treated}].`;
  const fits = real.filter(({ value }) => breaches(rule, value) === (state === 'ALARM'));
  const shown = fits.slice(0, 5).map(({ value, atMs }) => `${show(value)} (${showTime(atMs)})`);
  const filled = absent > 0 && (missing === 'breaching' || missing === 'notBreaching') ? ` and ${plural(absent, 'missing datapoint')} ${absent === 1 ? 'was' : 'were'} treated as [${treated}]` : '';
  const transition =
    state === 'ALARM'
      ? `(minimum ${plural(datapointsToAlarm, 'datapoint')} for OK -> ALARM transition)`
      : `(minimum ${plural(evaluationPeriods - datapointsToAlarm + 1, 'datapoint')} for ALARM -> OK transition)`;
  const verb = fits.length === 1 ? 'was' : 'were';
  return `Threshold Crossed: ${fits.length} out of the last ${plural(evaluationPeriods, 'datapoint')} [${shown.join(', ')}] ${verb} ${state === 'ALARM' ? '' : 'not '}${words[comparison]} the threshold (${show(threshold)})${filled} ${transition}.`;
}
