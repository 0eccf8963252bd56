import { bucketAccess } from '../access.ts';
import { canonicalIdOf } from '../domain/canonicalId.ts';
import { type Encode, encoderOf, pageSize } from '../domain/listInput.ts';
import { lastModified, type ObjectRow } from '../domain/objectRow.ts';
import { listPage } from '../listing.ts';
import { operation } from '../operation.ts';
import { type Listed, objects, requireBucket } from '../store.ts';

export const listObjects = operation('ListObjects', {
  access: (input, call, deps) => bucketAccess('ListBucket', input, call, deps),
  async handle(input, _call, { store }) {
    const { Prefix = '', Delimiter = '', Marker = '' } = input;
    const encode = encoderOf(input.EncodingType);
    const maxKeys = pageSize(input.MaxKeys, 'max-keys');
    const page = await store.read(async (tx) => {
      const bucket = await requireBucket(tx, input.Bucket ?? '');
      return await listPage(tx, objects, { bucketId: bucket.id, prefix: Prefix, delimiter: Delimiter, maxKeys, after: Marker === '' ? undefined : Marker });
    });
    return {
      Name: input.Bucket,
      Prefix: encode(Prefix),
      Marker: encode(Marker),
      MaxKeys: maxKeys,
      ...(Delimiter === '' ? {} : { Delimiter: encode(Delimiter) }),
      ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
      IsTruncated: page.truncated,
      // Without a delimiter the last key of the page is the marker, and S3 does not repeat it (API reference, NextMarker).
      ...(page.truncated && Delimiter !== '' ? { NextMarker: encode(page.last) } : {}),
      Contents: page.entries.map((entry) => listedObject(entry, encode, true)),
      CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
    };
  },
});

/** An object as listings tell it. */
export function listedObject({ key, row }: Listed<ObjectRow>, encode: Encode, withOwner: boolean) {
  const { checksum } = row;
  return {
    Key: encode(key),
    LastModified: lastModified(row),
    ETag: `"${row.etag}"`,
    ...(checksum ? { ChecksumAlgorithm: [checksum.algorithm], ChecksumType: checksum.type } : {}),
    Size: row.bytes,
    StorageClass: (row.storageClass ?? 'STANDARD') as 'STANDARD',
    ...(withOwner ? { Owner: { ID: canonicalIdOf(row.owner) } } : {}),
  };
}
