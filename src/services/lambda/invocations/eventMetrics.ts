// What Lambda tells CloudWatch of asynchronous events: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html, "Asynchronous invocation metrics"
import type { MetricRecorder } from '../../../ports/metrics.ts';
import type { FunctionReference } from '../domain/functionName.ts';

export interface EventMetrics {
  /** An event comes to its function for the first time. */
  received(reference: FunctionReference, nowMs: number): void;
  /** How long it has waited for the attempt that begins. */
  attempted(reference: FunctionReference, ageMs: number, nowMs: number): void;
  /** It is given up. */
  dropped(reference: FunctionReference, nowMs: number): void;
}

export function createEventMetrics(recorder: MetricRecorder): EventMetrics {
  function record({ account, region, name, qualifier }: FunctionReference, metric: string, unit: string, value: number, at: number): void {
    const resource = qualifier === undefined ? name : `${name}:${qualifier}`;
    for (const dimensions of [{ FunctionName: name }, { FunctionName: name, Resource: resource }]) {
      recorder.record({ account, region, namespace: 'AWS/Lambda', name: metric, dimensions, unit, value, at });
    }
  }

  return {
    received: (reference, nowMs) => record(reference, 'AsyncEventsReceived', 'Count', 1, nowMs),
    attempted: (reference, ageMs, nowMs) => record(reference, 'AsyncEventAge', 'Milliseconds', ageMs, nowMs),
    dropped: (reference, nowMs) => record(reference, 'AsyncEventsDropped', 'Count', 1, nowMs),
  };
}
