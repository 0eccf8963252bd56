// What others are told of an alarm: events of EventBridge, and what functions and topics get.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
import type { Scope } from '../../../kv/table.ts';
import { plainStatistics } from '../domain/statistics.ts';
import { alarmArn } from './alarmStore.ts';
import type { AlarmRow, AlarmState, MetricAlarmRow } from './alarmStore.ts';

const eventTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '+0000');

const describeState = ({ value, reason, reasonData, updatedMs }: AlarmState): Record<string, unknown> => ({
  value,
  reason,
  ...(reasonData === undefined ? {} : { reasonData }),
  timestamp: eventTime(updatedMs),
});

/** The detail of the event, and `alarmData` of what functions get. */
export const describeChange = (row: AlarmRow, previous: AlarmState): Record<string, unknown> => ({
  alarmName: row.name,
  state: describeState(row.state),
  previousState: describeState(previous),
  configuration: { ...(row.description === undefined ? {} : { description: row.description }), ...(row.kind === 'composite' ? { alarmRule: row.rule } : { metrics: describeMetrics(row) }) },
});

function describeMetrics({ metric, queries = [], periodSeconds }: MetricAlarmRow): unknown[] {
  if (metric !== undefined) {
    const { namespace, name, dimensions, stat, unit } = metric;
    return [{ id: 'm1', metricStat: { metric: { namespace, name, dimensions: Object.fromEntries(dimensions) }, period: periodSeconds, stat, ...(unit === undefined ? {} : { unit }) }, returnData: true }];
  }
  return queries.map(({ Id, Expression, Label, MetricStat, ReturnData = true }) => ({
    id: Id,
    ...(Expression === undefined ? {} : { expression: Expression }),
    ...(Label === undefined ? {} : { label: Label }),
    ...(MetricStat === undefined
      ? {}
      : {
          metricStat: {
            metric: {
              namespace: MetricStat.Metric?.Namespace,
              name: MetricStat.Metric?.MetricName,
              dimensions: Object.fromEntries((MetricStat.Metric?.Dimensions ?? []).map(({ Name = '', Value = '' }) => [Name, Value])),
            },
            period: MetricStat.Period,
            stat: MetricStat.Stat,
          },
        }),
    returnData: ReturnData,
  }));
}

/** The event that a function is invoked with (user guide, "Invoke a Lambda function from an alarm"). */
export const functionEvent = (scope: Scope, row: AlarmRow, previous: AlarmState): Record<string, unknown> => ({
  source: 'aws.cloudwatch',
  alarmArn: alarmArn(scope, row.name),
  accountId: scope.account,
  time: eventTime(row.state.updatedMs),
  region: scope.region,
  alarmData: describeChange(row, previous),
});

/** The message that a topic gets, as AWS mails it. */
export function topicText(scope: Scope, row: AlarmRow, previous: AlarmState): string {
  const { name, description, state, actions, configuredMs } = row;
  return JSON.stringify({
    AlarmName: name,
    AlarmDescription: description ?? null,
    AWSAccountId: scope.account,
    AlarmConfigurationUpdatedTimestamp: eventTime(configuredMs),
    NewStateValue: state.value,
    NewStateReason: state.reason,
    StateChangeTime: eventTime(state.updatedMs),
    Region: regionNames[scope.region] ?? scope.region,
    AlarmArn: alarmArn(scope, name),
    OldStateValue: previous.value,
    OKActions: actions.OK,
    AlarmActions: actions.ALARM,
    InsufficientDataActions: actions.INSUFFICIENT_DATA,
    ...(row.kind === 'composite' ? { AlarmRule: row.rule } : { Trigger: describeTrigger(row) }),
  });
}

function describeTrigger(row: MetricAlarmRow): Record<string, unknown> {
  const { metric, queries, periodSeconds, evaluationPeriods, givenDatapoints, comparison, threshold, givenMissing, lowSamples } = row;
  const common = {
    Period: periodSeconds,
    EvaluationPeriods: evaluationPeriods,
    ...(givenDatapoints === undefined ? {} : { DatapointsToAlarm: givenDatapoints }),
    ComparisonOperator: comparison,
    Threshold: threshold,
    TreatMissingData: givenMissing ?? '',
    EvaluateLowSampleCountPercentile: lowSamples ?? '',
  };
  if (metric === undefined) return { ...common, Metrics: queries };
  const { name, namespace, dimensions, stat, unit } = metric;
  // In capitals, as the mails have it; extended ones as they are.
  const statistic = plainStatistics.includes(stat) ? { StatisticType: 'Statistic', Statistic: stat === 'SampleCount' ? 'SAMPLE_COUNT' : stat.toUpperCase() } : { StatisticType: 'ExtendedStatistic', ExtendedStatistic: stat };
  return { MetricName: name, Namespace: namespace, ...statistic, Unit: unit ?? null, Dimensions: dimensions.map(([key, value]) => ({ value, name: key })), ...common };
}

const regionNames: Readonly<Record<string, string>> = {
  'us-east-1': 'US East (N. Virginia)',
  'us-east-2': 'US East (Ohio)',
  'us-west-1': 'US West (N. California)',
  'us-west-2': 'US West (Oregon)',
  'ap-northeast-1': 'Asia Pacific (Tokyo)',
  'ap-northeast-2': 'Asia Pacific (Seoul)',
  'ap-southeast-1': 'Asia Pacific (Singapore)',
  'ap-southeast-2': 'Asia Pacific (Sydney)',
  'eu-central-1': 'EU (Frankfurt)',
  'eu-west-1': 'EU (Ireland)',
};

/** The subject of the message to a topic. */
export const topicSubject = ({ region }: Scope, { name, state }: AlarmRow): string => `${state.value}: "${name}" in ${regionNames[region] ?? region}`.slice(0, 100);
