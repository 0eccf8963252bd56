// What Lambda tells CloudWatch of a mapping whose MetricsConfig asks for EventCount:
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html, "Event source mapping metrics"
import type { Clock } from '../../../base/clock.ts';
import type { MetricRecorder } from '../../../ports/metrics.ts';
import type { MappingRow } from './mappingStore.ts';

type EventCount =
  | 'PolledEventCount'
  | 'FilteredOutEventCount'
  | 'InvokedEventCount'
  | 'FailedInvokeEventCount'
  | 'DroppedEventCount'
  | 'OnFailureDestinationDeliveredEventCount'
  | 'DeletedEventCount';

/** Counts so many events of one mapping; does nothing where nobody has asked. */
export type CountEvents = (name: EventCount, events: number) => void;

/** The counter of one mapping. */
export function createEventCounter({ account, region, uuid, countsEvents }: MappingRow, { recorder, clock }: { readonly recorder: MetricRecorder; readonly clock: Clock }): CountEvents {
  if (countsEvents !== true) return () => undefined;
  return (name, events) => {
    if (events > 0) recorder.record({ account, region, namespace: 'AWS/Lambda', name, dimensions: { EventSourceMappingUUID: uuid }, unit: 'Count', value: events, at: clock.now() });
  };
}
