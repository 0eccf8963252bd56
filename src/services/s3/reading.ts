// What reads of objects share: which version is meant, and what is said when there is none.

import type { Call } from '../../framework/context.ts';
import type { ReadTransaction } from '../../kv/store.ts';
import { permitsOnBucket } from './access.ts';
import { type Bucket, requireBucket } from './store.ts';
import { isMarker, lastModified, type MarkerRow, type ObjectRow } from './domain/objectRow.ts';
import { judgeRead, type ReadConditions } from './domain/conditions.ts';
import { isArchived } from './domain/storageClass.ts';
import { nullVersionId, orderOfVersionId } from './domain/versionId.ts';
import { errors } from './errors.ts';
import type { S3Deps } from './operation.ts';
import { findCurrent, findVersion } from './versions.ts';

/** The bucket as it is now. */
export async function findBucketNow({ store }: Pick<S3Deps, 'store'>, name: string): Promise<Bucket> {
  return await store.read((tx) => requireBucket(tx, name));
}

export interface ObjectName {
  readonly Bucket?: string | undefined;
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
}

/** The version that a request is about, which must have a body. */
export async function requireObject(tx: ReadTransaction, deps: S3Deps, call: Call, input: ObjectName): Promise<{ readonly bucket: Bucket; readonly row: ObjectRow }> {
  const { Key = '', VersionId } = input;
  const bucket = await requireBucket(tx, input.Bucket ?? '');
  requireVersionId(VersionId);
  const row = VersionId === undefined ? await findCurrent(tx, bucket, Key) : await findVersion(tx, bucket, Key, VersionId);
  if (row && !isMarker(row)) return { bucket, row };
  if (row && VersionId !== undefined) throw errors.methodNotAllowed(call.head.method, 'DeleteMarker', { ...markerHeaders(row), 'Last-Modified': lastModified(row).toUTCString() });
  // Who may not list the bucket is not told what is missing from it (API reference, GetObject, "Permissions").
  if (!(await permitsOnBucket('ListBucket', bucket, call, deps))) throw errors.accessDenied();
  if (row) throw errors.noSuchKey(Key, markerHeaders(row));
  throw VersionId === undefined ? errors.noSuchKey(Key) : errors.noSuchVersion(Key, VersionId);
}

function markerHeaders(row: MarkerRow): Record<string, string> {
  return { 'x-amz-delete-marker': 'true', 'x-amz-version-id': row.versionId };
}

/** Refuses what cannot be a version id at all. */
export function requireVersionId(versionId: string | undefined): void {
  if (versionId === undefined || versionId === nullVersionId || orderOfVersionId(versionId) !== undefined) return;
  throw errors.invalidArgument(versionId === '' ? 'Version id cannot be the empty string' : 'Invalid version id specified', 'versionId', versionId);
}

/** Refuses a read that its conditions end. */
export function requireReadConditions(conditions: ReadConditions, row: ObjectRow): void {
  const verdict = judgeRead(conditions, row);
  if (verdict.kind === 'failed') throw errors.preconditionFailed(verdict.condition);
  if (verdict.kind === 'not-modified') throw errors.notModified({ ETag: `"${row.etag}"`, 'Last-Modified': lastModified(row).toUTCString() });
}

/** Refuses to read the body of an archived object that has not been restored. */
export function requireReadable({ storageClass, restoreReadyMs = 0, restoredUntilMs = 0 }: ObjectRow, nowMs: number): void {
  if (isArchived(storageClass) && (restoredUntilMs <= nowMs || restoreReadyMs > nowMs)) throw errors.invalidObjectState(storageClass ?? '');
}
