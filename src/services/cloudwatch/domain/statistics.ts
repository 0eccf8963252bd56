// Statistics by name: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
import type { Bucket } from './bucket.ts';

/** Undefined where the bucket cannot tell it: percentiles of values that are not known. */
export type Statistic = (bucket: Bucket) => number | undefined;

const plain: Readonly<Record<string, Statistic>> = {
  SampleCount: ({ count }) => count,
  Sum: ({ sum }) => sum,
  Minimum: ({ min }) => min,
  Maximum: ({ max }) => max,
  Average: ({ sum, count }) => (count === 0 ? undefined : sum / count),
};

/** The five that GetMetricStatistics calls Statistics. */
export const plainStatistics = Object.keys(plain);

/** The statistic of this name (`Average`, `p99.9`, `tm90`, `TM(10%:90%)`, `PR(:100)`, `IQM`); undefined for what is none. */
export function findStatistic(name: string): Statistic | undefined {
  if (Object.hasOwn(plain, name)) return plain[name];
  if (name === 'IQM') return trimmed('tm', { from: 25, to: 75, percent: true });
  const short = /^(p|tm|tc|ts|wm)(\d{1,3}(?:\.\d{1,10})?)$/.exec(name);
  if (short !== null) {
    const percent = Number(short[2]);
    if (percent > 100) return undefined;
    return short[1] === 'p' ? (bucket) => percentile(bucket, percent) : trimmed(short[1] as Trim, { from: 0, to: percent, percent: true });
  }
  const ranged = /^(PR|TM|TC|TS|WM)\((-?[\d.]*)(%?):(-?[\d.]*)(%?)\)$/.exec(name);
  if (ranged === null) return undefined;
  const [, kind = '', fromText = '', fromPercent, toText = '', toPercent] = ranged;
  const percent = fromPercent === '%' || toPercent === '%';
  const [from, to] = [fromText === '' ? (percent ? 0 : -Infinity) : Number(fromText), toText === '' ? (percent ? 100 : Infinity) : Number(toText)];
  if ((fromText === '' && toText === '') || Number.isNaN(from) || Number.isNaN(to) || from >= to) return undefined;
  if (kind === 'PR') return percent ? undefined : (bucket) => rank(bucket, from, to);
  return trimmed(kind.toLowerCase() as Trim, { from, to, percent });
}

function percentile({ values, count }: Bucket, percent: number): number | undefined {
  if (values === undefined || count === 0) return undefined;
  const wanted = (percent / 100) * count;
  let passed = 0;
  const sorted = inOrder(values);
  for (const [value, times] of sorted) {
    passed += times;
    if (passed >= wanted) return value;
  }
  return sorted.at(-1)?.[0];
}

type Trim = 'tm' | 'tc' | 'ts' | 'wm';

interface Range {
  readonly from: number;
  readonly to: number;
  /** Of the values in their order; else of their size. */
  readonly percent: boolean;
}

function trimmed(kind: Trim, { from, to, percent }: Range): Statistic {
  return ({ values, count }) => {
    if (values === undefined || count === 0) return undefined;
    const sorted = inOrder(values);
    const [low, high] = percent ? [(from / 100) * count, (to / 100) * count] : [from, to];
    let [passed, kept, sum, below, above] = [0, 0, 0, 0, 0];
    let [least, most] = [Infinity, -Infinity];
    for (const [value, times] of sorted) {
      // Percent cut within what came several times; sizes keep all or nothing.
      const part = percent ? Math.max(0, Math.min(passed + times, high) - Math.max(passed, low)) : value > low && value <= high ? times : 0;
      if (percent) {
        below += Math.max(0, Math.min(passed + times, low) - passed);
        above += Math.max(0, passed + times - Math.max(passed, high));
      } else if (value <= low) below += times;
      else if (value > high) above += times;
      passed += times;
      if (part === 0) continue;
      kept += part;
      sum += value * part;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    if (kind === 'tc') return kept;
    if (kind === 'ts') return sum;
    if (kept === 0) return undefined;
    // Winsorised: what is outside counts as the nearest that is inside.
    return kind === 'tm' ? sum / kept : (sum + below * least + above * most) / (kept + below + above);
  };
}

function rank({ values, count }: Bucket, from: number, to: number): number | undefined {
  if (values === undefined || count === 0) return undefined;
  const within = values.filter(([value]) => value > from && value <= to).reduce((sum, [, times]) => sum + times, 0);
  return (within / count) * 100;
}

const inOrder = (values: NonNullable<Bucket['values']>): NonNullable<Bucket['values']> => [...values].sort(([a], [b]) => a - b);
