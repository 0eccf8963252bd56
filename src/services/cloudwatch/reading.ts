// The values of metrics, by period and statistic.
import type { ReadTransaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { mergeAll } from './domain/bucket.ts';
import type { Bucket } from './domain/bucket.ts';
import type { Statistic } from './domain/statistics.ts';
import { errors } from './errors.ts';
import { rowsReadMax } from './limits.ts';
import { metricId, readData } from './store.ts';
import type { DataRow, MetricKey } from './store.ts';

export interface TimeRange {
  /** The first period begins here. */
  readonly fromMs: number;
  /** Not included. */
  readonly beforeMs: number;
  readonly periodMs: number;
}

/** What came in each period that had values, by the period's start. Values of another unit are left out. */
export async function readPeriods(tx: ReadTransaction, scope: Scope, metric: MetricKey, { fromMs, beforeMs, periodMs }: TimeRange, unit?: string): Promise<Map<number, Bucket>> {
  const rows = await readRows(tx, scope, metric, { fromMs, beforeMs, periodMs });
  const periods = new Map<number, Bucket[]>();
  for (const row of rows) {
    if (unit !== undefined && row.unit !== unit) continue;
    const startMs = fromMs + Math.floor((row.startMs - fromMs) / periodMs) * periodMs;
    const bucket = periods.get(startMs);
    if (bucket === undefined) periods.set(startMs, [row]);
    else bucket.push(row);
  }
  return new Map([...periods].map(([startMs, buckets]): [number, Bucket] => [startMs, mergeAll(buckets) as Bucket]));
}

/** The rows themselves. What is coarser than the period belongs to the period that it begins in. */
export async function readRows(tx: ReadTransaction, scope: Scope, metric: MetricKey, { fromMs, beforeMs }: TimeRange): Promise<DataRow[]> {
  const rows = await readData(tx, scope, metricId(metric), { fromMs, beforeMs, limit: rowsReadMax });
  if (rows.length === rowsReadMax) throw errors.invalidCombination('The request reads too much data. Ask for a shorter time.');
  return rows;
}

/** One statistic of every period; where it cannot be told, there is no value. */
export function applyStatistic(periods: ReadonlyMap<number, Bucket>, statistic: Statistic): Map<number, number> {
  const values = new Map<number, number>();
  for (const [startMs, bucket] of periods) {
    const value = statistic(bucket);
    if (value !== undefined) values.set(startMs, value);
  }
  return values;
}
