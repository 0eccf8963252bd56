import type { Metrics } from '../../base/metrics.ts';
import type { PoolState, Sandbox } from '../../sandbox/types.ts';

/** What waits for functions to start in, and how often that helped. */
export function registerSandboxMetrics(metrics: Metrics, sandbox: Pick<Sandbox, 'pools'>): void {
  const sum = (pick: (pool: PoolState) => number): number => sandbox.pools().reduce((total, pool) => total + pick(pool), 0);
  const help = 'Environments that were started before their function is known.';
  metrics.gauge('haneul_slots', help, () => sum(({ idle }) => idle), { state: 'idle' });
  metrics.gauge('haneul_slots', help, () => sum(({ booting }) => booting), { state: 'booting' });
  // Gauges, because the counts of a kind of slot go when nobody has needed it for long.
  const startHelp = 'Starts of functions that could take such an environment, by whether one was there.';
  metrics.gauge('haneul_slot_starts', startHelp, () => sum(({ hits }) => hits), { found: 'yes' });
  metrics.gauge('haneul_slot_starts', startHelp, () => sum(({ misses }) => misses), { found: 'no' });
}
