import type { Call } from '../../framework/context.ts';
import { type AclMembers, aclOfHeaders, hasAcl } from './domain/aclInput.ts';
import type { Acl } from './domain/acl.ts';
import { type LockDefault, type LockMembers, lockOf } from './domain/objectLock.ts';
import type { ObjectRow, StoredHeaders } from './domain/objectRow.ts';
import { isPublicAcl, type PublicAccessBlock } from './domain/publicAccess.ts';
import { requireStorageClass } from './domain/storageClass.ts';
import { tagsOfHeader } from './domain/tags.ts';
import { chooseEncryption, type ChosenEncryption, type DefaultEncryption, type EncryptionMembers } from './encryption.ts';
import { errors } from './errors.ts';
import { metadataBytesMax } from './limits.ts';
import type { S3Deps } from './operation.ts';
import { type Bucket, findSetting, requireKeyLength } from './store.ts';

export interface HeaderMembers {
  readonly CacheControl?: string | undefined;
  readonly ContentDisposition?: string | undefined;
  readonly ContentEncoding?: string | undefined;
  readonly ContentLanguage?: string | undefined;
  readonly ContentType?: string | undefined;
  readonly Expires?: Date | string | undefined;
  readonly Metadata?: Record<string, string> | undefined;
}

export interface DraftMembers extends HeaderMembers, AclMembers, LockMembers, EncryptionMembers {
  readonly StorageClass?: string | undefined;
  readonly Tagging?: string | undefined;
  readonly WebsiteRedirectLocation?: string | undefined;
}

export type Draft = Omit<ObjectRow, 'versionId' | 'order' | 'modifiedMs' | 'bytes' | 'etag' | 'body' | 'checksum'>;

/** What a bucket adds to every object that is written to it. */
export interface BucketDefaults {
  readonly encryption: DefaultEncryption | undefined;
  readonly lock: LockDefault | undefined;
  readonly block: PublicAccessBlock | undefined;
}

export async function readDefaults({ store }: S3Deps, bucket: Bucket): Promise<BucketDefaults> {
  if (bucket.settings.length === 0) return { encryption: undefined, lock: undefined, block: undefined };
  return await store.read(async (tx) => ({
    encryption: await findSetting<DefaultEncryption>(tx, bucket, 'encryption'),
    lock: await findSetting<LockDefault>(tx, bucket, 'objectLock'),
    block: await findSetting<PublicAccessBlock>(tx, bucket, 'publicAccessBlock'),
  }));
}

/** Everything of a new object but its body, checked, and the key to encrypt that with. */
export async function draftObject(deps: S3Deps, call: Call, bucket: Bucket, key: string, members: DraftMembers): Promise<{ readonly draft: Draft; readonly key: ChosenEncryption['key'] }> {
  const defaults = await readDefaults(deps, bucket);
  const { encryption, key: secret } = await chooseEncryption(deps, call, bucket, key, members, defaults.encryption);
  const owner = ownerOf(call, bucket, members);
  const draft: Draft = {
    owner,
    headers: headersOf(members),
    metadata: metadataOf(members),
    storageClass: requireStorageClass(members.StorageClass),
    tags: tagsOfHeader(members.Tagging),
    redirect: redirectOf(members.WebsiteRedirectLocation),
    acl: objectAclOf(bucket, members, owner, defaults.block),
    encryption,
    ...lockOf(members, bucket.objectLock === true, defaults.lock, call.nowMs),
  };
  return { draft, key: secret };
}

/** The list of a new object, refused where lists do not count or everybody is kept out. */
export function objectAclOf(bucket: Bucket, members: AclMembers, owner: string, block: PublicAccessBlock | undefined): Acl | undefined {
  if (!hasAcl(members)) return undefined;
  if (bucket.ownership === 'BucketOwnerEnforced') {
    if (members.ACL === 'bucket-owner-full-control' || members.ACL === 'private') return undefined;
    throw errors.aclsNotSupported();
  }
  const acl = aclOfHeaders(members, { owner, bucketOwner: bucket.account });
  if (block?.blockPublicAcls && isPublicAcl(acl)) throw errors.accessDenied();
  return acl;
}

// "Controlling ownership of objects": who uploads owns, unless the bucket's owner takes what it is given.
function ownerOf(call: Call, bucket: Bucket, { ACL }: AclMembers): string {
  if (bucket.ownership === 'BucketOwnerEnforced' || call.caller.kind === 'anonymous') return bucket.account;
  if (bucket.ownership === 'BucketOwnerPreferred' && ACL === 'bucket-owner-full-control') return bucket.account;
  return call.account;
}

export function headersOf(members: HeaderMembers): StoredHeaders {
  const { Expires } = members;
  return {
    contentType: members.ContentType,
    cacheControl: members.CacheControl,
    contentDisposition: members.ContentDisposition,
    contentEncoding: members.ContentEncoding,
    contentLanguage: members.ContentLanguage,
    expires: Expires instanceof Date ? Expires.toUTCString() : Expires,
  };
}

export function metadataOf({ Metadata }: HeaderMembers): Record<string, string> | undefined {
  if (!Metadata) return undefined;
  const bytes = Object.entries(Metadata).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value, 'latin1'), 0);
  if (bytes > metadataBytesMax) throw errors.metadataTooLarge(bytes, metadataBytesMax);
  return Metadata;
}

function redirectOf(location: string | undefined): string | undefined {
  if (location === undefined || location.startsWith('/') || /^https?:\/\//.test(location)) return location;
  throw errors.invalidArgument("The website redirect location must have a prefix of 'http://' or 'https://' or '/'.", 'x-amz-website-redirect-location', location);
}

/** The key of an object to be written. */
export function requireKey(key: string | undefined): string {
  if (key === undefined || key === '') throw errors.invalidRequest('A key must be specified');
  requireKeyLength(key);
  return key;
}
