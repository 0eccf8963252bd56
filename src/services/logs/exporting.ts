// Export tasks: in the background, stream by stream, into files of a bucket. What has been started is a row; after a restart it begins again
// and writes the same files.

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Store, Transaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { ServiceObjects } from '../../ports/serviceObjects.ts';
import type { Position } from './domain/position.ts';
import { retentionStartMs } from './domain/putEvents.ts';
import { activeExports, endExport, exportTasks } from './exportStore.ts';
import type { ExportRow } from './exportStore.ts';
import { listKeys } from './jobs/listKeys.ts';
import { exportFileBytes, pageEventsMax } from './limits.ts';
import { groupArn } from './operation.ts';
import { readPage } from './reading.ts';
import { groups, listStreams } from './store.ts';
import type { NamedStream } from './store.ts';

export interface ExportingDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly objects: ServiceObjects;
}

export interface Exporting {
  /** Runs a task once `tx` has been committed. */
  start(tx: Transaction, scope: Scope, taskId: string): void;
  /** Goes on with what a restart has interrupted. */
  resume(): Promise<void>;
  settle(): Promise<void>;
  close(): Promise<void>;
}

const pack = promisify(gzip);

/** Why a task ended before it was done; shown to its user. */
class ExportFailure extends Error {}

export function createExporting({ store, clock, log, objects }: ExportingDeps): Exporting {
  const running = new Set<string>();
  let tail: Promise<void> = Promise.resolve();
  let closed = false;

  function enqueue(scope: Scope, taskId: string): void {
    if (closed || running.has(taskId)) return;
    running.add(taskId);
    tail = tail
      .then(() => (closed ? undefined : run(scope, taskId)))
      .catch((error: unknown) => log.warn('an export of log events could not be run', { taskId, error: String(error) }))
      .finally(() => running.delete(taskId));
  }

  async function run(scope: Scope, taskId: string): Promise<void> {
    const row = await store.transact(async (tx) => {
      const found = await exportTasks.get(tx, scope, [taskId]);
      if (found?.status === 'PENDING') exportTasks.set(tx, scope, [taskId], { ...found, status: 'RUNNING' });
      return found;
    });
    if (!row) return;
    try {
      const isDone = await writeGroup(scope, taskId, row);
      if (isDone) await end(scope, taskId, 'Completed successfully', 'COMPLETED');
    } catch (error) {
      if (!(error instanceof ExportFailure)) log.warn('an export of log events failed', { taskId, error: String(error) });
      await end(scope, taskId, error instanceof ExportFailure ? error.message : 'An internal error occurred.', 'FAILED');
    }
  }

  async function end(scope: Scope, taskId: string, message: string, status: 'COMPLETED' | 'FAILED'): Promise<void> {
    await store.transact(async (tx) => {
      const row = await exportTasks.get(tx, scope, [taskId]);
      if (row && row.endedAtMs === undefined) endExport(tx, scope, taskId, { ...row, status, message, endedAtMs: clock.now() });
    });
  }

  /** False when it was cancelled, or the server stops. */
  async function writeGroup(scope: Scope, taskId: string, row: ExportRow): Promise<boolean> {
    const group = await store.read((tx) => groups.get(tx, scope, [row.groupName]));
    if (!group) throw new ExportFailure('The specified log group does not exist.');
    const place = { scope, groupId: group.id, fromMs: Math.max(row.fromMs, retentionStartMs(clock.now(), group.retentionDays)), beforeMs: row.toMs + 1 };
    for (let after: string | undefined; ; ) {
      const streams: NamedStream[] = await store.read((tx) => listStreams(tx, scope, group.id, { limit: 50, ...(row.streamPrefix === '' ? {} : { prefix: row.streamPrefix }), ...(after === undefined ? {} : { after }) }));
      for (const stream of streams) if (!(await writeStream(place, taskId, row, stream))) return false;
      after = streams.at(-1)?.name;
      if (streams.length < 50) return true;
    }
  }

  async function writeStream(place: StreamPlace, taskId: string, row: ExportRow, { name, stream }: NamedStream): Promise<boolean> {
    const { scope, groupId, fromMs, beforeMs } = place;
    let file = 0;
    for (let after: Position | undefined; ; ) {
      const now = await store.read((tx) => exportTasks.get(tx, scope, [taskId]));
      if (closed || !now || now.endedAtMs !== undefined) return false;
      const query = { scope, groupId, source: { streamId: stream.id }, fromMs, beforeMs, after, reverse: false };
      const { events, resume } = await store.read((tx) => readPage(tx, query, { events: pageEventsMax, bytes: exportFileBytes }, () => true));
      if (events.length > 0) {
        // As the service writes them: the time, a blank, the message (User Guide, "Export log data to Amazon S3").
        const lines = events.map(({ position, message }) => `${new Date(position.timestampMs).toISOString()} ${message.endsWith('\n') ? message : `${message}\n`}`);
        await put(scope, row, fileKey(row.prefix, taskId, name, file), 'application/x-gzip', await pack(lines.join('')));
        file += 1;
      }
      if (!resume) return true;
      after = resume;
    }
  }

  async function put(scope: Scope, row: ExportRow, key: string, contentType: string, body: Uint8Array): Promise<void> {
    const { kind } = await objects.put({ ...exportSource(scope, row.groupName), bucket: row.bucket, key, contentType, body });
    if (kind !== 'allowed') throw new ExportFailure(kind === 'absent' ? 'The given bucket does not exist.' : 'Access to the given bucket was denied.');
  }

  return {
    start: (tx, scope, taskId) => tx.afterCommit(() => enqueue(scope, taskId)),
    async resume() {
      for await (const [account = '', region = '', taskId = ''] of listKeys(store, activeExports)) enqueue({ account: String(account), region: String(region) }, String(taskId));
    },
    async settle() {
      while (running.size > 0) await tail;
    },
    async close() {
      closed = true;
      await tail;
    },
  };
}

interface StreamPlace {
  readonly scope: Scope;
  readonly groupId: string;
  readonly fromMs: number;
  readonly beforeMs: number;
}

/** In whose name, and for what, files are put: a bucket's policy says so. */
export const exportSource = (scope: Scope, groupName: string) => ({
  services: [`logs.${scope.region}.amazonaws.com`, 'logs.amazonaws.com'],
  sourceArn: `${groupArn(scope, groupName)}:*`,
  sourceAccount: scope.account,
  region: scope.region,
});

/** `prefix/task/stream/000000.gz`; a slash in a stream's name would be a folder, and is written as a dash. */
const fileKey = (prefix: string, taskId: string, streamName: string, file: number): string => `${prefix}/${taskId}/${streamName.replaceAll('/', '-')}/${String(file).padStart(6, '0')}.gz`;
