import { checksumMembers } from './domain/checksums.ts';
import { lastModified, type ObjectRow } from './domain/objectRow.ts';
import { encryptionMembers } from './encryption.ts';
import { expirationOf, type LifecycleRule } from './domain/lifecycle.ts';
import { nullVersionId } from './domain/versionId.ts';
import { type Bucket } from './store.ts';

/** What GetObject and HeadObject both tell of an object. */
export function objectMembers(bucket: Bucket, row: ObjectRow, about: { readonly nowMs: number; readonly key: string; readonly rules?: readonly LifecycleRule[] | undefined; readonly withChecksum: boolean }) {
  const { headers, retention, legalHold } = row;
  const expires = headers.expires === undefined ? {} : { ExpiresString: headers.expires, Expires: headers.expires as unknown as Date };
  return {
    AcceptRanges: 'bytes',
    LastModified: lastModified(row),
    ETag: `"${row.etag}"`,
    ContentType: headers.contentType ?? 'binary/octet-stream',
    CacheControl: headers.cacheControl,
    ContentDisposition: headers.contentDisposition,
    ContentEncoding: headers.contentEncoding,
    ContentLanguage: headers.contentLanguage,
    ...expires,
    Metadata: row.metadata ?? {},
    StorageClass: row.storageClass as 'STANDARD_IA' | undefined,
    WebsiteRedirectLocation: row.redirect,
    Expiration: expirationOf(about.rules, about.key, row),
    Restore: restoreText(row, about.nowMs),
    ...versionMember(bucket, row.versionId),
    ...(row.replication === undefined ? {} : { ReplicationStatus: row.replication }),
    ...(retention ? { ObjectLockMode: retention.mode, ObjectLockRetainUntilDate: new Date(retention.untilMs) } : {}),
    ...(legalHold === undefined ? {} : { ObjectLockLegalHoldStatus: legalHold ? ('ON' as const) : ('OFF' as const) }),
    ...(row.tags && row.tags.length > 0 ? { TagCount: row.tags.length } : {}),
    ...encryptionMembers(row.encryption),
    ...(about.withChecksum ? checksumMembers(row.checksum) : {}),
  };
}

/** The version id as answers tell it: only where the bucket knows versions at all. */
export function versionMember(bucket: Bucket, versionId: string): { VersionId?: string } {
  return bucket.versioning === undefined && versionId === nullVersionId ? {} : { VersionId: versionId };
}

function restoreText({ restoreReadyMs = 0, restoredUntilMs }: ObjectRow, nowMs: number): string | undefined {
  if (restoreReadyMs > nowMs) return 'ongoing-request="true"';
  if (restoredUntilMs === undefined || restoredUntilMs <= nowMs) return undefined;
  return `ongoing-request="false", expiry-date="${new Date(restoredUntilMs).toUTCString()}"`;
}
