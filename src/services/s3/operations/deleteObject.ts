import type { Call } from '../../../framework/context.ts';
import type { Transaction } from '../../../kv/store.ts';
import { objectAccess, permitsOnObject } from '../access.ts';
import { etagsInclude } from '../domain/conditions.ts';
import { isProtected } from '../domain/objectLock.ts';
import { isMarker, type VersionRow } from '../domain/objectRow.ts';
import { errors } from '../errors.ts';
import { tellObjectEvent } from '../events.ts';
import { operation, type S3Deps } from '../operation.ts';
import { findBucketNow, requireVersionId } from '../reading.ts';
import { tellReplication } from '../replication.ts';
import { type Bucket, requireBucket } from '../store.ts';
import { deleteCurrent, deleteVersion, findCurrent, findVersion } from '../versions.ts';

export const deleteObject = operation('DeleteObject', {
  access: (input, call, deps) => objectAccess([input.VersionId === undefined ? 'DeleteObject' : 'DeleteObjectVersion'], input, call, deps),
  async handle(input, call, deps) {
    const bypass = await mayBypass(input, call, deps);
    return await deps.store.transact(async (tx) => {
      const deleted = await removeObject(tx, deps, call, await requireBucket(tx, input.Bucket ?? ''), { ...input, bypass });
      return { ...(deleted.deleteMarker ? { DeleteMarker: true } : {}), ...(deleted.versionId === undefined ? {} : { VersionId: deleted.versionId }) };
    });
  },
});

interface BypassInput {
  readonly Bucket?: string | undefined;
  readonly Key?: string | undefined;
  readonly BypassGovernanceRetention?: boolean | undefined;
}

/** Whether the request may remove what governance retention protects: it has to ask for it, and to be permitted. */
export async function mayBypass(input: BypassInput, call: Call, deps: S3Deps): Promise<boolean> {
  if (input.BypassGovernanceRetention !== true) return false;
  return await permitsOnObject('BypassGovernanceRetention', await findBucketNow(deps, input.Bucket ?? ''), input, call, deps);
}

export interface RemovalInput {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly IfMatch?: string | undefined;
  readonly IfMatchSize?: number | undefined;
  readonly IfMatchLastModifiedTime?: Date | undefined;
  readonly bypass: boolean;
}

export interface Removed {
  /** A delete marker was made or removed. */
  readonly deleteMarker: boolean;
  readonly versionId: string | undefined;
}

/** Deletes an object or one version of it, and tells of it. Deleting what is not there is no error. */
export async function removeObject(tx: Transaction, deps: S3Deps, call: Call, bucket: Bucket, input: RemovalInput): Promise<Removed> {
  const { Key: key = '', VersionId: versionId } = input;
  if (versionId === undefined) {
    requireRemovalConditions(input, await findCurrent(tx, bucket, key));
    const { marker, removed } = await deleteCurrent(tx, deps, bucket, key, { owner: call.account, nowMs: call.nowMs });
    if (marker) {
      await tellObjectEvent(tx, deps, call, bucket, { name: 'ObjectRemoved:DeleteMarkerCreated', key, row: marker });
      await tellReplication(tx, deps, bucket, key, marker);
    }
    if (removed) await tellObjectEvent(tx, deps, call, bucket, { name: 'ObjectRemoved:Delete', key, row: removed });
    return { deleteMarker: marker !== undefined, versionId: marker?.versionId };
  }
  requireVersionId(versionId);
  const version = await findVersion(tx, bucket, key, versionId);
  requireRemovalConditions(input, version);
  if (!version) return { deleteMarker: false, versionId };
  if (!isMarker(version) && isProtected(version, call.nowMs, input.bypass)) {
    throw errors.accessDeniedBecause('Access Denied because object protected by object lock.');
  }
  await deleteVersion(tx, deps, bucket, key, version);
  await tellObjectEvent(tx, deps, call, bucket, { name: 'ObjectRemoved:Delete', key, row: version });
  return { deleteMarker: isMarker(version), versionId };
}

function requireRemovalConditions({ Key = '', IfMatch, IfMatchSize, IfMatchLastModifiedTime }: RemovalInput, row: VersionRow | undefined): void {
  if (IfMatchSize !== undefined) throw errors.headerNotImplemented('x-amz-if-match-size');
  if (IfMatchLastModifiedTime !== undefined) throw errors.headerNotImplemented('x-amz-if-match-last-modified-time');
  if (IfMatch === undefined) return;
  if (!row || isMarker(row)) throw errors.noSuchKey(Key);
  if (!etagsInclude(IfMatch, row.etag)) throw errors.preconditionFailed('If-Match');
}
