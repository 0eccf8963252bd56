// Replication: a new version tells, in its own transaction, that it is to be copied; the outbox brings that to the destination, where the copy
// gets the same version id ("Replicating objects within and across Regions"). Versions of one key arrive in their order.

import type { Logger } from '../../base/log.ts';
import type { RoleAccess } from '../../framework/roleAccess.ts';
import type { Transaction } from '../../kv/store.ts';
import type { Delivery, DeliveryResult, DeliveryTarget, Envelope } from '../../ports/outbox.ts';
import { bucketArn } from './access.ts';
import { duplicateBody, partsOf, refTo, slicesOf } from './bodies.ts';
import { isMarker, type ObjectRow, type VersionRow } from './domain/objectRow.ts';
import { type ReplicationConfiguration, rulesFor } from './domain/replication.ts';
import { tellObjectEvent } from './events.ts';
import type { S3Deps } from './operation.ts';
import { type Bucket, findBucket, findSetting } from './store.ts';
import { findVersion, isCurrent, putReplica, updateVersion } from './versions.ts';

interface Task {
  readonly bucketName: string;
  readonly bucketId: string;
  readonly key: string;
  readonly versionId: string;
  readonly storageClass?: string | undefined;
}

/** Whether a version that is about to be written will be copied elsewhere. */
export async function willReplicate(tx: Transaction, bucket: Bucket, key: string, version: Pick<ObjectRow, 'tags' | 'encryption'>): Promise<boolean> {
  const configuration = await findSetting<ReplicationConfiguration>(tx, bucket, 'replication');
  return configuration !== undefined && bucket.versioning === 'Enabled' && rulesFor(configuration, key, version).length > 0;
}

/** Commits that a version is to be copied, together with the version. */
export async function tellReplication(tx: Transaction, { emitter }: Pick<S3Deps, 'emitter'>, bucket: Bucket, key: string, row: VersionRow): Promise<void> {
  const configuration = await findSetting<ReplicationConfiguration>(tx, bucket, 'replication');
  if (!configuration || bucket.versioning !== 'Enabled') return;
  for (const rule of rulesFor(configuration, key, isMarker(row) ? 'marker' : row)) {
    const task: Task = { bucketName: bucket.name, bucketId: bucket.id, key, versionId: row.versionId, storageClass: rule.storageClass };
    emitter.emit(tx, {
      source: 's3',
      sourceArn: bucketArn(bucket.name),
      target: bucketArn(rule.destination),
      account: bucket.account,
      region: bucket.region,
      callingPrincipal: configuration.role,
      orderingKey: `${bucket.id}/${key}`,
      payload: Buffer.from(JSON.stringify(task)),
    });
  }
}

export interface ReplicationDeps extends S3Deps {
  readonly roleAccess: RoleAccess;
  readonly log: Logger;
}

/** Buckets as targets of the outbox: what is delivered are versions to be copied. */
export function createReplicationTarget(deps: ReplicationDeps): DeliveryTarget {
  return { deliver: (envelope, delivery) => replicate(deps, envelope, delivery) };
}

async function replicate(deps: ReplicationDeps, envelope: Envelope, delivery: Delivery): Promise<DeliveryResult> {
  const task = JSON.parse(Buffer.from(envelope.payload).toString('utf8')) as Task;
  const found = await deps.store.read(async (tx) => {
    const source = await findBucket(tx, task.bucketName);
    const destination = await findBucket(tx, envelope.target.split(':::')[1] ?? '');
    const row = source?.id === task.bucketId ? await findVersion(tx, source, task.key, task.versionId) : undefined;
    if (!source || !row) return undefined;
    const slices = isMarker(row) ? [] : await slicesOf(tx, row.body);
    return { source, destination, row, slices, parts: isMarker(row) ? [] : await partsOf(tx, row.body, row.parts) };
  });
  // It has been removed since: there is nothing to copy.
  if (!found) return { kind: 'delivered' };
  const { source, destination, row } = found;
  const why = destination?.versioning !== 'Enabled' ? 'the destination is not there or has no versioning' : await whyRefused(deps, envelope.callingPrincipal, source, destination, task.key, isMarker(row));
  if (why !== undefined || !destination) {
    deps.log.warn('a version could not be replicated', { bucket: source.name, key: task.key, destination: envelope.target, why });
    await settle(deps, delivery, source.name, task, 'FAILED');
    return { kind: 'delivered' };
  }
  const body = await duplicateBody(deps, found.slices);
  let kept = false;
  try {
    await deps.store.transact(async (tx) => {
      const [now, target] = [await findBucket(tx, source.name), await findBucket(tx, destination.name)];
      if (!(await delivery.acknowledge(tx)) || !now || !target || (await findVersion(tx, target, task.key, row.versionId))) return;
      if (!isMarker(row)) body.keep(tx);
      const copy: VersionRow = isMarker(row)
        ? { ...row, owner: target.account, replication: 'REPLICA' }
        : { ...row, owner: target.account, acl: undefined, storageClass: task.storageClass ?? row.storageClass, replication: 'REPLICA', body: refTo(tx, deps.random, body.slices, row.parts === undefined ? undefined : found.parts) };
      await putReplica(tx, target, task.key, copy);
      await markSource(tx, now, task, 'COMPLETED');
      const actor = { nowMs: deps.clock.now(), requestId: envelope.id, service: true as const };
      await tellObjectEvent(tx, deps, actor, target, { name: isMarker(copy) ? 'ObjectRemoved:DeleteMarkerCreated' : 'ObjectCreated:Put', key: task.key, row: copy });
      tx.afterCommit(() => (kept = true));
    });
  } finally {
    if (!kept) await body.abandon();
  }
  return { kind: 'delivered' };
}

async function whyRefused({ roleAccess, clock }: ReplicationDeps, roleArn: string, source: Bucket, destination: Bucket, key: string, marker: boolean): Promise<string | undefined> {
  const asked = [
    ['s3:GetObjectVersionForReplication', `${bucketArn(source.name)}/${key}`, source.region],
    [marker ? 's3:ReplicateDelete' : 's3:ReplicateObject', `${bucketArn(destination.name)}/${key}`, destination.region],
  ] as const;
  for (const [action, resource, region] of asked) {
    if (!(await roleAccess({ roleArn, action, resource, region, nowMs: clock.now() }))) return `${roleArn} may not ${action} on ${resource}`;
  }
  return undefined;
}

async function settle(deps: ReplicationDeps, delivery: Delivery, bucketName: string, task: Task, status: 'FAILED'): Promise<void> {
  await deps.store.transact(async (tx) => {
    const bucket = await findBucket(tx, bucketName);
    if ((await delivery.acknowledge(tx)) && bucket) await markSource(tx, bucket, task, status);
  });
}

async function markSource(tx: Transaction, bucket: Bucket, { key, versionId }: Task, replication: 'COMPLETED' | 'FAILED'): Promise<void> {
  const row = await findVersion(tx, bucket, key, versionId);
  if (row && !isMarker(row)) updateVersion(tx, bucket, key, { ...row, replication }, await isCurrent(tx, bucket, key, row));
}
