import { describeCompositeAlarm, describeMetricAlarm } from '../alarms/describeAlarm.ts';
import { findAlarm, listAlarms, listHistory, parentsOf } from '../alarms/alarmStore.ts';
import type { AlarmRow, CompositeAlarmRow, MetricAlarmRow } from '../alarms/alarmStore.ts';
import { requireDimensions } from '../domain/metricKey.ts';
import { makeToken, openToken } from '../domain/token.ts';
import { errors } from '../errors.ts';
import { alarmsPageMax, rowsPerTransaction } from '../limits.ts';
import { operation, scopeOf } from '../operation.ts';
import { accessToAlarms } from '../alarmAccess.ts';

const isMetric = (row: AlarmRow): row is MetricAlarmRow => row.kind === 'metric';
const isComposite = (row: AlarmRow): row is CompositeAlarmRow => row.kind === 'composite';

const describeAlarms = operation('DescribeAlarms', {
  access: ({ AlarmNames = [] }, call) => accessToAlarms('DescribeAlarms', AlarmNames, call),
  async handle(input, call, { store }) {
    const scope = scopeOf(call);
    const { AlarmNames: names, AlarmNamePrefix: prefix, ChildrenOfAlarmName: parent, ParentsOfAlarmName: child, ActionPrefix: actionPrefix } = input;
    if (names !== undefined && prefix !== undefined) throw errors.validation('AlarmNames and AlarmNamePrefix must not be specified together.');
    // API reference: metric alarms only, unless types are named or alarms are.
    const types = input.AlarmTypes ?? (names !== undefined || parent !== undefined || child !== undefined ? ['MetricAlarm', 'CompositeAlarm'] : ['MetricAlarm']);
    return store.read(async (tx) => {
      const parents = child === undefined ? undefined : new Set(await parentsOf(tx, scope, child));
      const composite = parent === undefined ? undefined : await findAlarm(tx, scope, parent);
      const children = parent === undefined ? undefined : new Set(composite?.kind === 'composite' ? composite.children : []);
      const wants = (row: AlarmRow): boolean =>
        types.includes(row.kind === 'metric' ? 'MetricAlarm' : 'CompositeAlarm') &&
        (names?.includes(row.name) ?? true) &&
        (prefix === undefined || row.name.startsWith(prefix)) &&
        (parents?.has(row.name) ?? true) &&
        (children?.has(row.name) ?? true) &&
        (input.StateValue === undefined || row.state.value === input.StateValue) &&
        (actionPrefix === undefined || Object.values(row.actions).flat().some((arn) => arn.startsWith(actionPrefix)));
      const limit = input.MaxRecords ?? alarmsPageMax;
      const { rows, next } = await listAlarms(tx, scope, { limit, after: openToken(input.NextToken, 1)?.[0], wants });
      return {
        MetricAlarms: rows.filter(isMetric).map((row) => describeMetricAlarm(scope, row)),
        CompositeAlarms: rows.filter(isComposite).map((row) => describeCompositeAlarm(scope, row)),
        ...(next === undefined ? {} : { NextToken: makeToken([next]) }),
      };
    });
  },
});

const describeAlarmsForMetric = operation('DescribeAlarmsForMetric', {
  access: () => ({ action: 'cloudwatch:DescribeAlarmsForMetric', resource: '*' }),
  async handle(input, call, { store }) {
    const scope = scopeOf(call);
    const dimensions = JSON.stringify(requireDimensions(input.Dimensions));
    const stat = input.Statistic ?? input.ExtendedStatistic;
    const { rows } = await store.read((tx) =>
      listAlarms(tx, scope, {
        limit: Infinity,
        wants: (row) =>
          row.kind === 'metric' &&
          row.metric?.name === input.MetricName &&
          row.metric?.namespace === input.Namespace &&
          JSON.stringify(row.metric?.dimensions) === dimensions &&
          (stat === undefined || row.metric?.stat === stat) &&
          (input.Period === undefined || row.periodSeconds === input.Period) &&
          (input.Unit === undefined || row.metric?.unit === input.Unit),
      }),
    );
    return { MetricAlarms: rows.filter(isMetric).map((row) => describeMetricAlarm(scope, row)) };
  },
});

/** More than this of all alarms together is not looked through. */
const historyScanMax = 50 * rowsPerTransaction;

const describeAlarmHistory = operation('DescribeAlarmHistory', {
  access: ({ AlarmName }, call) => accessToAlarms('DescribeAlarmHistory', AlarmName === undefined ? [] : [AlarmName], call),
  async handle(input, call, { store }) {
    if (input.AlarmContributorId !== undefined) throw errors.notSupported('alarm contributors');
    const [startMs, endMs] = [input.StartDate?.getTime() ?? 0, input.EndDate?.getTime() ?? Infinity];
    const types = input.AlarmTypes ?? ['MetricAlarm'];
    const found = (await store.read((tx) => listHistory(tx, scopeOf(call), input.AlarmName, historyScanMax)))
      .filter((row) => row.atMs >= startMs && row.atMs <= endMs && (input.HistoryItemType === undefined || row.type === input.HistoryItemType))
      .filter((row) => input.AlarmName !== undefined || types.includes(row.kind === 'metric' ? 'MetricAlarm' : 'CompositeAlarm'));
    // They come by alarm, the newest first.
    const sorted = input.ScanBy === 'TimestampAscending' ? found.reverse().sort((a, b) => a.atMs - b.atMs) : found.sort((a, b) => b.atMs - a.atMs);
    const from = Number(openToken(input.NextToken, 1)?.[0] ?? 0);
    const end = from + (input.MaxRecords ?? alarmsPageMax);
    return {
      AlarmHistoryItems: sorted.slice(from, end).map(({ name, kind, atMs, type, summary, data }) => ({
        AlarmName: name,
        AlarmType: kind === 'metric' ? ('MetricAlarm' as const) : ('CompositeAlarm' as const),
        Timestamp: new Date(atMs),
        HistoryItemType: type,
        HistorySummary: summary,
        HistoryData: data,
      })),
      ...(sorted.length > end ? { NextToken: makeToken([String(end)]) } : {}),
    };
  },
});

/** DescribeAlarms, DescribeAlarmsForMetric and DescribeAlarmHistory. */
export const describeAlarmOperations = { DescribeAlarms: describeAlarms, DescribeAlarmsForMetric: describeAlarmsForMetric, DescribeAlarmHistory: describeAlarmHistory };
