import type { Acl } from './acl.ts';
import type { BodyRef } from './body.ts';
import type { Tags } from './tags.ts';

export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256';

export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; for composite ones with `-parts` behind it. */
  readonly value: string;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

/** Header fields that are kept and given back as they came. */
export interface StoredHeaders {
  readonly contentType?: string | undefined;
  readonly cacheControl?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentLanguage?: string | undefined;
  readonly expires?: string | undefined;
}

export type Encryption =
  /** By the server, with a key of its own. */
  | { readonly kind: 's3' }
  | { readonly kind: 'kms'; readonly keyArn: string; readonly dual: boolean; readonly bucketKey: boolean; readonly context?: string | undefined; readonly dataKey: Uint8Array }
  /** With the customer's key, of which only a salted hash is kept. */
  | { readonly kind: 'customer'; readonly keyMd5: string };

export interface Retention {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
  readonly untilMs: number;
}

/** One version of an object that has a body. */
export interface ObjectRow {
  /** `null` where it was made without versioning. */
  readonly versionId: string;
  /** Grows with every version of a key. */
  readonly order: number;
  readonly modifiedMs: number;
  readonly bytes: number;
  /** Without quotes. */
  readonly etag: string;
  readonly body: BodyRef;
  /** The account. */
  readonly owner: string;
  readonly storageClass?: string | undefined;
  readonly headers: StoredHeaders;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly checksum?: StoredChecksum | undefined;
  /** How many it was uploaded in. */
  readonly parts?: number | undefined;
  /** Of the upload that made it: completing that once more answers the same. */
  readonly uploadId?: string | undefined;
  readonly tags?: Tags | undefined;
  readonly encryption: Encryption;
  readonly redirect?: string | undefined;
  readonly retention?: Retention | undefined;
  readonly legalHold?: boolean | undefined;
  readonly acl?: Acl | undefined;
  readonly replication?: 'PENDING' | 'COMPLETED' | 'FAILED' | 'REPLICA' | undefined;
  /** From when and until when an archived object can be read, and which restoration it was. */
  readonly restoreReadyMs?: number | undefined;
  readonly restoreId?: string | undefined;
  readonly restoredUntilMs?: number | undefined;
}

export interface MarkerRow {
  readonly versionId: string;
  readonly order: number;
  readonly modifiedMs: number;
  readonly owner: string;
  readonly marker: true;
  readonly replication?: ObjectRow['replication'];
}

export type VersionRow = ObjectRow | MarkerRow;

/** True for delete markers. */
export function isMarker(row: VersionRow): row is MarkerRow {
  return 'marker' in row;
}

/** S3 knows seconds only. */
export function lastModified({ modifiedMs }: { readonly modifiedMs: number }): Date {
  return new Date(Math.floor(modifiedMs / 1_000) * 1_000);
}
