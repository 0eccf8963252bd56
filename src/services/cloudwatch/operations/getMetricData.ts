import type { MetricDataResult } from '@aws-sdk/client-cloudwatch';
import { errors } from '../errors.ts';
import { dataPointsMax } from '../limits.ts';
import { operation, scopeOf } from '../operation.ts';
import { parseQueries, runQueries } from '../queries.ts';
import type { QueryResult } from '../queries.ts';

/** Metrics and expressions over them, in pages of so many data points. */
export const getMetricData = operation('GetMetricData', {
  access: () => ({ action: 'cloudwatch:GetMetricData', resource: '*' }),
  async handle(input, call, { store, recorder }) {
    const [startMs, endMs] = [input.StartTime?.getTime() ?? NaN, input.EndTime?.getTime() ?? NaN];
    if (!(startMs < endMs)) throw errors.validation('The parameter StartTime must be less than the parameter EndTime.');
    if (input.LabelOptions?.Timezone !== undefined && input.LabelOptions.Timezone !== '+0000') throw errors.notSupported('LabelOptions.Timezone');
    const limit = input.MaxDatapoints ?? dataPointsMax;
    if (limit < 1 || limit > dataPointsMax) throw errors.validation(`The parameter MaxDatapoints must be between 1 and ${dataPointsMax}.`);
    const queries = parseQueries(input.MetricDataQueries ?? []);
    await recorder.flush();
    const results = await store.read((tx) => runQueries(tx, scopeOf(call), queries, { startMs, endMs }));
    const page = cutPage(results, { limit, from: offsetOf(input.NextToken), ascending: input.ScanBy === 'TimestampAscending' });
    return { MetricDataResults: page.results, Messages: [], ...(page.next === undefined ? {} : { NextToken: Buffer.from(String(page.next)).toString('base64url') }) };
  },
});

function offsetOf(token: string | undefined): number {
  const offset = token === undefined ? 0 : Number(Buffer.from(token, 'base64url').toString('utf8'));
  if (!Number.isSafeInteger(offset) || offset < 0) throw errors.invalidToken();
  return offset;
}

interface Cut {
  readonly limit: number;
  /** Data points of all results before this page. */
  readonly from: number;
  readonly ascending: boolean;
}

function cutPage(results: readonly QueryResult[], { limit, from, ascending }: Cut): { results: MetricDataResult[]; next: number | undefined } {
  const end = from + limit;
  let passed = 0;
  const page: MetricDataResult[] = [];
  for (const { id, label, series } of results) {
    const points = [...series.values].sort(([a], [b]) => (ascending ? a - b : b - a));
    const [begin, stop] = [Math.max(0, from - passed), Math.min(points.length, end - passed)];
    passed += points.length;
    const isHere = stop > begin || (points.length === 0 && from <= passed && passed <= end);
    if (!isHere) continue;
    const here = points.slice(begin, stop);
    page.push({
      Id: id,
      Label: label,
      Timestamps: here.map(([atMs]) => new Date(atMs)),
      Values: here.map(([, value]) => value),
      StatusCode: stop < points.length ? 'PartialData' : 'Complete',
    });
  }
  return { results: page, next: passed > end ? end : undefined };
}
