import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { Random } from '../../base/random.ts';
import type { BoundService } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { Timers } from '../../kv/timers.ts';
import type { Scope } from '../../kv/table.ts';
import type { FunctionAccess } from '../../ports/functionAccess.ts';
import type { DeliveryTarget, Emitter } from '../../ports/outbox.ts';
import { unrecordedMetrics, type MetricRecorder } from '../../ports/metrics.ts';
import type { LogSink } from '../../ports/logSink.ts';
import type { ServiceObjects } from '../../ports/serviceObjects.ts';
import { createExporting } from './exporting.ts';
import { clearExport } from './exportStore.ts';
import { createFollowing } from './following.ts';
import { startRemoval } from './jobs/removal.ts';
import { createLiveTails } from './liveTails.ts';
import { createQueries } from './queries.ts';
import type { TaskRunner } from './queries.ts';
import { clearQuery } from './queryStore.ts';
import { createLogSink } from './provides.ts';
import { createLogWriteAccess } from './writeAccess.ts';
import type { LogWriteAccess } from './writeAccess.ts';
import { logs } from './service.ts';
import { groups } from './store.ts';

export interface LogsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly wall: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics?: Metrics;
  readonly emitter: Emitter;
  /** Buckets, for exports. */
  readonly objects: ServiceObjects;
  readonly timers: Timers;
  /** Threads in which queries run: their own, for a hostile one holds its thread up. */
  readonly tasks: TaskRunner;
  /** Asked whether functions let the service in. */
  readonly functions: FunctionAccess;
  /** CloudWatch, where there is one. */
  readonly recorder?: MetricRecorder;
}

export interface RunningLogs {
  readonly service: BoundService;
  readonly sink: LogSink;
  /** Where what arrives in followed groups is delivered; undefined for other ARNs. */
  eventTarget(arn: string): DeliveryTarget | undefined;
  /** Whether there is such a log group: for services that write only to one that there is. */
  exists(scope: Scope, logGroupName: string): Promise<boolean>;
  /** Goes on with what a restart has interrupted: once, before the first request. */
  resume(): Promise<void>;
  /** Whether the account's resource policies let a service write to a group. */
  readonly mayWrite: LogWriteAccess;
  /** Ends the answers that would go on for hours; new ones are refused. */
  endLiveTails(): void;
  /** Stores what still waits and ends background work; to be called before the store is closed. */
  close(): Promise<void>;
}

/** The whole of CloudWatch Logs: the service, the sink that functions write to, and the background removal. */
export function createLogs(options: LogsOptions): RunningLogs {
  const { store, clock, wall, random, log, metrics, functions, timers, recorder = unrecordedMetrics } = options;
  const following = createFollowing({ ...options, recorder });
  const sink = createLogSink({ store, clock, wall, random, log, following, ...(metrics ? { metrics } : {}) });
  const liveTails = createLiveTails({ store, clock, wall, random, log });
  const queries = createQueries(options);
  const exporting = createExporting(options);
  timers.handle('logs', async (tx, { id, detail }) => {
    const [kind, name = ''] = id.split('/');
    await (kind === 'export' ? clearExport : clearQuery)(tx, detail as Scope, name);
  });
  const removal = startRemoval({ store, clock, wall, log });
  return {
    service: logs.bind({ store, clock, wall, random, liveTails, following, functions, queries, timers, exporting, objects: options.objects }),
    sink,
    eventTarget: (arn) => following.eventTarget(arn),
    exists: async (scope, logGroupName) => (await store.read((tx) => groups.get(tx, scope, [logGroupName]))) !== undefined,
    async resume() {
      await queries.resume();
      await exporting.resume();
    },
    mayWrite: createLogWriteAccess(options),
    endLiveTails: () => liveTails.end(),
    async close() {
      await Promise.allSettled([liveTails.close(), sink.close(), queries.close(), exporting.close(), removal.stop()]);
      following.close();
    },
  };
}
