import type { AccessRequest, Call } from '../../framework/context.ts';
import type { ReadTransaction } from '../../kv/store.ts';
import { resourcePolicyOf } from './domain/resourcePolicy.ts';
import type { Acl } from './domain/acl.ts';
import type { Tags } from './domain/tags.ts';
import { isMarker } from './domain/objectRow.ts';
import type { PublicAccessBlock } from './domain/publicAccess.ts';
import { errors } from './errors.ts';
import type { S3Deps } from './operation.ts';
import { type Bucket, findSetting, isKeyTooLong, requireBucket, requireKeyLength } from './store.ts';
import { findCurrent, findVersion } from './versions.ts';

type Conditions = Readonly<Record<string, string | readonly string[]>>;

interface BucketInput {
  readonly Bucket?: string | undefined;
  readonly ExpectedBucketOwner?: string | undefined;
}

interface ObjectInput extends BucketInput {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
}

/** Permission for something on a bucket. Throws when there is no such bucket: S3 tells that to everybody. */
export async function bucketAccess(action: string, input: BucketInput, call: Call, { store }: S3Deps, conditions: Conditions = {}): Promise<AccessRequest[]> {
  return await store.read(async (tx) => {
    const bucket = await requireExpectedBucket(tx, input);
    return [await accessRequest(tx, bucket, undefined, action, call, conditions)];
  });
}

/** Permission for something on an object; all of `actions`. */
export async function objectAccess(actions: readonly string[], input: ObjectInput, call: Call, { store }: S3Deps, conditions: Conditions = {}): Promise<AccessRequest[]> {
  requireKeyLength(input.Key ?? '');
  return await store.read(async (tx) => {
    const bucket = await requireExpectedBucket(tx, input);
    return await Promise.all(actions.map((action) => accessRequest(tx, bucket, input, action, call, conditions)));
  });
}

/** The bucket that a request names, if it belongs to whom the request expects. */
export async function requireExpectedBucket(tx: ReadTransaction, { Bucket = '', ExpectedBucketOwner }: BucketInput): Promise<Bucket> {
  const bucket = await requireBucket(tx, Bucket);
  if (ExpectedBucketOwner !== undefined && ExpectedBucketOwner !== bucket.account) throw errors.accessDenied();
  return bucket;
}

/** Whether something else may be told or done, in a handler: what is not permitted is not there. */
export async function permitsOnBucket(action: string, bucket: Bucket, call: Call, { store }: S3Deps): Promise<boolean> {
  return await call.permits(await store.read((tx) => accessRequest(tx, bucket, undefined, action, call, {})));
}

/** The same for one object of a request about many. */
export async function permitsOnObject(action: string, bucket: Bucket, input: ObjectInput, call: Call, { store }: S3Deps): Promise<boolean> {
  // What cannot be there is refused in other words.
  if (isKeyTooLong(input.Key ?? '')) return true;
  return await call.permits(await store.read((tx) => accessRequest(tx, bucket, input, action, call, {})));
}

// API reference, DeleteBucketPolicy: root of the bucket's account can do these even if the policy denies it everything, so that nobody
// is locked out of a bucket for good.
const alwaysRoots: readonly string[] = ['GetBucketPolicy', 'PutBucketPolicy', 'DeleteBucketPolicy'];

// DEVIATION: a Deny in a bucket policy does not bind made-up keys: the common one that demands HTTPS would lock everybody out locally.
function isOwner(bucket: Bucket, action: string, { caller, account, accessKeyId }: Call): boolean {
  return caller.kind === 'root' && account === bucket.account && (accessKeyId === undefined || alwaysRoots.includes(action));
}

async function accessRequest(tx: ReadTransaction, bucket: Bucket, object: ObjectInput | undefined, action: string, call: Call, conditions: Conditions): Promise<AccessRequest> {
  const asked: AccessRequest = {
    action: `s3:${action}`,
    resource: object === undefined ? bucketArn(bucket.name) : `${bucketArn(bucket.name)}/${object.Key ?? ''}`,
    resourceAccount: bucket.account,
    conditions: { ...conditionsOfHead(call), 's3:ResourceAccount': bucket.account, ...conditions },
  };
  // Nothing is read for the one whom nothing else decides on; a narrowed session of root is narrowed all the same.
  if (isOwner(bucket, action, call)) return asked;
  requirePayer(bucket, call);
  const bucketTags = bucket.settings.includes('abac') ? ((await findSetting<{ readonly tags: Tags }>(tx, bucket, 'tagging'))?.tags ?? []) : [];
  const [policy, block, bucketAcl, version] = await Promise.all([
    findSetting<{ readonly text: string }>(tx, bucket, 'policy'),
    findSetting<PublicAccessBlock>(tx, bucket, 'publicAccessBlock'),
    findSetting<Acl>(tx, bucket, 'acl'),
    object && (object.VersionId === undefined ? findCurrent(tx, bucket, object.Key ?? '') : findVersion(tx, bucket, object.Key ?? '', object.VersionId)),
  ]);
  const row = version && !isMarker(version) ? version : undefined;
  const tags = Object.fromEntries([
    ...(row?.tags ?? []).map(([key, value]) => [`s3:ExistingObjectTag/${key}`, value] as const),
    ...bucketTags.flatMap(([key, value]) => [[`s3:BucketTag/${key}`, value] as const, ...(object ? [] : [[`aws:ResourceTag/${key}`, value] as const])]),
  ]);
  const resourcePolicy = resourcePolicyOf({
    bucketName: bucket.name,
    key: object?.Key,
    owner: bucket.account,
    aclsCount: bucket.ownership !== 'BucketOwnerEnforced',
    policy: policy?.text,
    block,
    bucketAcl,
    objectAcl: row?.acl,
    objectOwner: row?.owner,
  });
  return {
    ...asked,
    conditions: { ...asked.conditions, ...tags },
    ...(resourcePolicy === undefined ? {} : { resourcePolicy }),
  };
}

// "Using Requester Pays buckets": nobody unknown can pay, and others than the owner have to say that they will.
function requirePayer({ settings, account }: Bucket, { caller, account: own, head }: Call): void {
  if (!settings.includes('requestPayment')) return;
  const pays = head.headers['x-amz-request-payer'] === 'requester' || /(?:^|&)x-amz-request-payer=requester(?:&|$)/.test(head.query);
  if (caller.kind === 'anonymous' || (own !== account && !pays)) throw errors.accessDenied();
}

export function bucketArn(name: string): string {
  return `arn:aws:s3:::${name}`;
}

const conditionHeaders = [
  'x-amz-acl', 'x-amz-grant-full-control', 'x-amz-grant-read', 'x-amz-grant-read-acp', 'x-amz-grant-write', 'x-amz-grant-write-acp',
  'x-amz-content-sha256', 'x-amz-copy-source', 'x-amz-metadata-directive', 'x-amz-server-side-encryption', 'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-customer-algorithm', 'x-amz-storage-class', 'x-amz-website-redirect-location', 'x-amz-object-ownership', 'if-match', 'if-none-match',
];

// Service authorization reference, "Condition keys for Amazon S3".
const conditionParameters = ['prefix', 'delimiter', 'max-keys'];

/** The condition keys that the head of a request tells. */
export function conditionsOfHead({ head }: Call): Conditions {
  const conditions: Record<string, string | readonly string[]> = {};
  for (const name of conditionHeaders) if (head.headers[name] !== undefined) conditions[`s3:${name}`] = head.headers[name];
  const query = new URLSearchParams(head.query);
  for (const name of conditionParameters) {
    const value = query.get(name);
    if (value !== null) conditions[`s3:${name}`] = value;
  }
  const versionId = query.get('versionId');
  if (versionId !== null) conditions['s3:versionid'] = versionId;
  const presigned = query.has('X-Amz-Signature') || query.has('Signature');
  conditions['s3:authType'] = presigned ? 'REST-QUERY-STRING' : 'REST-HEADER';
  conditions['s3:signatureversion'] = query.has('Signature') || head.headers['authorization']?.startsWith('AWS ') ? 'AWS' : 'AWS4-HMAC-SHA256';
  if (head.headers['x-amz-tagging'] !== undefined) {
    const tags = [...new URLSearchParams(head.headers['x-amz-tagging'])];
    for (const [key, value] of tags) conditions[`s3:RequestObjectTag/${key}`] = value;
    conditions['s3:RequestObjectTagKeys'] = tags.map(([key]) => key);
  }
  return conditions;
}
