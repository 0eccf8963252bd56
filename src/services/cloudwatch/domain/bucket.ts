// What is known of one metric within one stretch of time: enough for every statistic. Percentiles need the values; many different ones
// are kept to two percent, and a statistic set that hides its values has none (API reference, "Percentile statistics").
import { distinctValuesMax } from '../limits.ts';

export interface Bucket {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** Values with how often they came; undefined where they are not known. */
  readonly values: readonly (readonly [value: number, count: number])[] | undefined;
}

/** One value that came `count` times. */
export const bucketOf = (value: number, count = 1): Bucket => ({ count, sum: value * count, min: value, max: value, values: [[value, count]] });

/** A statistic set. Its values are known when there is one, or all are the same. */
export const bucketOfSet = ({ count, sum, min, max }: Omit<Bucket, 'values'>): Bucket => ({ count, sum, min, max, values: min === max ? [[min, count]] : undefined });

/** Both together. */
export function mergeBuckets(a: Bucket, b: Bucket): Bucket {
  return { count: a.count + b.count, sum: a.sum + b.sum, min: Math.min(a.min, b.min), max: Math.max(a.max, b.max), values: mergeValues(a.values, b.values) };
}

export const mergeAll = (buckets: readonly Bucket[]): Bucket | undefined => (buckets.length === 0 ? undefined : buckets.reduce(mergeBuckets));

function mergeValues(a: Bucket['values'], b: Bucket['values']): Bucket['values'] {
  if (a === undefined || b === undefined) return undefined;
  const counts = new Map(a);
  for (const [value, count] of b) counts.set(value, (counts.get(value) ?? 0) + count);
  if (counts.size <= distinctValuesMax) return [...counts];
  const rounded = new Map<number, number>();
  for (const [value, count] of counts) rounded.set(round(value), (rounded.get(round(value)) ?? 0) + count);
  return [...rounded];
}

const step = Math.log(1.02);
const round = (value: number): number => (value === 0 ? 0 : Math.sign(value) * Math.exp(Math.round(Math.log(Math.abs(value)) / step) * step));

/** A number that several services count into before it becomes a {@link Bucket}. */
export interface Tally {
  count: number;
  sum: number;
  min: number;
  max: number;
  readonly values: Map<number, number>;
}

export const newTally = (): Tally => ({ count: 0, sum: 0, min: Infinity, max: -Infinity, values: new Map() });

export function addToTally(tally: Tally, value: number): void {
  tally.count += 1;
  tally.sum += value;
  if (value < tally.min) tally.min = value;
  if (value > tally.max) tally.max = value;
  // Many different ones are rounded as they come, so that nothing grows without bound.
  const kept = tally.values.size < distinctValuesMax || tally.values.has(value) ? value : round(value);
  tally.values.set(kept, (tally.values.get(kept) ?? 0) + 1);
}

export const bucketOfTally = ({ count, sum, min, max, values }: Tally): Bucket => ({ count, sum, min, max, values: [...values] });
