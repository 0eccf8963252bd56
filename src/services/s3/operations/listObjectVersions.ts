import type { ReadTransaction } from '../../../kv/store.ts';
import type { Table } from '../../../kv/table.ts';
import { bucketAccess } from '../access.ts';
import { canonicalIdOf } from '../domain/canonicalId.ts';
import { type Encode, encoderOf, pageSize } from '../domain/listInput.ts';
import { isMarker, lastModified, type VersionRow } from '../domain/objectRow.ts';
import { nullVersionId } from '../domain/versionId.ts';
import { errors } from '../errors.ts';
import { commonPrefix, RowCursor } from '../listing.ts';
import { operation } from '../operation.ts';
import { requireVersionId } from '../reading.ts';
import { type Bucket, everywhere, objects, place, requireBucket, versions } from '../store.ts';
import { findVersion } from '../versions.ts';

export const listObjectVersions = operation('ListObjectVersions', {
  access: (input, call, deps) => bucketAccess('ListBucketVersions', input, call, deps),
  async handle(input, _call, { store }) {
    const { Prefix = '', Delimiter = '', KeyMarker = '', VersionIdMarker = '' } = input;
    const encode = encoderOf(input.EncodingType);
    const maxKeys = pageSize(input.MaxKeys, 'max-keys');
    if (VersionIdMarker !== '' && KeyMarker === '') throw errors.invalidArgument('A version-id marker cannot be specified without a key marker.', 'version-id-marker', VersionIdMarker);
    if (VersionIdMarker !== '') requireVersionId(VersionIdMarker);
    const page = await store.read(async (tx) => {
      const bucket = await requireBucket(tx, input.Bucket ?? '');
      return await readPage(tx, bucket, { prefix: Prefix, delimiter: Delimiter, keyMarker: KeyMarker, versionIdMarker: VersionIdMarker, maxKeys });
    });
    const lastVersion = page.entries.at(-1);
    return {
      Name: input.Bucket,
      Prefix: encode(Prefix),
      KeyMarker: encode(KeyMarker),
      VersionIdMarker,
      ...(page.truncated ? { NextKeyMarker: encode(page.last), ...(lastVersion && lastVersion.key === page.last ? { NextVersionIdMarker: lastVersion.row.versionId } : {}) } : {}),
      MaxKeys: maxKeys,
      ...(Delimiter === '' ? {} : { Delimiter: encode(Delimiter) }),
      ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
      IsTruncated: page.truncated,
      Versions: page.entries.flatMap((entry) => (isMarker(entry.row) ? [] : [listedVersion(entry, encode)])),
      DeleteMarkers: page.entries.flatMap((entry) => (isMarker(entry.row) ? [listedMarker(entry, encode)] : [])),
      CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
    };
  },
});

interface Entry {
  readonly key: string;
  readonly row: VersionRow;
  readonly isLatest: boolean;
}

function listedMarker({ key, row, isLatest }: Entry, encode: Encode) {
  return { Key: encode(key), VersionId: row.versionId, IsLatest: isLatest, LastModified: lastModified(row), Owner: { ID: canonicalIdOf(row.owner) } };
}

function listedVersion(entry: Entry, encode: Encode) {
  const { row } = entry;
  const object = isMarker(row) ? undefined : row;
  return {
    ...listedMarker(entry, encode),
    ETag: `"${object?.etag}"`,
    Size: object?.bytes,
    StorageClass: (object?.storageClass ?? 'STANDARD') as 'STANDARD',
    ...(object?.checksum ? { ChecksumAlgorithm: [object.checksum.algorithm], ChecksumType: object.checksum.type } : {}),
  };
}

interface VersionQuery {
  readonly prefix: string;
  readonly delimiter: string;
  readonly keyMarker: string;
  readonly versionIdMarker: string;
  readonly maxKeys: number;
}

/** The objects and the older versions are two tables in the same order: the smaller key comes first, an object before its versions. */
async function readPage(tx: ReadTransaction, bucket: Bucket, { prefix, delimiter, keyMarker, versionIdMarker, maxKeys }: VersionQuery) {
  const { objectCursor, versionCursor } = await openCursors(tx, bucket, { prefix, keyMarker, versionIdMarker, expected: maxKeys + 1 });
  const entries: Entry[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  let latestOf: string | undefined = versionIdMarker === '' ? undefined : keyMarker;
  if (keyMarker !== '' && commonPrefix(keyMarker, prefix, delimiter) === keyMarker) for (const cursor of [objectCursor, versionCursor]) cursor.skipPrefix(keyMarker);
  for (;;) {
    const [object, version] = maxKeys === 0 ? [] : [await objectCursor.peek(), await versionCursor.peek()];
    const isObject = object !== undefined && (version === undefined || Buffer.compare(Buffer.from(object.key), Buffer.from(version.key)) <= 0);
    const next = isObject ? object : version;
    if (!next) return { entries, prefixes, truncated: false, last };
    if (entries.length + prefixes.length >= maxKeys) return { entries, prefixes, truncated: true, last };
    const common = commonPrefix(next.key, prefix, delimiter);
    if (common !== undefined) {
      prefixes.push(common);
      last = common;
      for (const cursor of [objectCursor, versionCursor]) cursor.skipPrefix(common);
      continue;
    }
    entries.push({ key: next.key, row: next.row, isLatest: latestOf !== next.key });
    latestOf = next.key;
    last = next.key;
    if (isObject) objectCursor.advance();
    else versionCursor.advance();
  }
}

async function openCursors(tx: ReadTransaction, bucket: Bucket, about: { readonly prefix: string; readonly keyMarker: string; readonly versionIdMarker: string; readonly expected: number }) {
  const { prefix, keyMarker, versionIdMarker, expected } = about;
  const [objectTable, versionTable] = [objects as Table<object>, versions as Table<object>];
  const from = {
    objects: place.beforePrefix(objectTable, bucket.id, prefix),
    versions: place.beforePrefix(versionTable, bucket.id, prefix),
  };
  if (keyMarker !== '') {
    from.objects = later(from.objects, place.after(objectTable, bucket.id, keyMarker));
    from.versions = later(from.versions, await versionsBehind(tx, bucket, keyMarker, versionIdMarker));
  }
  return {
    objectCursor: new RowCursor(tx, objects, { bucketId: bucket.id, from: from.objects, to: place.afterPrefix(objectTable, bucket.id, prefix), expected }),
    versionCursor: new RowCursor(tx, versions, { bucketId: bucket.id, from: from.versions, to: place.afterPrefix(versionTable, bucket.id, prefix), expected }),
  };
}

/** Where the versions go on behind this one; behind all of the key where the marker names none. */
async function versionsBehind(tx: ReadTransaction, bucket: Bucket, key: string, versionId: string): Promise<Uint8Array> {
  const table = versions as Table<object>;
  if (versionId === '') return place.afterAllOf(table, bucket.id, key);
  const marker = await findVersion(tx, bucket, key, versionId);
  const current = await objects.get(tx, everywhere, [bucket.id, key]);
  // The object comes before its older versions.
  if (current?.versionId === versionId) return place.at(table, bucket.id, key);
  return marker ? place.after(table, bucket.id, key, -marker.order) : versionId === nullVersionId ? place.afterAllOf(table, bucket.id, key) : place.at(table, bucket.id, key);
}

function later(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Buffer.compare(a, b) >= 0 ? a : b;
}
