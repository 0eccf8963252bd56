import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from '../../base/metrics.ts';

const resolutionMs = 20;

/** Memory, processor time and age of this process, and how long its event loop keeps others waiting. */
export function registerProcessMetrics(metrics: Metrics): { close(): void } {
  metrics.gauge('process_resident_memory_bytes', 'Resident memory of the server itself, without its functions.', () => process.memoryUsage.rss());
  metrics.gauge('haneul_heap_used_bytes', 'JavaScript heap in use.', () => process.memoryUsage().heapUsed);
  metrics.gauge('haneul_external_memory_bytes', 'Memory of buffers outside the JavaScript heap.', () => process.memoryUsage().external);
  metrics.countOf('process_cpu_seconds_total', 'Processor time used, user and system.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  const startedSeconds = Math.round((Date.now() - process.uptime() * 1_000) / 10) / 100;
  metrics.gauge('process_start_time_seconds', 'When the process was started, in seconds since 1970.', () => startedSeconds);
  metrics.gauge('haneul_uptime_seconds', 'Time since the process was started.', () => process.uptime());
  return registerEventLoop(metrics);
}

const quantiles = [0.5, 0.9, 0.99, 1];
const delayHelp = 'How late the event loop ran its timers since the last reading; the first reading starts the measurement.';

// Watching the loop wakes it fifty times a second, so it begins with the first reading: who reads none pays nothing.
function registerEventLoop(metrics: Metrics): { close(): void } {
  let watched: IntervalHistogram | undefined;
  for (const quantile of quantiles) {
    const read = (): number => {
      if (!watched) {
        watched = monitorEventLoopDelay({ resolution: resolutionMs });
        watched.enable();
      }
      // What is measured is the time between two timers, which includes the time that was asked for.
      const delayMs = watched.count === 0 ? 0 : watched.percentile(quantile * 100) / 1e6 - resolutionMs;
      if (quantile === quantiles.at(-1)) watched.reset();
      return Math.max(0, delayMs) / 1_000;
    };
    metrics.gauge('haneul_event_loop_delay_seconds', delayHelp, read, { quantile: String(quantile) });
  }
  return { close: () => void watched?.disable() };
}
