// Insights queries: a few at once, in the background, their pages in turn through the same threads. What has been started is a row; after a restart it begins again.

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Store, Transaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { formatPosition } from './domain/position.ts';
import { retentionStartMs } from './domain/putEvents.ts';
import { eventBytes } from './domain/rows.ts';
import { QueryTooLarge } from './insights/aggregates.ts';
import { parseQuery } from './insights/parseQuery.ts';
import { planQuery } from './insights/plan.ts';
import type { QueryEvent } from './insights/record.ts';
import type { RowTask, WorkedRow } from './insights/rowTask.ts';
import { runQuery } from './insights/runQuery.ts';
import { listKeys } from './jobs/listKeys.ts';
import { queryMsMax, queryPageBytes, queryPageEvents, queryPageMsMax, queriesAtOnce } from './limits.ts';
import { activeQueries, endQuery, queries, storeResult } from './queryStore.ts';
import type { QueryRow, QueryStatistics, QueryStatus } from './queryStore.ts';
import { readPage } from './reading.ts';
import { createStreamNames } from './streamNames.ts';
import { groups } from './store.ts';

/** Threads for what would block the server: `runTask` runs `run(input)` of a module. */
export interface TaskRunner {
  runTask<Input, Result>(module: URL, input: Input, options?: { readonly signal?: AbortSignal }): Promise<Result>;
}

export interface QueriesDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** For how long a query may take. */
  readonly wall: Clock;
  readonly log: Logger;
  readonly tasks: TaskRunner;
}

export interface Queries {
  /** Runs a query once `tx` has been committed. */
  start(tx: Transaction, scope: Scope, queryId: string): void;
  /** Ends a running query; its row has been ended already. */
  cancel(queryId: string): void;
  /** Goes on with what a restart has interrupted. */
  resume(): Promise<void>;
  /** Resolves when everything that was started has ended. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

const rowTask = new URL('./insights/rowTask.js', import.meta.url);

/** Names a place among the events of a group; what `@ptr` carries. */
export const formatPointer = (groupName: string, position: string): string => Buffer.from(JSON.stringify([groupName, position])).toString('base64url');

export function createQueries({ store, clock, wall, log, tasks }: QueriesDeps): Queries {
  const running = new Map<string, AbortController>();
  const waiting: (() => Promise<void>)[] = [];
  const slots = new Set<Promise<void>>();
  let closed = false;

  function enqueue(scope: Scope, queryId: string): void {
    if (closed || running.has(queryId)) return;
    const controller = new AbortController();
    running.set(queryId, controller);
    waiting.push(() =>
      run(scope, queryId, controller)
        .catch((error: unknown) => log.warn('a query of log events could not be run', { queryId, error: String(error) }))
        .finally(() => running.delete(queryId)),
    );
    fill();
  }

  function fill(): void {
    while (slots.size < queriesAtOnce) {
      const next = waiting.shift();
      if (!next) return;
      const slot = next().finally(() => {
        slots.delete(slot);
        fill();
      });
      slots.add(slot);
    }
  }

  async function run(scope: Scope, queryId: string, controller: AbortController): Promise<void> {
    if (controller.signal.aborted) return;
    const row = await store.transact(async (tx) => {
      const found = await queries.get(tx, scope, [queryId]);
      if (found && isActive(found)) queries.set(tx, scope, [queryId], { ...found, status: 'Running' });
      return found && isActive(found) ? found : undefined;
    });
    if (!row) return;
    const cancelTimer = wall.at(wall.now() + queryMsMax, () => controller.abort('timeout'));
    const statistics = { recordsMatched: 0, recordsScanned: 0, bytesScanned: 0 };
    try {
      const { rows, recordsMatched } = await runQuery({
        plan: planQuery(parseQuery(row.queryString), row.limit),
        ...{ query: row.queryString, limit: row.limit, nowMs: clock.now() },
        pages: readPages(scope, row, controller.signal, statistics),
        work: (task) => work(task, controller),
      });
      const resultParts = await storeResult((attempt) => store.transact(attempt), scope, queryId, rows);
      await end(scope, queryId, 'Complete', { ...statistics, recordsMatched }, resultParts);
    } catch (error) {
      // Stopped by its user, whose request has ended its row, or with the server, after which it begins again.
      if (controller.signal.aborted && controller.signal.reason !== 'timeout') return;
      const status = controller.signal.aborted ? 'Timeout' : 'Failed';
      if (status === 'Failed' && !(error instanceof QueryTooLarge)) log.warn('a query of log events failed', { queryId, error: String(error) });
      await end(scope, queryId, status, statistics, 0);
    } finally {
      cancelTimer();
    }
  }

  /** A regular expression that does not end is ended. */
  async function work(task: RowTask, controller: AbortController): Promise<readonly WorkedRow[]> {
    const cancelTimer = wall.at(wall.now() + queryPageMsMax, () => controller.abort('timeout'));
    try {
      return await tasks.runTask<RowTask, WorkedRow[]>(rowTask, task, { signal: controller.signal });
    } finally {
      cancelTimer();
    }
  }

  async function end(scope: Scope, queryId: string, status: QueryStatus, statistics: QueryStatistics, resultParts: number): Promise<void> {
    await store.transact(async (tx) => {
      const row = await queries.get(tx, scope, [queryId]);
      if (row && isActive(row)) endQuery(tx, scope, queryId, { ...row, status, statistics, resultParts, endedAtMs: clock.now() });
    });
  }

  async function* readPages(scope: Scope, row: QueryRow, signal: AbortSignal, statistics: { recordsScanned: number; bytesScanned: number }): AsyncGenerator<readonly QueryEvent[]> {
    for (const groupName of row.groupNames) {
      let after: Parameters<typeof readPage>[1]['after'];
      do {
        signal.throwIfAborted();
        const page = await store.read(async (tx) => {
          const group = await groups.get(tx, scope, [groupName]);
          if (!group) return undefined;
          const names = createStreamNames(tx, scope, group.id);
          const query = {
            ...{ scope, groupId: group.id, after, reverse: true, beforeMs: row.beforeMs },
            source: { wants: async (streamId: number) => (await names.find(streamId)) !== undefined },
            fromMs: Math.max(row.fromMs, retentionStartMs(clock.now(), group.retentionDays)),
          };
          const { events, resume } = await readPage(tx, query, { events: queryPageEvents, bytes: queryPageBytes }, () => true);
          const found = events.map(async ({ position, message, ingestedAtMs }): Promise<QueryEvent> => ({
            ptr: formatPointer(groupName, formatPosition(position)),
            ...{ timestamp: position.timestampMs, ingestionTime: ingestedAtMs, message },
            logStream: (await names.find(position.streamId)) ?? '',
            log: `${scope.account}:${groupName}`,
          }));
          return { events: await Promise.all(found), resume };
        });
        after = page?.resume;
        if (!page || page.events.length === 0) continue;
        statistics.recordsScanned += page.events.length;
        for (const { message } of page.events) statistics.bytesScanned += eventBytes(message);
        yield page.events;
      } while (after);
    }
  }

  return {
    start: (tx, scope, queryId) => tx.afterCommit(() => enqueue(scope, queryId)),
    cancel: (queryId) => running.get(queryId)?.abort('cancelled'),
    async resume() {
      for await (const [account = '', region = '', queryId = ''] of listKeys(store, activeQueries)) enqueue({ account: String(account), region: String(region) }, String(queryId));
    },
    async settle() {
      while (slots.size > 0) await Promise.all(slots);
    },
    async close() {
      closed = true;
      for (const controller of running.values()) controller.abort('closed');
      while (slots.size > 0) await Promise.all(slots);
    },
  };
}

/** Whether a query has not ended. */
export const isActive = ({ status }: QueryRow): boolean => status === 'Scheduled' || status === 'Running';
