import type { CompositeAlarm, MetricAlarm, MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import type { Scope } from '../../../kv/table.ts';
import { describeDimensions } from '../domain/metricKey.ts';
import { plainStatistics } from '../domain/statistics.ts';
import { alarmArn } from './alarmStore.ts';
import type { AlarmRow, CompositeAlarmRow, MetricAlarmRow } from './alarmStore.ts';

function describeCommon(scope: Scope, { name, description, actionsEnabled, actions, state, configuredMs }: AlarmRow) {
  return {
    AlarmName: name,
    AlarmArn: alarmArn(scope, name),
    ...(description === undefined ? {} : { AlarmDescription: description }),
    AlarmConfigurationUpdatedTimestamp: new Date(configuredMs),
    ActionsEnabled: actionsEnabled,
    OKActions: [...actions.OK],
    AlarmActions: [...actions.ALARM],
    InsufficientDataActions: [...actions.INSUFFICIENT_DATA],
    StateValue: state.value,
    StateReason: state.reason,
    ...(state.reasonData === undefined ? {} : { StateReasonData: state.reasonData }),
    StateUpdatedTimestamp: new Date(state.updatedMs),
    StateTransitionedTimestamp: new Date(state.transitionedMs),
  };
}

/** The answer that describes a metric alarm. */
export function describeMetricAlarm(scope: Scope, row: MetricAlarmRow): MetricAlarm {
  const { metric, queries, givenDatapoints, givenMissing, lowSamples } = row;
  return {
    ...describeCommon(scope, row),
    ...(metric === undefined
      ? { Metrics: [...(queries ?? [])] as MetricDataQuery[] }
      : {
          MetricName: metric.name,
          Namespace: metric.namespace,
          ...(plainStatistics.includes(metric.stat) ? { Statistic: metric.stat as NonNullable<MetricAlarm['Statistic']> } : { ExtendedStatistic: metric.stat }),
          Dimensions: describeDimensions(metric.dimensions),
          Period: row.periodSeconds,
          ...(metric.unit === undefined ? {} : { Unit: metric.unit as NonNullable<MetricAlarm['Unit']> }),
        }),
    EvaluationPeriods: row.evaluationPeriods,
    ...(givenDatapoints === undefined ? {} : { DatapointsToAlarm: givenDatapoints }),
    Threshold: row.threshold,
    ComparisonOperator: row.comparison,
    ...(givenMissing === undefined ? {} : { TreatMissingData: givenMissing }),
    ...(lowSamples === undefined ? {} : { EvaluateLowSampleCountPercentile: lowSamples }),
  };
}

/** The answer that describes a composite alarm. */
export const describeCompositeAlarm = (scope: Scope, row: CompositeAlarmRow): CompositeAlarm => ({ ...describeCommon(scope, row), AlarmRule: row.rule });
