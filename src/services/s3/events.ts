import type { Call } from '../../framework/context.ts';
import type { Transaction } from '../../kv/store.ts';
import type { ServiceEvent } from '../../ports/eventBus.ts';
import type { Caller } from '../../ports/identity.ts';
import { encodeQueueMessage } from '../../ports/queueMessage.ts';
import { encodeTopicMessage } from '../../ports/topicMessage.ts';
import { bucketArn } from './access.ts';
import { canonicalIdOf } from './domain/canonicalId.ts';
import { encodeKey } from './domain/encodeKey.ts';
import { matchesNotification, type NotificationConfiguration, type NotificationRule } from './domain/notification.ts';
import { isMarker, type VersionRow } from './domain/objectRow.ts';
import { nullVersionId } from './domain/versionId.ts';
import { traceHeaderCharsMax } from './limits.ts';
import type { S3Deps } from './operation.ts';
import { type Bucket, findSetting } from './store.ts';

export type ObjectEventName =
  | 'ObjectCreated:Put'
  | 'ObjectCreated:Post'
  | 'ObjectCreated:Copy'
  | 'ObjectCreated:CompleteMultipartUpload'
  | 'ObjectRemoved:Delete'
  | 'ObjectRemoved:DeleteMarkerCreated'
  | 'ObjectTagging:Put'
  | 'ObjectTagging:Delete'
  | 'ObjectAcl:Put'
  | 'ObjectRestore:Post'
  | 'ObjectRestore:Completed'
  | 'ObjectRestore:Delete'
  | 'LifecycleExpiration:Delete'
  | 'LifecycleExpiration:DeleteMarkerCreated'
  | 'LifecycleTransition';

export interface ObjectEvent {
  readonly name: ObjectEventName;
  readonly key: string;
  readonly row: VersionRow;
}

/** Who did it: a request, or S3 itself. */
export type Actor = Pick<Call, 'requestId' | 'caller' | 'sourceIp' | 'nowMs' | 'head'> | { readonly nowMs: number; readonly requestId: string; readonly service: true };

/** Commits what has to be told of a change together with the change itself. */
export async function tellObjectEvent(tx: Transaction, deps: Pick<S3Deps, 'emitter' | 'bus'>, actor: Actor, bucket: Bucket, event: ObjectEvent): Promise<void> {
  const configuration = await findSetting<NotificationConfiguration>(tx, bucket, 'notification');
  if (!configuration) return;
  const envelope = { source: 's3', sourceArn: bucketArn(bucket.name), account: bucket.account, region: bucket.region, callingPrincipal: 's3.amazonaws.com', traceHeader: 'service' in actor ? undefined : traceOf(actor) };
  for (const rule of configuration.rules) {
    if (!matchesNotification(rule, event.name, event.key)) continue;
    const payload = payloadFor(rule, { Records: [recordOf(actor, bucket, event, rule.id)] });
    deps.emitter.emit(tx, { ...envelope, target: rule.arn, payload });
  }
  if (configuration.eventBridge) {
    const told = bridgeEventOf(actor, bucket, event);
    if (told) await deps.bus?.put(tx, told);
  }
}

// What a function does while it runs carries its trace: so a loop through a bucket is told from the outside.
function traceOf({ head }: Pick<Call, 'head'>): string | undefined {
  const header = head.headers['x-amzn-trace-id'];
  return header === undefined || header.length > traceHeaderCharsMax ? undefined : header;
}

/** A message as its kind of destination takes it. */
export function payloadFor({ kind }: Pick<NotificationRule, 'kind'>, message: object): Uint8Array {
  const body = JSON.stringify(message);
  if (kind === 'Queue') return encodeQueueMessage({ body });
  // Recorded from the service.
  return kind === 'Topic' ? encodeTopicMessage({ message: body, subject: 'Amazon S3 Notification' }) : Buffer.from(body);
}

// "Event message structure".
function recordOf(actor: Actor, bucket: Bucket, { name, key, row }: ObjectEvent, configurationId: string): object {
  const isRemoval = name === 'ObjectRemoved:Delete' || name === 'LifecycleExpiration:Delete';
  const sized = isMarker(row) ? { eTag: 'd41d8cd98f00b204e9800998ecf8427e' } : isRemoval ? {} : { size: row.bytes, eTag: row.etag };
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: bucket.region,
    eventTime: new Date(actor.nowMs).toISOString(),
    eventName: name,
    userIdentity: { principalId: 'service' in actor ? 's3.amazonaws.com' : principalIdOf(actor.caller) },
    requestParameters: { sourceIPAddress: 'service' in actor ? 's3.amazonaws.com' : actor.sourceIp },
    responseElements: { 'x-amz-request-id': actor.requestId, 'x-amz-id-2': Buffer.from(actor.requestId).toString('base64') },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId,
      bucket: { name: bucket.name, ownerIdentity: { principalId: canonicalIdOf(bucket.account) }, arn: bucketArn(bucket.name) },
      object: {
        key: encodeKey(key),
        ...sized,
        ...(row.versionId === nullVersionId ? {} : { versionId: row.versionId }),
        sequencer: sequencerOf(row, isRemoval ? actor.nowMs : undefined),
      },
    },
  };
}

function principalIdOf(caller: Caller): string {
  if (caller.kind === 'anonymous') return 'Anonymous';
  return `AWS:${caller.userId}`;
}

// Grows with each event of one key.
function sequencerOf({ order }: VersionRow, atMs: number | undefined): string {
  const value = Math.max(order + (atMs === undefined ? 0 : 1), (atMs ?? 0) * 1_000);
  return value.toString(16).toUpperCase().padStart(18, '0');
}

const bridgeNames: Readonly<Record<string, readonly [detailType: string, reason?: string]>> = {
  'ObjectCreated:Put': ['Object Created', 'PutObject'],
  'ObjectCreated:Post': ['Object Created', 'POST Object'],
  'ObjectCreated:Copy': ['Object Created', 'CopyObject'],
  'ObjectCreated:CompleteMultipartUpload': ['Object Created', 'CompleteMultipartUpload'],
  'ObjectRemoved:Delete': ['Object Deleted', 'DeleteObject'],
  'ObjectRemoved:DeleteMarkerCreated': ['Object Deleted', 'DeleteObject'],
  'LifecycleExpiration:Delete': ['Object Deleted', 'Lifecycle Expiration'],
  'LifecycleExpiration:DeleteMarkerCreated': ['Object Deleted', 'Lifecycle Expiration'],
  'ObjectTagging:Put': ['Object Tags Added'],
  'ObjectTagging:Delete': ['Object Tags Deleted'],
  'ObjectAcl:Put': ['Object ACL Updated'],
  'ObjectRestore:Post': ['Object Restore Initiated'],
  'ObjectRestore:Completed': ['Object Restore Completed'],
  'ObjectRestore:Delete': ['Object Restore Expired'],
  LifecycleTransition: ['Object Storage Class Changed'],
};

// "EventBridge event message structure".
function bridgeEventOf(actor: Actor, bucket: Bucket, { name, key, row }: ObjectEvent): ServiceEvent | undefined {
  const [detailType, reason] = bridgeNames[name] ?? [];
  if (detailType === undefined) return undefined;
  const removal = detailType === 'Object Deleted' ? { 'deletion-type': isMarker(row) ? 'Delete Marker Created' : 'Permanently Deleted' } : {};
  return {
    detailType,
    source: 'aws.s3',
    account: bucket.account,
    atMs: actor.nowMs,
    region: bucket.region,
    resources: [bucketArn(bucket.name)],
    detail: {
      version: '0',
      bucket: { name: bucket.name },
      object: {
        key,
        ...(isMarker(row) ? {} : { size: row.bytes, etag: row.etag }),
        ...(row.versionId === nullVersionId ? {} : { 'version-id': row.versionId }),
        sequencer: sequencerOf(row, undefined),
      },
      'request-id': actor.requestId,
      requester: 'service' in actor ? 's3.amazonaws.com' : bucket.account,
      ...('service' in actor ? {} : { 'source-ip-address': actor.sourceIp }),
      ...(reason === undefined ? {} : { reason }),
      ...removal,
    },
  };
}
