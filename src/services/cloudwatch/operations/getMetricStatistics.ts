import type { Datapoint } from '@aws-sdk/client-cloudwatch';
import { requireDimensions } from '../domain/metricKey.ts';
import { findStatistic } from '../domain/statistics.ts';
import { errors } from '../errors.ts';
import { minuteMs, statisticsPointsMax } from '../limits.ts';
import { operation, scopeOf } from '../operation.ts';
import { readPeriods, readRows } from '../reading.ts';
import { requirePeriod } from '../domain/period.ts';

/** Statistics of one metric; values in different units are different data points. */
export const getMetricStatistics = operation('GetMetricStatistics', {
  access: () => ({ action: 'cloudwatch:GetMetricStatistics', resource: '*' }),
  async handle(input, call, { store, recorder }) {
    const { Statistics = [], ExtendedStatistics = [], StartTime, EndTime } = input;
    const metric = { namespace: input.Namespace ?? '', name: input.MetricName ?? '', dimensions: requireDimensions(input.Dimensions) };
    if (Statistics.length === 0 && ExtendedStatistics.length === 0) throw errors.invalidCombination('At least one of the parameters Statistics and ExtendedStatistics must be specified.');
    const unknown = ExtendedStatistics.find((name) => findStatistic(name) === undefined);
    if (unknown !== undefined) throw errors.invalidValue(`The value ${unknown} for parameter ExtendedStatistics.member.1 is not valid.`);
    const periodMs = requirePeriod(input.Period ?? 0) * 1_000;
    const [startMs, endMs] = [StartTime?.getTime() ?? NaN, EndTime?.getTime() ?? NaN];
    if (!(startMs < endMs)) throw errors.invalidValue('The parameter StartTime must be less than the parameter EndTime.');
    // API reference, StartTime: rounded down to the minute, so periods begin there.
    const fromMs = periodMs < minuteMs ? Math.floor(startMs / periodMs) * periodMs : Math.floor(startMs / minuteMs) * minuteMs;
    const points = Math.ceil((endMs - fromMs) / periodMs);
    if (points > statisticsPointsMax) {
      throw errors.invalidCombination(
        `You have requested up to ${points} datapoints, which exceeds the limit of ${statisticsPointsMax}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
      );
    }
    await recorder.flush();
    const range = { fromMs, beforeMs: endMs, periodMs };
    const Datapoints = await store.read(async (tx) => {
      const rows = await readRows(tx, scopeOf(call), metric, range);
      const found: Datapoint[] = [];
      for (const unit of new Set(rows.map((row) => row.unit))) {
        if (input.Unit !== undefined && input.Unit !== unit) continue;
        for (const [periodStartMs, bucket] of await readPeriods(tx, scopeOf(call), metric, range, unit)) {
          const plain = Object.fromEntries(Statistics.map((name) => [name, findStatistic(name)?.(bucket)]));
          const extended = ExtendedStatistics.map((name) => [name, findStatistic(name)?.(bucket)] as const).filter(([, value]) => value !== undefined);
          const ext = extended.length === 0 ? {} : { ExtendedStatistics: Object.fromEntries(extended) as Record<string, number> };
          found.push({ Timestamp: new Date(periodStartMs), ...plain, ...ext, Unit: unit as NonNullable<Datapoint['Unit']> });
        }
      }
      return found;
    });
    return { Label: metric.name, Datapoints };
  },
});
