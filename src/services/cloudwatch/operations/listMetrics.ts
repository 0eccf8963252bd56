import { describeDimensions } from '../domain/metricKey.ts';
import { openToken, makeToken } from '../domain/token.ts';
import { errors } from '../errors.ts';
import { listedMs, metricsPageMax, recentlyMs } from '../limits.ts';
import { operation, scopeOf } from '../operation.ts';
import { listMetrics as listRows } from '../store.ts';

/** Metrics that had values in the last two weeks. */
export const listMetrics = operation('ListMetrics', {
  access: () => ({ action: 'cloudwatch:ListMetrics', resource: '*' }),
  async handle(input, call, { store, recorder }) {
    if (input.IncludeLinkedAccounts === true || input.OwningAccount !== undefined) throw errors.notSupported('metrics of linked accounts');
    await recorder.flush();
    const sinceMs = call.nowMs - (input.RecentlyActive === 'PT3H' ? recentlyMs : listedMs) - 3_600_000;
    const filters = input.Dimensions ?? [];
    const { rows, next } = await store.read((tx) =>
      listRows(
        tx,
        scopeOf(call),
        {
          namespace: input.Namespace,
          name: input.MetricName,
          wants: (row) => row.lastMs >= sinceMs && filters.every(({ Name, Value }) => row.dimensions.some(([name, value]) => name === Name && (Value === undefined || value === Value))),
        },
        { limit: metricsPageMax, after: openToken(input.NextToken, 3) },
      ),
    );
    return {
      Metrics: rows.map(({ namespace, name, dimensions }) => ({ Namespace: namespace, MetricName: name, Dimensions: describeDimensions(dimensions) })),
      ...(next === undefined ? {} : { NextToken: makeToken(next) }),
    };
  },
});
