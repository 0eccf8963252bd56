import type { PutMetricAlarmInput } from '@aws-sdk/client-cloudwatch';
import { findAlarm } from '../alarms/alarmStore.ts';
import type { Comparison, MetricAlarmRow, MissingData } from '../alarms/alarmStore.ts';
import { planLook } from '../alarms/evaluation.ts';
import { actionsOf, saveAlarm, tagsOf } from '../alarms/saveAlarm.ts';
import { requireDimensions } from '../domain/metricKey.ts';
import { findStatistic } from '../domain/statistics.ts';
import { errors } from '../errors.ts';
import { alarmRangeMs } from '../limits.ts';
import { operation, scopeOf } from '../operation.ts';
import { parseQueries } from '../queries.ts';
import { accessToAlarms } from '../alarmAccess.ts';

const unimplemented = ['ThresholdMetricId', 'EvaluationWindow', 'WarmUpConfiguration', 'EvaluationCriteria', 'EvaluationInterval', 'ActionConfiguration'] as const;
const missingData: readonly string[] = ['missing', 'ignore', 'breaching', 'notBreaching'] satisfies MissingData[];

/** An alarm on one metric or one expression. */
export const putMetricAlarm = operation('PutMetricAlarm', {
  access: ({ AlarmName = '', AlarmActions = [] }, call) => accessToAlarms('PutMetricAlarm', [AlarmName], call).map((asked) => ({ ...asked, conditions: { 'cloudwatch:AlarmActions': AlarmActions } })),
  async handle(input, call, deps) {
    const scope = scopeOf(call);
    for (const member of unimplemented) if (input[member] !== undefined) throw errors.notSupported(`${member} of alarms`);
    const spec = readSpec(input);
    await deps.store.transact(async (tx) => {
      const old = await findAlarm(tx, scope, input.AlarmName ?? '');
      if (old?.kind === 'composite') throw errors.validation(`The alarm ${old.name} is a composite alarm.`);
      const common = {
        name: input.AlarmName ?? '',
        ...(input.AlarmDescription === undefined ? {} : { description: input.AlarmDescription }),
        actionsEnabled: input.ActionsEnabled ?? true,
        actions: actionsOf(input),
        tags: old?.tags ?? tagsOf(input.Tags),
      };
      const row = (await saveAlarm(tx, scope, { ...common, ...spec }, old, call.nowMs, deps)) as MetricAlarmRow;
      await planLook(tx, scope, row, call.nowMs, deps.timers);
    });
    return {};
  },
});

type Spec = Omit<MetricAlarmRow, 'name' | 'description' | 'actionsEnabled' | 'actions' | 'tags' | 'configuredMs' | 'state'>;

function readSpec(input: PutMetricAlarmInput): Spec {
  const { EvaluationPeriods: evaluationPeriods, Threshold: threshold, ComparisonOperator: comparison, DatapointsToAlarm: given } = input;
  if (evaluationPeriods === undefined) throw errors.missing('EvaluationPeriods');
  if (comparison === undefined) throw errors.missing('ComparisonOperator');
  if (/Lower|Upper/.test(comparison)) throw errors.notSupported('anomaly detection');
  if (threshold === undefined) throw errors.missing('Threshold');
  if (given !== undefined && given > evaluationPeriods) throw errors.validation('DatapointsToAlarm must be less than or equal to EvaluationPeriods.');
  const missing = input.TreatMissingData ?? 'missing';
  if (!missingData.includes(missing)) throw errors.validation(`The value ${missing} for parameter TreatMissingData is invalid. Valid values are breaching, notBreaching, ignore and missing.`);
  const lowSamples = input.EvaluateLowSampleCountPercentile;
  if (lowSamples === 'ignore') throw errors.notSupported('EvaluateLowSampleCountPercentile ignore');
  if (lowSamples !== undefined && lowSamples !== 'evaluate') throw errors.validation('EvaluateLowSampleCountPercentile is evaluate or ignore.');
  const source = input.Metrics === undefined ? readMetric(input) : readQueries(input);
  const rangeMs = source.periodSeconds * evaluationPeriods * 1_000;
  // API reference, EvaluationPeriods: a day in all, seven days for periods of an hour and more.
  if (rangeMs > (source.periodSeconds >= 3_600 ? alarmRangeMs : alarmRangeMs / 7)) throw errors.validation('Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400), or seven days for periods of an hour or more.');
  return {
    kind: 'metric',
    ...source,
    evaluationPeriods,
    datapointsToAlarm: given ?? evaluationPeriods,
    ...(given === undefined ? {} : { givenDatapoints: given }),
    threshold,
    comparison: comparison as Comparison,
    missing: missing as MissingData,
    ...(input.TreatMissingData === undefined ? {} : { givenMissing: input.TreatMissingData }),
    ...(lowSamples === undefined ? {} : { lowSamples }),
  };
}

function requireAlarmPeriod(seconds: number | undefined): number {
  if (seconds === undefined) throw errors.missing('Period');
  if ([10, 20, 30].includes(seconds) || seconds % 60 === 0) return seconds;
  throw errors.validation('Period must be 10, 20, 30 or a multiple of 60.');
}

function readMetric({ MetricName: name, Namespace: namespace, Statistic, ExtendedStatistic, Dimensions, Period, Unit: unit }: PutMetricAlarmInput): Pick<MetricAlarmRow, 'metric' | 'periodSeconds'> {
  if (name === undefined) throw errors.missing('MetricName');
  if (namespace === undefined) throw errors.missing('Namespace');
  if ((Statistic === undefined) === (ExtendedStatistic === undefined)) throw errors.validation('Either Statistic or ExtendedStatistic must be specified, and not both.');
  const stat = Statistic ?? ExtendedStatistic ?? '';
  if (findStatistic(stat) === undefined) throw errors.validation(`The value ${stat} for parameter ExtendedStatistic is invalid.`);
  return { metric: { namespace, name, dimensions: requireDimensions(Dimensions), stat, ...(unit === undefined ? {} : { unit }) }, periodSeconds: requireAlarmPeriod(Period) };
}

function readQueries(input: PutMetricAlarmInput): Pick<MetricAlarmRow, 'queries' | 'periodSeconds'> {
  if (input.MetricName !== undefined || input.Namespace !== undefined || input.Statistic !== undefined || input.ExtendedStatistic !== undefined || input.Dimensions !== undefined || input.Period !== undefined || input.Unit !== undefined) {
    throw errors.validation('MetricName, Dimensions, Period, Namespace, Statistic, ExtendedStatistic and Unit must not be given together with Metrics.');
  }
  const queries = parseQueries(input.Metrics ?? []);
  const returned = queries.filter(({ returned: wanted }) => wanted);
  if (returned.length !== 1) throw errors.validation('Exactly one element of the metrics list should return data.');
  const periods = queries.flatMap(({ periodMs }) => (periodMs === undefined ? [] : [periodMs]));
  if (periods.length === 0) throw errors.validation('A metric or an expression with a Period is needed.');
  return { queries: input.Metrics ?? [], periodSeconds: requireAlarmPeriod(Math.max(...periods) / 1_000) };
}
