import { ServiceError } from '../../../base/errors.ts';
import type { Metrics } from '../../../base/metrics.ts';
import type { InvocationResult } from './executionEnvironment.ts';

export interface EnvironmentCounts {
  readonly starting: number;
  readonly busy: number;
  readonly idle: number;
  readonly ending: number;
}

export interface FleetMetrics {
  served(result: InvocationResult): void;
  /** It never reached a function, or its environment broke under it. */
  refused(error: unknown): void;
  /** Stopped, because its function is in a loop. */
  recursive(): void;
}

const states = ['starting', 'busy', 'idle', 'ending'] as const;
const secondsSpec = {
  name: 'haneul_function_duration_seconds',
  help: 'Time that an invocation spent in its environment; with a cold start, the start included.',
  bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900],
};

/** Counts invocations by how they ended and whether they had to wait for a new environment. */
export function createFleetMetrics(metrics: Metrics, count: () => EnvironmentCounts): FleetMetrics {
  for (const state of states) metrics.gauge('haneul_function_environments', 'Execution environments by what they are doing.', () => count()[state], { state });
  const invocations = (outcome: string, start: string) =>
    metrics.counter('haneul_function_invocations_total', 'Invocations by how they ended.', { outcome, start });
  const seconds = { cold: metrics.histogram(secondsSpec, { start: 'cold' }), warm: metrics.histogram(secondsSpec, { start: 'warm' }) };
  const succeeded = { cold: invocations('response', 'cold'), warm: invocations('response', 'warm') };
  return {
    served({ outcome, cold, durationMs }) {
      const start = cold ? 'cold' : 'warm';
      (outcome === 'response' ? succeeded[start] : invocations(outcome, start)).add();
      seconds[start].record(durationMs / 1_000);
    },
    recursive: () => invocations('recursive', 'none').add(),
    refused(error) {
      const throttled = error instanceof ServiceError && error.code === 'TooManyRequestsException';
      invocations(throttled ? 'throttled' : 'failed', 'none').add();
    },
  };
}
