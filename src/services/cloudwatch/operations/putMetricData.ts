import type { MetricDatum } from '@aws-sdk/client-cloudwatch';
import { bucketOf, bucketOfSet, mergeBuckets } from '../domain/bucket.ts';
import type { Bucket } from '../domain/bucket.ts';
import { requireDimensions } from '../domain/metricKey.ts';
import { errors } from '../errors.ts';
import { dataPerRequestMax, futureMs, minuteMs, pastMs, valueMax, valuesMax } from '../limits.ts';
import { operation, scopeOf } from '../operation.ts';
import { tendMetric } from '../retention.ts';
import { addData } from '../store.ts';
import type { DataRow, MetricKey } from '../store.ts';

/** Takes values of users' own metrics. */
export const putMetricData = operation('PutMetricData', {
  access: ({ Namespace = '' }) => ({ action: 'cloudwatch:PutMetricData', resource: '*', conditions: { 'cloudwatch:namespace': Namespace } }),
  async handle(input, call, { store }) {
    const namespace = requireNamespace(input.Namespace ?? '');
    if (input.EntityMetricData !== undefined || input.StrictEntityValidation !== undefined) throw errors.notSupported('EntityMetricData');
    const given = input.MetricData ?? [];
    if (given.length === 0) throw errors.missing('MetricData');
    if (given.length > dataPerRequestMax) throw errors.invalidValue(`The collection MetricData must not have a size greater than ${dataPerRequestMax}.`);
    const values = given.map((datum, index) => readDatum(namespace, datum, { place: `MetricData.member.${index + 1}`, nowMs: call.nowMs }));
    await store.transact(async (tx) => {
      for (const { metric, row } of values) if (await addData(tx, scopeOf(call), metric, row)) await tendMetric(tx, scopeOf(call), metric, call.nowMs);
    });
    return {};
  },
});

function requireNamespace(namespace: string): string {
  // API reference: names that begin with AWS/ are for AWS products.
  if (namespace.startsWith('AWS/')) throw errors.invalidValue('The value AWS/ for parameter Namespace is invalid.');
  return namespace;
}

function readDatum(namespace: string, datum: MetricDatum, { place, nowMs }: { readonly place: string; readonly nowMs: number }): { readonly metric: MetricKey; readonly row: DataRow } {
  const atMs = datum.Timestamp?.getTime() ?? nowMs;
  if (Number.isNaN(atMs) || atMs < nowMs - pastMs || atMs > nowMs + futureMs) {
    throw errors.invalidValue(`The parameter ${place}.Timestamp must specify a time within the past two weeks or the next two hours.`);
  }
  const seconds = datum.StorageResolution === 1 ? 1 : 60;
  if (datum.StorageResolution !== undefined && datum.StorageResolution !== 1 && datum.StorageResolution !== 60) {
    throw errors.invalidValue(`The parameter ${place}.StorageResolution must be 1 or 60.`);
  }
  const startMs = seconds === 1 ? Math.floor(atMs / 1_000) * 1_000 : Math.floor(atMs / minuteMs) * minuteMs;
  const metric = { namespace, name: datum.MetricName ?? '', dimensions: requireDimensions(datum.Dimensions) };
  return { metric, row: { startMs, seconds, unit: datum.Unit ?? 'None', ...readBucket(datum, place) } };
}

function readBucket({ Value, Values, Counts, StatisticValues: set }: MetricDatum, place: string): Bucket {
  const given = [Value, Values, set].filter((one) => one !== undefined).length;
  if (given === 0) throw errors.missing(`${place}.Value`);
  if (given > 1) throw errors.invalidCombination(`The parameters ${place}.Value and ${place}.StatisticValues are mutually exclusive and you have specified both.`);
  if (Value !== undefined) return bucketOf(requireNumber(Value, `${place}.Value`));
  if (set !== undefined) {
    const [count, sum, min, max] = [set.SampleCount ?? 0, set.Sum ?? 0, set.Minimum ?? 0, set.Maximum ?? 0].map((value) => requireNumber(value, `${place}.StatisticValues`));
    if (count === undefined || sum === undefined || min === undefined || max === undefined || count < 0 || min > max) {
      throw errors.invalidCombination(`The parameter ${place}.StatisticValues.Maximum must be greater than or equal to Minimum, and SampleCount must not be negative.`);
    }
    return bucketOfSet({ count, sum, min, max });
  }
  const values = Values ?? [];
  if (values.length === 0 || values.length > valuesMax) throw errors.invalidValue(`The collection ${place}.Values must have between 1 and ${valuesMax} values.`);
  if (Counts !== undefined && Counts.length !== values.length) throw errors.invalidCombination(`The parameters ${place}.Values and ${place}.Counts must be of the same size.`);
  return values
    .map((value, index) => {
      const times = requireNumber(Counts?.[index] ?? 1, `${place}.Counts`);
      if (times <= 0) throw errors.invalidValue(`The parameter ${place}.Counts must be positive.`);
      return bucketOf(requireNumber(value, `${place}.Values`), times);
    })
    .reduce(mergeBuckets);
}

function requireNumber(value: number, place: string): number {
  if (!Number.isFinite(value) || Math.abs(value) > valueMax) throw errors.invalidValue(`The value ${value} for parameter ${place} is invalid.`);
  return value;
}
