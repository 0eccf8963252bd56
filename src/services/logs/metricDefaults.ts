import type { Clock } from '../../base/clock.ts';
import type { MetricDatum, MetricRecorder } from '../../ports/metrics.ts';
import { pendingDefaultsMax } from './limits.ts';

/** One minute of one metric filter that has a default value. */
export interface FilteredMinute {
  readonly key: string;
  /** The default value, as it would be recorded. */
  readonly datum: MetricDatum;
  readonly matched: boolean;
}

export interface MetricDefaults {
  note(minutes: readonly FilteredMinute[]): void;
  close(): void;
}

const minuteMs = 60_000;

/**
 * "The value published to the metric filter when a pattern does not match a log event … during a period when logs are ingested" (User Guide):
 * known only when the minute is over.
 */
export function createMetricDefaults({ clock, recorder }: { readonly clock: Clock; readonly recorder: MetricRecorder }): MetricDefaults {
  let current = new Map<string, FilteredMinute>();
  let cancel: (() => void) | undefined;
  const flush = (): void => {
    cancel?.();
    cancel = undefined;
    for (const { datum, matched } of current.values()) if (!matched) recorder.record(datum);
    current = new Map();
  };
  return {
    note(minutes) {
      for (const minute of minutes) current.set(minute.key, { ...minute, matched: minute.matched || current.get(minute.key)?.matched === true });
      if (current.size >= pendingDefaultsMax) return flush();
      if (current.size > 0) cancel ??= clock.at((Math.floor(clock.now() / minuteMs) + 1) * minuteMs, flush);
    },
    close: flush,
  };
}
