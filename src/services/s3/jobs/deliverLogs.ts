import { createHash } from 'node:crypto';
import { hexId, uuid } from '../../../base/ids.ts';
import type { Logger } from '../../../base/log.ts';
import { createServiceAccess, type ServiceAccess } from '../../../framework/serviceAccess.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { TimerHandler } from '../../../kv/timers.ts';
import { bucketArn } from '../access.ts';
import { refTo, writeBody } from '../bodies.ts';
import type { Acl } from '../domain/acl.ts';
import { logDelivery } from '../domain/publicAccess.ts';
import type { DefaultEncryption } from '../encryption.ts';
import { tellObjectEvent } from '../events.ts';
import { inlineBytesMax, logLinesOfDelivery } from '../limits.ts';
import type { S3Deps } from '../operation.ts';
import { tellReplication, willReplicate } from '../replication.ts';
import { type Bucket, everywhere, findBucket, findSetting, logDeliveries, logLines } from '../store.ts';
import { putVersion } from '../versions.ts';

/** As PutBucketLogging was given it. */
export interface LoggingConfiguration {
  readonly targetBucket: string;
  readonly targetPrefix: string;
  /** Undefined where none was given, which is the simple one. */
  readonly keyFormat?: 'simple' | 'EventTime' | 'DeliveryTime' | undefined;
  readonly grants?: Acl | undefined;
}

export const logPrincipal = 'logging.s3.amazonaws.com';

export function deliveryTimerId(bucketId: string): string {
  return `log/${bucketId}`;
}

type Deps = Omit<S3Deps, 'accessLog'> & { readonly log: Logger };

/** Puts the lines that wait of one bucket into its target, as many as fit one transaction. */
export function createLogDeliveryHandler(deps: Deps): TimerHandler {
  const allows = createServiceAccess();
  return async (tx, { detail }) => {
    const { bucketName, bucketId } = detail as { readonly bucketName: string; readonly bucketId: string };
    const rows = await logLines.list(tx, everywhere, [bucketId], { limit: logLinesOfDelivery });
    for (const { parts } of rows) logLines.clear(tx, everywhere, parts);
    const bucket = await findBucket(tx, bucketName);
    const configuration = bucket?.id === bucketId ? await findSetting<LoggingConfiguration>(tx, bucket, 'logging') : undefined;
    if (!bucket || !configuration) {
      logLines.clearAll(tx, everywhere, [bucketId]);
      logDeliveries.clear(tx, everywhere, [bucketId]);
      return;
    }
    const nowMs = deps.clock.now();
    const lines = rows.map(({ parts, row }) => ({ atMs: Number(parts[1]), line: row.line }));
    const target = await findBucket(tx, configuration.targetBucket);
    const why = target ? await whyUndeliverable(tx, allows, bucket, target, configuration, nowMs) : 'the target bucket is not there';
    if (why !== undefined || !target) deps.log.warn('a server access log could not be delivered', { bucket: bucket.name, target: configuration.targetBucket, why });
    else for (const { atMs, text } of packLines(lines, configuration)) await putLog(tx, deps, { bucket, target, configuration, atMs, text, nowMs });
    const isMore = rows.length === logLinesOfDelivery;
    if (isMore) await deps.timers.set(tx, { service: 's3', id: deliveryTimerId(bucketId), dueMs: nowMs, detail: { bucketName, bucketId } });
    else logDeliveries.clear(tx, everywhere, [bucketId]);
  };
}

/**
 * Why nothing can be put into a target now; undefined when it can. Either its policy lets the service in, or, where lists count, its list
 * lets the log-delivery group in ("Permissions for log delivery").
 */
export async function whyUndeliverable(tx: Transaction, allows: ServiceAccess, source: Bucket, target: Bucket, configuration: LoggingConfiguration, nowMs: number): Promise<string | undefined> {
  const encryption = await findSetting<DefaultEncryption>(tx, target, 'encryption');
  if (encryption && encryption.algorithm !== 'AES256') return 'the target bucket encrypts with AWS KMS keys by default';
  if (await findSetting(tx, target, 'objectLock')) return 'the target bucket has a default retention';
  if (await findSetting(tx, target, 'requestPayment')) return 'the target bucket is a Requester Pays bucket';
  const policy = await findSetting<{ readonly text: string }>(tx, target, 'policy');
  const isAllowed =
    policy !== undefined &&
    allows({
      document: policy.text,
      service: logPrincipal,
      action: 's3:PutObject',
      resource: `${bucketArn(target.name)}/${configuration.targetPrefix}`,
      nowMs,
      region: target.region,
      conditions: { 'aws:SourceArn': bucketArn(source.name), 'aws:SourceAccount': source.account },
    });
  if (isAllowed) return undefined;
  const acl = target.ownership === 'BucketOwnerEnforced' ? undefined : await findSetting<Acl>(tx, target, 'acl');
  if (mayWrite(acl)) return undefined;
  return `the policy of ${target.name} does not let ${logPrincipal} put objects under ${configuration.targetPrefix || 'any prefix'}`;
}

function mayWrite(acl: Acl | undefined): boolean {
  const granted = (acl?.grants ?? []).filter(({ grantee }) => 'uri' in grantee && grantee.uri === logDelivery).map(({ permission }) => permission);
  return granted.includes('FULL_CONTROL') || (granted.includes('WRITE') && granted.includes('READ_ACP'));
}

interface LogText {
  readonly atMs: number;
  readonly text: string;
}

// An object holds what fits a row; with EventTime only what is of one day.
function packLines(lines: readonly { readonly atMs: number; readonly line: string }[], { keyFormat }: LoggingConfiguration): LogText[] {
  const packed: { atMs: number; text: string; bytes: number; day: string }[] = [];
  for (const { atMs, line } of lines) {
    const day = keyFormat === 'EventTime' ? new Date(atMs).toISOString().slice(0, 10) : '';
    const bytes = Buffer.byteLength(line) + 1;
    const last = packed.at(-1);
    if (last && last.day === day && last.bytes + bytes <= inlineBytesMax) {
      last.text += `${line}\n`;
      last.bytes += bytes;
    } else packed.push({ atMs, text: `${line}\n`, bytes, day });
  }
  return packed;
}

interface LogObject extends LogText {
  readonly bucket: Bucket;
  readonly target: Bucket;
  readonly configuration: LoggingConfiguration;
  readonly nowMs: number;
}

async function putLog(tx: Transaction, deps: Deps, { bucket, target, configuration, atMs, text, nowMs }: LogObject): Promise<void> {
  const bytes = Buffer.from(text);
  const body = await writeBody(deps, [bytes] as unknown as AsyncIterable<Uint8Array>, bytes.length);
  body.keep(tx);
  const key = logKey(bucket, configuration, configuration.keyFormat === 'EventTime' ? atMs : nowMs, hexId(deps.random, 16).toUpperCase());
  const draft = {
    owner: target.account,
    headers: { contentType: 'text/plain' },
    encryption: { kind: 's3' } as const,
    acl: target.ownership === 'BucketOwnerEnforced' ? undefined : configuration.grants,
    bytes: bytes.length,
    etag: createHash('md5').update(bytes).digest('hex'),
    body: refTo(tx, deps.random, body.slices),
  };
  const replication = (await willReplicate(tx, target, key, { tags: undefined, encryption: draft.encryption })) ? ('PENDING' as const) : undefined;
  const row = await putVersion(tx, deps, target, key, { ...draft, replication }, nowMs);
  await tellObjectEvent(tx, deps, { nowMs, requestId: uuid(deps.random), service: true }, target, { name: 'ObjectCreated:Put', key, row });
  if (replication) await tellReplication(tx, deps, target, key, row);
}

/** "Log object key format": with EventTime hours, minutes and seconds are zero. */
export function logKey(source: Bucket, { targetPrefix, keyFormat }: LoggingConfiguration, atMs: number, unique: string): string {
  const [date = '', time = ''] = new Date(atMs).toISOString().slice(0, 19).split('T');
  const name = `${date}-${keyFormat === 'EventTime' ? '00-00-00' : time.replaceAll(':', '-')}-${unique}`;
  if (keyFormat === undefined || keyFormat === 'simple') return `${targetPrefix}${name}`;
  return `${targetPrefix}${source.account}/${source.region}/${source.name}/${date.replaceAll('-', '/')}/${name}`;
}

/** Starts over, as part of the transaction that takes the bucket away. */
export async function forgetLogs(tx: Transaction, { timers }: Pick<S3Deps, 'timers'>, bucketId: string): Promise<void> {
  logLines.clearAll(tx, everywhere, [bucketId]);
  logDeliveries.clear(tx, everywhere, [bucketId]);
  await timers.clear(tx, { service: 's3', id: deliveryTimerId(bucketId) });
}
