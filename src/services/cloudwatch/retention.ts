// Old data becomes coarser and ends at last (user guide, "Metrics retention"): seconds are kept three hours, minutes 15 days, five minutes 63 days, hours
// 455 days. Each metric is tended when it gets the first value of an hour; one without values keeps the little that it has.
import type { Transaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { mergeBuckets } from './domain/bucket.ts';
import { fiveMinutesKeptMs, hoursKeptMs, minutesKeptMs, rollUpRowsMax, rollUpWindowMs, secondsKeptMs } from './limits.ts';
import { clearData, metricId, readData, setData } from './store.ts';
import type { DataRow, MetricKey } from './store.ts';

const steps = [
  { keptMs: secondsKeptMs, seconds: 60 },
  { keptMs: minutesKeptMs, seconds: 300 },
  { keptMs: fiveMinutesKeptMs, seconds: 3_600 },
] as const;

/** Makes what has grown old of one metric coarser, as part of `tx`. */
export async function tendMetric(tx: Transaction, scope: Scope, metric: MetricKey, nowMs: number): Promise<void> {
  const id = metricId(metric);
  for (const { keptMs, seconds } of steps) {
    const stepMs = seconds * 1_000;
    const beforeMs = Math.floor((nowMs - keptMs) / stepMs) * stepMs;
    const rows = await readData(tx, scope, id, { fromMs: beforeMs - rollUpWindowMs, beforeMs, limit: rollUpRowsMax });
    const merged = new Map<string, DataRow>();
    for (const row of rows) {
      if (row.seconds >= seconds) continue;
      const startMs = Math.floor(row.startMs / stepMs) * stepMs;
      const key = `${startMs}/${row.unit}`;
      const known = merged.get(key) ?? rows.find((other) => other.startMs === startMs && other.unit === row.unit && other.seconds === seconds);
      merged.set(key, { ...(known === undefined ? row : mergeBuckets(known, row)), startMs, seconds, unit: row.unit });
      clearData(tx, scope, id, row);
    }
    for (const row of merged.values()) setData(tx, scope, id, row);
  }
  for (const row of await readData(tx, scope, id, { fromMs: 0, beforeMs: nowMs - hoursKeptMs, limit: rollUpRowsMax })) clearData(tx, scope, id, row);
}
