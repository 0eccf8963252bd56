import type { Counter, Histogram, Metrics } from '../../base/metrics.ts';
import type { ServedRequest } from '../../framework/chain.ts';

interface OperationSeries {
  /** By the first digit of the status. */
  readonly requests: (Counter | undefined)[];
  readonly seconds: Histogram;
}

const secondsSpec = {
  name: 'haneul_request_duration_seconds',
  help: 'Time from the head of an API request to its answer.',
  bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
};

/** Counts requests by service, operation and class of status, and how long they took. */
export function createRequestMetrics(metrics: Metrics): (request: ServedRequest) => void {
  const byService = new Map<string, Map<string, OperationSeries>>();

  // Names come from the models, never from a request: there are as many as the models have operations, and no more.
  function seriesOf(service: string, operation: string): OperationSeries {
    let operations = byService.get(service);
    if (!operations) byService.set(service, (operations = new Map()));
    let series = operations.get(operation);
    if (!series) operations.set(operation, (series = { requests: [], seconds: metrics.histogram(secondsSpec, { service, operation }) }));
    return series;
  }

  return ({ service = 'none', operation = 'none', status, durationMs }) => {
    const { requests, seconds } = seriesOf(service, operation);
    const statusClass = Math.floor(status / 100);
    const labels = { service, operation, status: `${statusClass}xx` };
    (requests[statusClass] ??= metrics.counter('haneul_requests_total', 'API requests answered.', labels)).add();
    seconds.record(durationMs / 1_000);
  };
}
