// Quotas: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html

/** Quotas, PutMetricData: 1,000 metrics a request, 1 MB (before it was compressed, as it counts here). */
export const dataPerRequestMax = 1_000;
export const requestBytesMax = 1_048_576;
/** API reference, MetricDatum: "up to 150 unique values" in Values. */
export const valuesMax = 150;
/** API reference, MetricDatum, Value: "in the range of -2^360 to 2^360". */
export const valueMax = 2 ** 360;
/** API reference, MetricDatum, Timestamp: up to two weeks old and two hours ahead. */
export const pastMs = 14 * 86_400_000;
export const futureMs = 2 * 3_600_000;
/** Quotas, GetMetricData: 500 queries, 100,800 data points; GetMetricStatistics: 1,440 data points. */
export const queriesMax = 500;
export const dataPointsMax = 100_800;
export const statisticsPointsMax = 1_440;
/** API reference, ListMetrics: "up to 500 results". */
export const metricsPageMax = 500;
/** API reference, ListMetrics, RecentlyActive, and how long a metric without data is listed: three hours and two weeks. */
export const recentlyMs = 3 * 3_600_000;
export const listedMs = 14 * 86_400_000;
/** User guide, "Metrics retention". */
export const secondsKeptMs = 3 * 3_600_000;
export const minutesKeptMs = 15 * 86_400_000;
export const fiveMinutesKeptMs = 63 * 86_400_000;
export const hoursKeptMs = 455 * 86_400_000;
/** So far back from each of these ends, and so many rows, are looked at when data is made coarser: once an hour while a metric gets values. */
export const rollUpWindowMs = 2 * 86_400_000;
export const rollUpRowsMax = 4_000;
/** Distinct values of one bucket that are kept for percentiles; more are rounded to two percent. AWS names no number. */
export const distinctValuesMax = 64;
/** How long values of services wait in memory, and how many series before they are written at once. */
export const recordDelayMs = 2_000;
export const recordedSeriesMax = 5_000;
/** Rows in one transaction. */
export const rowsPerTransaction = 200;
/** Metric math: quotas name 500 metrics for SEARCH; the rest is ours, against expressions that never end. */
export const searchResultsMax = 500;
export const expressionBytesMax = 2_048;
export const nestingMax = 32;
/** Rows that one query may read. */
export const rowsReadMax = 200_000;

/** API reference, PutMetricAlarm: periods of 10, 20, 30 and multiples of 60, a week in all (a day below an hour). */
export const alarmsMax = 5_000;
export const alarmActionsMax = 5;
export const alarmTagsMax = 50;
export const alarmRangeMs = 7 * 86_400_000;
/** API reference, DescribeAlarms and DescribeAlarmHistory, MaxRecords. */
export const alarmsPageMax = 100;
/** User guide: alarm history is kept for 30 days. */
export const historyMs = 30 * 86_400_000;
export const historyMax = 1_000;
/** API reference, PutCompositeAlarm, AlarmRule: 10,240 characters, 100 children. */
export const childrenMax = 100;
/** API reference, SetAlarmState and MetricAlarm, StateReason. */
export const reasonCharactersMax = 1_023;
export const minuteMs = 60_000;
