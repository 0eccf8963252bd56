// Values that services of this server record: counted together in memory and written every few seconds, so that an invocation costs additions.
import { BoundedMap } from '../../base/boundedMap.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Store } from '../../kv/store.ts';
import type { MetricName, MetricRecorder, MetricSeries } from '../../ports/metrics.ts';
import { addToTally, bucketOfTally, newTally } from './domain/bucket.ts';
import type { Tally } from './domain/bucket.ts';
import { minuteMs, recordDelayMs, recordedSeriesMax, rowsPerTransaction } from './limits.ts';
import { tendMetric } from './retention.ts';
import { addData, sortedDimensions } from './store.ts';

export interface RunningRecorder extends MetricRecorder {
  /** Writes what waits: before metrics are read, so that they are as fresh as can be. */
  flush(): Promise<void>;
  /** Writes what waits, and takes nothing more. */
  close(): Promise<void>;
}

interface Series extends MetricSeries {
  readonly name: MetricName;
  tallies: Map<number, Tally>;
}

interface Waiting {
  readonly name: MetricName;
  readonly startMs: number;
  readonly tally: Tally;
}

export function createRecorder({ store, wall, log }: { readonly store: Store; readonly wall: Clock; readonly log: Logger }): RunningRecorder {
  const known = new BoundedMap<string, Series>(recordedSeriesMax);
  const changed = new Set<Series>();
  let cancel: (() => void) | undefined;
  let writing: Promise<void> = Promise.resolve();
  let closed = false;

  function createSeries(name: MetricName): Series {
    let minute = -1;
    let tally = newTally();
    const series: Series = {
      name,
      tallies: new Map(),
      record(value, at) {
        if (closed || !Number.isFinite(value)) return;
        const startMs = Math.floor(at / minuteMs) * minuteMs;
        if (startMs !== minute || series.tallies.get(startMs) !== tally) {
          minute = startMs;
          tally = series.tallies.get(startMs) ?? newTally();
          series.tallies.set(startMs, tally);
          changed.add(series);
          plan();
        }
        addToTally(tally, value);
      },
    };
    return series;
  }

  function plan(): void {
    if (changed.size >= recordedSeriesMax) void flush();
    else
      cancel ??= wall.at(wall.now() + recordDelayMs, () => {
        cancel = undefined;
        void flush();
      });
  }

  function flush(): Promise<void> {
    cancel?.();
    cancel = undefined;
    const waiting: Waiting[] = [];
    for (const series of changed) for (const [startMs, tally] of series.tallies) waiting.push({ name: series.name, startMs, tally });
    for (const series of changed) series.tallies = new Map();
    changed.clear();
    if (waiting.length > 0) writing = writing.then(() => write(waiting));
    return writing;
  }

  async function write(waiting: readonly Waiting[]): Promise<void> {
    for (let index = 0; index < waiting.length; index += rowsPerTransaction) {
      const part = waiting.slice(index, index + rowsPerTransaction);
      try {
        await store.transact(async (tx) => {
          for (const { name, startMs, tally } of part) {
            const { account, region, namespace, dimensions, unit } = name;
            const metric = { namespace, name: name.name, dimensions: sortedDimensions(dimensions) };
            const isNewHour = await addData(tx, { account, region }, metric, { startMs, seconds: 60, unit, ...bucketOfTally(tally) });
            if (isNewHour) await tendMetric(tx, { account, region }, metric, startMs);
          }
        });
      } catch (error) {
        // Metrics are best effort: what cannot be written is not kept.
        log.warn('metrics could not be written', { series: part.length, error: String(error) });
      }
    }
  }

  function series(name: MetricName): Series {
    const key = JSON.stringify([name.account, name.region, name.namespace, name.name, sortedDimensions(name.dimensions), name.unit]);
    const found = known.get(key) ?? createSeries(name);
    known.set(key, found);
    return found;
  }

  return {
    series,
    record: ({ value, at, ...name }) => series(name).record(value, at),
    flush,
    async close() {
      const last = flush();
      closed = true;
      await last;
    },
  };
}
