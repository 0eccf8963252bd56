// Keeps one poller for each enabled mapping, and says in the rows what is the case. What is wanted is only in the rows: a server that was
// killed finds everything there when it starts again.
import type { Clock } from '../../../base/clock.ts';
import type { Store } from '../../../kv/store.ts';
import { ServiceError } from '../../../base/errors.ts';
import { createBackgroundWorkers } from '../../../framework/backgroundWorkers.ts';
import { createReconciler } from '../../../framework/reconciler.ts';
import type { MetricRecorder } from '../../../ports/metrics.ts';
import type { Emitter } from '../../../ports/outbox.ts';
import type { StreamReaders } from '../../../ports/streamReader.ts';
import { mappingScanMs, mappingsPageMax } from '../limits.ts';
import type { FilterVault } from './filterVault.ts';
import { createEventCounter } from './mappingMetrics.ts';
import { clearMapping, findMapping, listAllMappings, mappingsPrefix, setMapping } from './mappingStore.ts';
import type { MappingRow, MappingState } from './mappingStore.ts';
import { isStreamMapping } from './mappingStore.ts';
import { startQueuePoller } from './queuePoller.ts';
import { clearProgress, findResult, setResult } from './shardStore.ts';
import { startStreamPoller } from './streamPoller.ts';
import { streamServiceOf } from './streamSource.ts';
import type { Poller, QueuePollerDeps } from './queuePoller.ts';

export type MappingRunnerDeps = Omit<QueuePollerDeps, 'report' | 'count'> & { readonly recorder: MetricRecorder; readonly filters: Pick<FilterVault, 'open'>; readonly store: Store; readonly wall: Clock; readonly emitter: Emitter; readonly streams: StreamReaders };

export interface MappingRunner {
  /** Begins; what is enabled already, too. */
  start(): void;
  /** Receives no more; what is under way goes on. */
  endPolling(): void;
  /** Ends, after what is under way. */
  stop(): Promise<void>;
}

/** The background work of event source mappings. */
export function createMappingRunner(deps: MappingRunnerDeps): MappingRunner {
  const { store, log } = deps;
  const reconciler = createReconciler<MappingRow>(deps, {
    failure: 'event source mappings could not be looked after',
    prefix: mappingsPrefix(),
    everyMs: mappingScanMs,
    pageMax: mappingsPageMax,
    list: listAllMappings,
    async tend(row) {
      await tend(row);
      return row.uuid;
    },
    keepOnly: (uuids) => pollers.keepOnly(uuids),
  });
  // Its end brings the next look.
  const pollers = createBackgroundWorkers(() => reconciler.look());

  async function tend(row: MappingRow): Promise<void> {
    const present = pollers.revisionOf(row.uuid);
    const wanted = row.enabled && row.state !== 'Deleting';
    if (present !== undefined) {
      if (!wanted || present !== row.revision) pollers.end(row.uuid);
      else await settle(row, 'Enabled');
      return;
    }
    if (!wanted) return settle(row, row.state === 'Deleting' ? 'gone' : 'Disabled');
    const report = createReport(row);
    const filters = await openFilters(row, report);
    if (filters !== undefined && !reconciler.signal.aborted) pollers.add(row.uuid, row.revision, startPoller({ ...row, filters }, report));
    await settle(row, 'Enabled');
  }

  /** Undefined while their key cannot be used: without its filters a mapping reads nothing. The next look tries again. */
  async function openFilters(row: MappingRow, report: (result: string) => void): Promise<readonly string[] | undefined> {
    try {
      return await deps.filters.open(row);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      report(`PROBLEM: The filter criteria could not be decrypted: ${error.message}`);
      log.warn('an event source mapping waits: its filter criteria cannot be decrypted', { mapping: row.uuid, kmsKeyArn: row.kmsKeyArn, error: error.message });
      return undefined;
    }
  }

  function startPoller(row: MappingRow, report: (result: string) => void): Poller {
    const count = createEventCounter(row, deps);
    if (!isStreamMapping(row)) return startQueuePoller(row, { ...deps, report, count });
    const reader = deps.streams.get(streamServiceOf(row.sourceArn) ?? '');
    if (reader !== undefined) return startStreamPoller(row, { ...deps, report, count, reader });
    // The server was started without that service.
    log.warn('an event source mapping has nothing to read from', { mapping: row.uuid, sourceArn: row.sourceArn });
    return { stop: async () => undefined };
  }

  /** Notes what came of the last batch, or what is in the way: written when it changes, and soon enough. */
  function createReport(row: MappingRow): (result: string) => void {
    let noted: string | undefined;
    let writing = Promise.resolve();
    return (result) => {
      if (result === noted) return;
      noted = result;
      writing = writing.then(async () => {
        if (result !== noted) return;
        await store.transact(async (tx) => {
          if ((await findMapping(tx, row)) !== undefined && (await findResult(tx, row)) !== result) setResult(tx, row, result);
        });
      }).catch((error: unknown) => log.warn('the result of an event source mapping could not be noted', { mapping: row.uuid, error: String(error) }));
    };
  }

  /** Writes what is the case, unless something else is wanted meanwhile. */
  async function settle(row: MappingRow, state: MappingState | 'gone'): Promise<void> {
    if (row.state === state) return;
    await store.transact(async (tx) => {
      const current = await findMapping(tx, row);
      if (current?.revision !== row.revision) return;
      if (state === 'gone') {
        clearMapping(tx, current);
        clearProgress(tx, current);
      }
      else setMapping(tx, { ...current, state }, current);
    });
  }

  function endPolling(): void {
    reconciler.end();
    pollers.endAll();
  }

  return {
    start: () => reconciler.start(),
    endPolling,
    async stop() {
      endPolling();
      await reconciler.settled();
      pollers.endAll();
      await pollers.ended();
    },
  };
}
