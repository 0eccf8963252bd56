import type { Scope } from '../../kv/table.ts';
import type { MetricDatum } from '../../ports/metrics.ts';
import { parseFilterPattern } from './domain/filter-pattern/parseFilterPattern.ts';
import { readerOf, valueReaderOf } from './domain/metricValue.ts';
import type { FilteredMinute } from './metricDefaults.ts';
import type { MetricFilterRow, NamedFilter, NewEvent } from './store.ts';

export interface MeasuredEvents {
  readonly data: readonly MetricDatum[];
  /** Of the filters with a default value. */
  readonly minutes: readonly FilteredMinute[];
}

const minuteMs = 60_000;

/** What metric filters make of new events: a value for each that matches, at the event's own time. */
export async function filterMetrics(scope: Scope, filters: readonly NamedFilter<MetricFilterRow>[], events: readonly NewEvent[]): Promise<MeasuredEvents> {
  const data: MetricDatum[] = [];
  const minutes: FilteredMinute[] = [];
  for (const { name: filterName, groupName, row } of filters) {
    const { namespace, name, value, unit, dimensions = {}, defaultValue } = row.transformation;
    const { account, region } = scope;
    const metric = { account, region, namespace, name, unit };
    const pattern = parseFilterPattern(row.pattern);
    const readValue = valueReaderOf(value, row.pattern);
    const readers = Object.entries(dimensions).map(([dimension, selector]) => [dimension, readerOf(selector, row.pattern)] as const);
    const seen = new Map<number, boolean>();
    for (const { position, message } of events) {
      const at = position.timestampMs;
      const minute = Math.floor(at / minuteMs) * minuteMs;
      const matches = await pattern.matches(message);
      const extracted = matches ? pattern.extract(message) : {};
      const number = matches ? readValue(message, extracted) : undefined;
      const read = number === undefined ? [] : readers.map(([dimension, reader]) => [dimension, reader(message, extracted)] as const);
      // A metric with dimensions that the message does not have is not published (User Guide, "Publish dimensions with metrics").
      const complete = number !== undefined && read.every(([, text]) => text !== undefined && text !== '');
      seen.set(minute, seen.get(minute) === true || complete);
      if (complete) data.push({ ...metric, dimensions: Object.fromEntries(read.map(([dimension, text]) => [dimension, text ?? ''])), value: number, at });
    }
    if (defaultValue === undefined) continue;
    for (const [at, matched] of seen) {
      minutes.push({ key: JSON.stringify([account, region, groupName, filterName, at]), datum: { ...metric, dimensions: {}, value: defaultValue, at }, matched });
    }
  }
  return { data, minutes };
}
