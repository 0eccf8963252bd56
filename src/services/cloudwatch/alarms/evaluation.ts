// Alarms look at their metrics by the clock: every minute, or every period of less. The timer only says that it is time; the look itself comes
// right after, when what services have recorded is written. Moments that a jump of the clock has passed over are looked at one after the other.
import type { Logger } from '../../../base/log.ts';
import type { ReadTransaction, Store, Transaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';
import type { FiredTimer, TimerId, Timers } from '../../../kv/timers.ts';
import type { Clock } from '../../../base/clock.ts';
import { findStatistic } from '../domain/statistics.ts';
import { minuteMs } from '../limits.ts';
import { parseQueries, runQueries } from '../queries.ts';
import { applyStatistic, readPeriods } from '../reading.ts';
import type { RunningRecorder } from '../recorder.ts';
import { findAlarm } from './alarmStore.ts';
import type { MetricAlarmRow } from './alarmStore.ts';
import { judge, rangeOf } from './judge.ts';
import type { Point, Verdict } from './judge.ts';
import { changeState } from './transition.ts';
import type { TransitionDeps } from './transition.ts';

const service = 'cloudwatch';
/** Moments that are caught up with at once, the last ones. */
const catchUpMax = 120;

interface Detail extends Scope {
  readonly name: string;
}

export interface Evaluation {
  /** What the timers of this service do. */
  fire(tx: Transaction, timer: FiredTimer): Promise<void>;
  /** Resolves when every look that is due has been taken. */
  settle(): Promise<void>;
}

export interface EvaluationDeps extends TransitionDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly recorder: Pick<RunningRecorder, 'flush'>;
  readonly log: Logger;
}

const timerOf = ({ account, region }: Scope, name: string): TimerId => ({ service, id: JSON.stringify([account, region, name]) });

const stepOf = ({ periodSeconds }: MetricAlarmRow): number => Math.min(minuteMs, periodSeconds * 1_000);

/** Plans the next look. */
export async function planLook(tx: Transaction, scope: Scope, row: MetricAlarmRow, nowMs: number, timers: Timers): Promise<void> {
  const stepMs = stepOf(row);
  const detail: Detail = { account: scope.account, region: scope.region, name: row.name };
  await timers.set(tx, { ...timerOf(scope, row.name), dueMs: (Math.floor(nowMs / stepMs) + 1) * stepMs, detail });
}

export const forgetLook = (tx: Transaction, scope: Scope, name: string, timers: Timers): Promise<void> => timers.clear(tx, timerOf(scope, name));

export function createEvaluation(deps: EvaluationDeps): Evaluation {
  const { store, clock, timers, recorder, log } = deps;
  let looking: Promise<void> = Promise.resolve();

  async function look(scope: Scope, name: string, fromMs: number): Promise<void> {
    try {
      await recorder.flush();
      await store.transact(async (tx) => {
        const row = await findAlarm(tx, scope, name);
        if (row?.kind === 'metric') await lookAt(tx, scope, row, fromMs, clock.now(), deps);
      });
    } catch (error) {
      // The next look comes in any case.
      log.warn('an alarm could not be evaluated', { alarm: name, error: String(error) });
    }
  }

  return {
    async fire(tx, { detail, dueMs }) {
      const { name, ...scope } = detail as Detail;
      const row = await findAlarm(tx, scope, name);
      if (row?.kind !== 'metric') return;
      await planLook(tx, scope, row, clock.now(), timers);
      tx.afterCommit(() => {
        looking = looking.then(() => look(scope, name, dueMs));
      });
    },
    settle: () => looking,
  };
}

/** One look for each moment from `fromMs` to `nowMs`. */
async function lookAt(tx: Transaction, scope: Scope, row: MetricAlarmRow, fromMs: number, nowMs: number, deps: TransitionDeps): Promise<void> {
  const stepMs = stepOf(row);
  const periodMs = row.periodSeconds * 1_000;
  const lastMs = Math.floor(nowMs / stepMs) * stepMs;
  const firstMs = Math.max(Math.floor(fromMs / stepMs) * stepMs, lastMs - (catchUpMax - 1) * stepMs);
  let current = row;
  for (let endMs = firstMs; endMs <= lastMs; endMs += stepMs) {
    const startMs = endMs - rangeOf(row) * periodMs;
    const values = await readValues(tx, scope, row, { startMs, endMs, periodMs });
    const points = Array.from({ length: rangeOf(row) }, (_, index): Point => ({ atMs: startMs + index * periodMs, value: values.get(startMs + index * periodMs) }));
    const verdict = judge(row, points);
    if (verdict === undefined || verdict.state === current.state.value) continue;
    const reasonData = describeReason(row, verdict, points, endMs);
    current = (await changeState(tx, scope, current, { value: verdict.state, reason: verdict.reason, reasonData }, endMs, deps)) as MetricAlarmRow;
  }
}

interface Range {
  readonly startMs: number;
  readonly endMs: number;
  readonly periodMs: number;
}

/** Periods slide: the last one ends at the moment of the look. */
async function readValues(tx: ReadTransaction, scope: Scope, { metric, queries }: MetricAlarmRow, { startMs, endMs, periodMs }: Range): Promise<ReadonlyMap<number, number>> {
  if (metric !== undefined) {
    const statistic = findStatistic(metric.stat);
    const periods = await readPeriods(tx, scope, metric, { fromMs: startMs, beforeMs: endMs, periodMs }, metric.unit);
    return statistic === undefined ? new Map() : applyStatistic(periods, statistic);
  }
  // Expressions are computed on whole periods of the clock: the last one that is over stands for the last of the range.
  const offsetMs = endMs % periodMs;
  const results = await runQueries(tx, scope, parseQueries(queries ?? []), { startMs: startMs - offsetMs, endMs: endMs - offsetMs });
  return new Map([...(results[0]?.series.values ?? [])].map(([atMs, value]): [number, number] => [atMs + offsetMs, value]));
}

const isoTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '+0000');

function describeReason({ metric, periodSeconds, threshold }: MetricAlarmRow, { points: real, state }: Verdict, range: readonly Point[], endMs: number): string {
  return JSON.stringify({
    version: '1.0',
    queryDate: isoTime(endMs),
    ...(real.length === 0 ? {} : { startDate: isoTime(real.at(-1)?.atMs ?? endMs) }),
    ...(metric === undefined ? {} : { ...(metric.unit === undefined ? {} : { unit: metric.unit }), statistic: metric.stat }),
    period: periodSeconds,
    recentDatapoints: real.map(({ value }) => value).reverse(),
    threshold,
    evaluatedDatapoints: [...range].reverse().slice(0, 10).map(({ atMs, value }) => ({ timestamp: isoTime(atMs), ...(value === undefined ? {} : { value }) })),
    ...(state === 'INSUFFICIENT_DATA' ? { recentDatapoints: [] } : {}),
  });
}
