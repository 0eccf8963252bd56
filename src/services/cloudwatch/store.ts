// Keys: metrics [namespace, name, dimensions] | data [metric id, start, unit, seconds], one row for each minute (or second, of metrics that are
// kept so finely) in which values came; old rows become one for five minutes, then for an hour (retention.ts).
import { createHash } from 'node:crypto';
import { rangeLimitMax } from '../../kv/limits.ts';
import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import { defineTable } from '../../kv/table.ts';
import type { Scope } from '../../kv/table.ts';
import { mergeBuckets } from './domain/bucket.ts';
import type { Bucket } from './domain/bucket.ts';

/** In the order of their names. */
export type Dimensions = readonly (readonly [name: string, value: string])[];

export interface MetricRow {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Dimensions;
  /** The latest minute of a value, to the hour: so it is written rarely. */
  readonly lastMs: number;
}

export type MetricKey = Pick<MetricRow, 'namespace' | 'name' | 'dimensions'>;

export interface DataRow extends Bucket {
  readonly startMs: number;
  readonly seconds: number;
  readonly unit: string;
}

const metrics = defineTable<MetricRow>('cloudwatch', 'metrics', { remember: 1_024 });
const data = defineTable<Bucket>('cloudwatch', 'data');

export const sortedDimensions = (given: Readonly<Record<string, string>>): Dimensions => Object.entries(given).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

const dimensionsText = (dimensions: Dimensions): string => createHash('sha256').update(JSON.stringify(dimensions)).digest('base64url').slice(0, 22);

/** What the data of a metric is kept under. */
export const metricId = ({ namespace, name, dimensions }: MetricKey): string =>
  createHash('sha256').update(JSON.stringify([namespace, name, dimensions])).digest('base64url').slice(0, 22);

const partsOf = ({ namespace, name, dimensions }: MetricKey): string[] => [namespace, name, dimensionsText(dimensions)];

export const findMetric = (tx: ReadTransaction, scope: Scope, metric: MetricKey): Promise<MetricRow | undefined> => metrics.get(tx, scope, partsOf(metric));

export const clearMetric = (tx: Transaction, scope: Scope, metric: MetricKey): void => metrics.clear(tx, scope, partsOf(metric));

const hourMs = 3_600_000;

/** Adds values to a metric, which exists from then on. True for the first of an hour. */
export async function addData(tx: Transaction, scope: Scope, metric: MetricKey, { startMs, seconds, unit, ...bucket }: DataRow): Promise<boolean> {
  const parts = [metricId(metric), startMs, unit, seconds];
  const known = await data.get(tx, scope, parts);
  data.set(tx, scope, parts, known === undefined ? bucket : mergeBuckets(known, bucket));
  const lastMs = Math.floor(startMs / hourMs) * hourMs;
  const row = await findMetric(tx, scope, metric);
  if (row !== undefined && row.lastMs >= lastMs) return false;
  metrics.set(tx, scope, partsOf(metric), { ...metric, lastMs });
  return row !== undefined;
}

/** The data of a metric that begins from `fromMs` on and before `beforeMs`, in the order of time; at most `limit` rows. */
export async function readData(tx: ReadTransaction, scope: Scope, id: string, range: { readonly fromMs: number; readonly beforeMs: number; readonly limit: number }): Promise<DataRow[]> {
  const found: DataRow[] = [];
  for (let from = { from: [id, range.fromMs] } as { from?: (string | number)[]; after?: (string | number)[] }; found.length < range.limit; ) {
    const limit = Math.min(rangeLimitMax, range.limit - found.length);
    const rows = await data.list(tx, scope, [id], { limit, ...from, before: [id, range.beforeMs] });
    for (const { parts, row } of rows) found.push({ ...row, startMs: Number(parts[1]), unit: String(parts[2]), seconds: Number(parts[3]) });
    const last = rows.at(-1);
    if (rows.length < limit || last === undefined) break;
    from = { after: [...last.parts] as (string | number)[] };
  }
  return found;
}

export const setData = (tx: Transaction, scope: Scope, id: string, { startMs, seconds, unit, ...bucket }: DataRow): void => data.set(tx, scope, [id, startMs, unit, seconds], bucket);
export const clearData = (tx: Transaction, scope: Scope, id: string, { startMs, seconds, unit }: Pick<DataRow, 'startMs' | 'seconds' | 'unit'>): void => data.clear(tx, scope, [id, startMs, unit, seconds]);

export interface MetricFilter {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly wants: (row: MetricRow) => boolean;
}

/** A page of metrics by namespace and name; `next` is where the following one begins. */
export async function listMetrics(tx: ReadTransaction, scope: Scope, { namespace, name, wants }: MetricFilter, page: { readonly limit: number; readonly after: readonly string[] | undefined }): Promise<{ rows: MetricRow[]; next: readonly string[] | undefined }> {
  const prefix = namespace === undefined ? [] : name === undefined ? [namespace] : [namespace, name];
  const rows: MetricRow[] = [];
  for (let after = page.after; ; ) {
    const found = await metrics.list(tx, scope, prefix, { limit: 1_000, ...(after === undefined ? {} : { after }) });
    for (const { parts, row } of found) {
      if ((name !== undefined && row.name !== name) || !wants(row)) continue;
      rows.push(row);
      if (rows.length === page.limit) return { rows, next: parts.map(String) };
    }
    after = found.at(-1)?.parts.map(String);
    if (found.length < 1_000 || after === undefined) return { rows, next: undefined };
  }
}
