import { nextKey, unpackKey } from '../../kv/tuple.ts';
import type { KeyPart } from '../../kv/tuple.ts';
import { decodeCounter } from '../../kv/counter.ts';
import { decodeRecord } from '../../kv/record.ts';
import type { Key, ReadTransaction, Transaction } from '../../kv/store.ts';
import { defineTable } from '../../kv/table.ts';
import type { Scope, Table } from '../../kv/table.ts';
import type { BodyRef, PartFacts, Slice } from './domain/body.ts';
import type { ObjectRow, VersionRow } from './domain/objectRow.ts';
import { errors } from './errors.ts';
import { bucketNameCharsMax, keyBytesMax, packedKeyBytesMax } from './limits.ts';

// Bucket names are everybody's, so all of it lies outside of accounts and regions. A bucket has an id of its own: what a deleted one
// left can never show up in a later one of the same name. Keys sort as S3 lists them: by the bytes of UTF-8.
//
//   bucket       name                              -> BucketRow
//   owned        account, name                     -> {}: the buckets of one account
//   setting      bucket id, kind                   -> the document of one configuration (policy, cors, lifecycle …)
//   count        bucket id                         -> counter: versions, delete markers included
//   object       bucket id, key                    -> ObjectRow: what a GET finds; nothing where the newest version is a delete marker
//   version      bucket id, key, -order            -> VersionRow: older versions and all delete markers, newest first
//   nullVersion  bucket id, key                    -> { order }: where the "null" version is among them
//   upload       bucket id, key, upload id         -> UploadRow; ids grow with time
//   uploadPart   bucket id, upload id, number      -> PartRow
//   partWrites   bucket id, upload id              -> counter: how often a part was written; completing reads it at commit
//   inline       body id                           -> { bytes }: small bodies
//   slices       manifest id, page                 -> { slices }: what a body of several pieces is made of
//   parts        manifest id, page                 -> { parts }: sizes and checksums of the parts an object was uploaded in
//   logged       name                              -> {}: buckets whose requests are logged
//   logLine      bucket id, time, random           -> { line }: of an access log, until it is delivered
//   logDelivery  bucket id                         -> {}: a delivery is planned

export const everywhere: Scope = { account: '', region: '' };

export type Versioning = 'Enabled' | 'Suspended' | undefined;

export interface BucketRow {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly createdAtMs: number;
  readonly versioning?: Versioning;
  readonly objectLock?: boolean;
  readonly ownership: 'BucketOwnerEnforced' | 'BucketOwnerPreferred' | 'ObjectWriter';
  /** Which settings have a document, so that nobody looks for those that are not there. */
  readonly settings: readonly string[];
}

/** A bucket with its name. */
export interface Bucket extends BucketRow {
  readonly name: string;
}

export interface UploadRow {
  readonly startedAtMs: number;
  /** The account, and who exactly. */
  readonly owner: string;
  readonly initiator: string;
  /** Everything of the object to be that is known before its body. */
  readonly draft: Omit<ObjectRow, 'versionId' | 'order' | 'modifiedMs' | 'bytes' | 'etag' | 'body' | 'checksum'>;
  readonly checksumAlgorithm?: string | undefined;
  readonly checksumType?: 'COMPOSITE' | 'FULL_OBJECT' | undefined;
}

export interface PartRow {
  readonly modifiedMs: number;
  readonly bytes: number;
  readonly etag: string;
  readonly checksum?: string | undefined;
  readonly slices: readonly Slice[];
}

export const buckets = defineTable<BucketRow>('s3', 'bucket');
export const ownedBuckets = defineTable<object>('s3', 'owned');
export const settings = defineTable<object>('s3', 'setting');
export const objectCounts = defineTable<object>('s3', 'count');
export const objects = defineTable<ObjectRow>('s3', 'object');
export const versions = defineTable<VersionRow>('s3', 'version');
export const nullVersions = defineTable<{ readonly order: number }>('s3', 'nullVersion');
export const uploads = defineTable<UploadRow>('s3', 'upload');
export const uploadParts = defineTable<PartRow>('s3', 'uploadPart');
export const partWrites = defineTable<object>('s3', 'partWrites');
export const inlineBodies = defineTable<{ readonly bytes: Uint8Array }>('s3', 'inline');
export const slicePages = defineTable<{ readonly slices: readonly Slice[] }>('s3', 'slices');
export const partPages = defineTable<{ readonly parts: readonly PartFacts[] }>('s3', 'parts');

export const loggedBuckets = defineTable<object>('s3', 'logged');
export const logLines = defineTable<{ readonly line: string }>('s3', 'logLine');
export const logDeliveries = defineTable<object>('s3', 'logDelivery');

export async function findBucket(tx: ReadTransaction, name: string): Promise<Bucket | undefined> {
  // Longer names fit no row (domain/bucketName.ts).
  const row = name.length > bucketNameCharsMax ? undefined : await buckets.get(tx, everywhere, [name]);
  return row && { ...row, name };
}

export async function requireBucket(tx: ReadTransaction, name: string): Promise<Bucket> {
  const bucket = await findBucket(tx, name);
  if (!bucket) throw errors.noSuchBucket(name);
  return bucket;
}

export function setBucket(tx: Transaction, { name, ...row }: Bucket): void {
  buckets.set(tx, everywhere, [name], row);
}

/** The document of one setting; `Kind` says what it is. */
export async function findSetting<Document extends object>(tx: ReadTransaction, bucket: Bucket, kind: string): Promise<Document | undefined> {
  if (!bucket.settings.includes(kind)) return undefined;
  return (await settings.get(tx, everywhere, [bucket.id, kind])) as Document | undefined;
}

/** Replaces a setting; undefined takes it away. Answers the bucket as it is then. */
export function setSetting(tx: Transaction, bucket: Bucket, kind: string, document: object | undefined): Bucket {
  if (document === undefined) settings.clear(tx, everywhere, [bucket.id, kind]);
  else settings.set(tx, everywhere, [bucket.id, kind], document);
  const others = bucket.settings.filter((known) => known !== kind);
  const changed = { ...bucket, settings: document === undefined ? others : [...others, kind] };
  setBucket(tx, changed);
  return changed;
}

export async function countVersions(tx: ReadTransaction, bucket: Bucket): Promise<number> {
  const key = objectCounts.key(everywhere, [bucket.id]);
  return Number(decodeCounter(await tx.get(key), key));
}

export function addToCount(tx: Transaction, bucket: Bucket, delta: number): void {
  if (delta !== 0) tx.add(objectCounts.key(everywhere, [bucket.id]), BigInt(delta));
}

/** Where a listing of a table that is keyed by (bucket id, key, …) begins or ends. */
export const place = {
  /** The first row of this key. */
  at: (table: Table<object>, bucketId: string, ...parts: KeyPart[]): Key => table.key(everywhere, [bucketId, ...parts.map(fitting)]),
  /** Behind this very row. */
  after: (table: Table<object>, bucketId: string, ...parts: KeyPart[]): Key => nextKey(table.key(everywhere, [bucketId, ...parts.map(fitting)])),
  /** Behind every row of this key, whatever follows it in the tuple: codes of tuple parts are below 0x30. */
  afterAllOf: (table: Table<object>, bucketId: string, key: string): Key => appended(table.key(everywhere, [bucketId, fitting(key)]), 0xfe),
  /** The first key that begins with these characters: a packed text without its terminator. */
  beforePrefix: (table: Table<object>, bucketId: string, prefix: string): Key => table.key(everywhere, [bucketId, fitting(prefix)]).subarray(0, -1),
  /** Behind every key that begins with these characters: 0xff is in no UTF-8. */
  afterPrefix: (table: Table<object>, bucketId: string, prefix: string): Key => appended(table.key(everywhere, [bucketId, fitting(prefix)]).subarray(0, -1), 0xff),
};

// What is longer than every key is cut where it still is: it has the same place among them, and fits a row's key.
function fitting(part: KeyPart): KeyPart {
  if (typeof part !== 'string' || packedLength(part) <= packedKeyBytesMax) return part;
  let end = 0;
  let bytes = 0;
  for (const character of part) {
    bytes += packedLength(character);
    end += character.length;
    if (bytes > packedKeyBytesMax) break;
  }
  return part.slice(0, end);
}

/** Whether no object can have this key: every NUL takes two bytes in a row's key, and what does not fit S3's own console could not show. */
export function isKeyTooLong(key: string): boolean {
  return Buffer.byteLength(key) > keyBytesMax || packedLength(key) >= packedKeyBytesMax;
}

export function requireKeyLength(key: string): void {
  if (isKeyTooLong(key)) throw errors.keyTooLong(Buffer.byteLength(key), keyBytesMax);
}

function packedLength(text: string): number {
  return Buffer.byteLength(text) + (text.includes('\0') ? text.split('\0').length - 1 : 0);
}

function appended(key: Key, byte: number): Key {
  const longer = new Uint8Array(key.length + 1);
  longer.set(key);
  longer[key.length] = byte;
  return longer;
}

export interface Listed<Row> {
  readonly key: string;
  /** What follows the key in the tuple. */
  readonly rest: readonly KeyPart[];
  readonly row: Row;
  readonly place: Key;
}

const prefixLengths = new Map<Table<object>, number>();

/** Rows of a table that is keyed by (bucket id, key, …), between two places. */
export async function listRows<Row extends object>(tx: ReadTransaction, table: Table<Row>, from: Key, to: Key, limit: number): Promise<Listed<Row>[]> {
  if (Buffer.compare(from, to) >= 0) return [];
  const known = prefixLengths.get(table as Table<object>);
  // A key of no parts is the table's own prefix.
  const prefix = known ?? table.key(everywhere, []).length;
  if (known === undefined) prefixLengths.set(table as Table<object>, prefix);
  const rows = await tx.range({ from, to, limit });
  return rows.map(({ key, value }) => {
    const [, name, ...rest] = unpackKey(key, prefix);
    return { key: String(name), rest, row: decodeRecord<Row>(value, key), place: key };
  });
}

export function setInline(tx: Transaction, id: string, bytes: Uint8Array): void {
  inlineBodies.set(tx, everywhere, [id], { bytes });
}

export function isInManifest(body: BodyRef): body is Extract<BodyRef, { kind: 'manifest' }> {
  return body.kind === 'manifest';
}

