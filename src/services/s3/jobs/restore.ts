import { uuid } from '../../../base/ids.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { TimerHandler } from '../../../kv/timers.ts';
import { isMarker, type ObjectRow } from '../domain/objectRow.ts';
import { tellObjectEvent } from '../events.ts';
import type { S3Deps } from '../operation.ts';
import { type Bucket, findBucket } from '../store.ts';
import { findVersion, isCurrent, updateVersion } from '../versions.ts';

type Deps = Pick<S3Deps, 'timers' | 'clock' | 'random' | 'emitter' | 'bus'>;

interface Restoring {
  readonly bucketName: string;
  readonly bucketId: string;
  readonly key: string;
  readonly versionId: string;
  readonly restoreId: string;
}

/** Plans what is told of a restoration: that the copy is there, and later that it has gone. */
export async function scheduleRestore(tx: Transaction, { timers }: Pick<S3Deps, 'timers'>, bucket: Bucket, key: string, row: ObjectRow): Promise<void> {
  const detail: Restoring = { bucketName: bucket.name, bucketId: bucket.id, key, versionId: row.versionId, restoreId: row.restoreId ?? '' };
  await timers.set(tx, { service: 's3', id: timerId(detail), dueMs: row.restoreReadyMs ?? 0, detail });
}

/** Reading needs no timer: the row says from when until when. */
export function createRestoreHandler(deps: Deps): TimerHandler {
  return async (tx, timer) => {
    const detail = timer.detail as Restoring;
    const bucket = await findBucket(tx, detail.bucketName);
    const row = bucket?.id === detail.bucketId ? await findVersion(tx, bucket, detail.key, detail.versionId) : undefined;
    // Overwritten, removed, or restored anew since.
    if (!bucket || !row || isMarker(row) || row.restoreId !== detail.restoreId) return;
    const nowMs = deps.clock.now();
    const actor = { nowMs, requestId: uuid(deps.random), service: true as const };
    if (timer.dueMs === row.restoreReadyMs) await tellObjectEvent(tx, deps, actor, bucket, { name: 'ObjectRestore:Completed', key: detail.key, row });
    const untilMs = row.restoredUntilMs ?? 0;
    if (untilMs > nowMs) {
      await deps.timers.set(tx, { service: 's3', id: timerId(detail), dueMs: untilMs, detail });
      return;
    }
    const archived = { ...row, restoreReadyMs: undefined, restoredUntilMs: undefined, restoreId: undefined };
    updateVersion(tx, bucket, detail.key, archived, await isCurrent(tx, bucket, detail.key, row));
    await tellObjectEvent(tx, deps, actor, bucket, { name: 'ObjectRestore:Delete', key: detail.key, row: archived });
  };
}

function timerId({ restoreId }: Restoring): string {
  return `restore/${restoreId}`;
}
