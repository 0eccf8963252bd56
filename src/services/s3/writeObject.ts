// The commit of an object that has been received: the last look at conditions, its row, and the events that come of it.

import type { Call } from '../../framework/context.ts';
import type { Transaction } from '../../kv/store.ts';
import { type NewBody, refTo } from './bodies.ts';
import { etagsInclude } from './domain/conditions.ts';
import type { PartFacts } from './domain/body.ts';
import { isMarker, type ObjectRow, type StoredChecksum, type VersionRow } from './domain/objectRow.ts';
import { errors } from './errors.ts';
import { type ObjectEventName, tellObjectEvent } from './events.ts';
import type { Draft } from './objectDraft.ts';
import type { S3Deps } from './operation.ts';
import { tellReplication, willReplicate } from './replication.ts';
import { type Bucket, requireBucket } from './store.ts';
import { findCurrent, putVersion } from './versions.ts';

export interface WriteConditions {
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
}

export interface ReceivedObject {
  readonly draft: Draft;
  readonly body: NewBody;
  readonly etag: string;
  readonly checksum: StoredChecksum | undefined;
  readonly conditions: WriteConditions;
  readonly event: ObjectEventName;
}

export interface WrittenObject {
  readonly bucket: Bucket;
  readonly row: ObjectRow;
}

/** Commits an object whose body has been written; when that fails, nothing of the body stays. */
export async function commitObject(deps: S3Deps, call: Call, bucketName: string, key: string, received: ReceivedObject): Promise<WrittenObject> {
  try {
    return await deps.store.transact(async (tx) => {
      const bucket = await requireBucket(tx, bucketName);
      received.body.keep(tx);
      return { bucket, row: await writeRow(tx, deps, call, bucket, key, received, received.body) };
    });
  } catch (error) {
    await received.body.abandon();
    throw error;
  }
}

/** The same within a transaction that keeps the body by other means. */
export async function writeRow(
  tx: Transaction,
  deps: S3Deps,
  call: Call,
  bucket: Bucket,
  key: string,
  { draft, etag, checksum, conditions, event }: Omit<ReceivedObject, 'body'>,
  body: Pick<NewBody, 'slices' | 'bytes'>,
  parts?: readonly PartFacts[],
): Promise<ObjectRow> {
  requireConditions(conditions, await findCurrent(tx, bucket, key), key);
  const ref = refTo(tx, deps.random, body.slices, parts);
  const replication = (await willReplicate(tx, bucket, key, draft)) ? 'PENDING' : undefined;
  const row = await putVersion(tx, deps, bucket, key, { ...draft, replication, bytes: body.bytes, etag, checksum, body: ref, parts: parts?.length }, call.nowMs);
  await tellObjectEvent(tx, deps, call, bucket, { name: event, key, row });
  if (replication) await tellReplication(tx, deps, bucket, key, row);
  return row;
}

/** Refuses a write whose conditions do not hold ("Conditional writes"). */
export function requireConditions({ IfMatch, IfNoneMatch }: WriteConditions, current: VersionRow | undefined, key: string): void {
  const object = current && !isMarker(current) ? current : undefined;
  if (IfNoneMatch !== undefined) {
    if (IfNoneMatch.trim() !== '*') throw errors.headerNotImplemented('If-None-Match');
    if (object) throw errors.preconditionFailed('If-None-Match');
  }
  if (IfMatch === undefined) return;
  if (!object) throw errors.noSuchKey(key);
  if (!etagsInclude(IfMatch, object.etag)) throw errors.preconditionFailed('If-Match');
}
