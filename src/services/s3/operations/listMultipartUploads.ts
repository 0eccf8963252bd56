import { bucketAccess } from '../access.ts';
import { canonicalIdOf } from '../domain/canonicalId.ts';
import { encoderOf, pageSize } from '../domain/listInput.ts';
import { lastModified } from '../domain/objectRow.ts';
import { commonPrefix, RowCursor } from '../listing.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import type { Table } from '../../../kv/table.ts';
import { operation } from '../operation.ts';
import { type Listed, place, requireBucket, type UploadRow, uploads } from '../store.ts';

export const listMultipartUploads = operation('ListMultipartUploads', {
  access: (input, call, deps) => bucketAccess('ListBucketMultipartUploads', input, call, deps),
  async handle(input, _call, { store }) {
    const { Prefix = '', Delimiter = '', KeyMarker = '', UploadIdMarker = '' } = input;
    const encode = encoderOf(input.EncodingType);
    const limit = pageSize(input.MaxUploads, 'max-uploads');
    const page = await store.read(async (tx) => {
      const { id } = await requireBucket(tx, input.Bucket ?? '');
      return await readPage(tx, { bucketId: id, prefix: Prefix, delimiter: Delimiter, keyMarker: KeyMarker, uploadIdMarker: UploadIdMarker, limit });
    });
    const last = page.uploads.at(-1);
    return {
      Bucket: input.Bucket,
      KeyMarker: encode(KeyMarker),
      UploadIdMarker,
      ...(page.truncated ? { NextKeyMarker: encode(page.last), ...(last && last.key === page.last ? { NextUploadIdMarker: String(last.rest[0]) } : {}) } : {}),
      Prefix: encode(Prefix),
      ...(Delimiter === '' ? {} : { Delimiter: encode(Delimiter) }),
      MaxUploads: limit,
      IsTruncated: page.truncated,
      ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
      Uploads: page.uploads.map(({ key, rest, row }) => ({
        UploadId: String(rest[0]),
        Key: encode(key),
        Initiated: lastModified({ modifiedMs: row.startedAtMs }),
        StorageClass: (row.draft.storageClass ?? 'STANDARD') as 'STANDARD',
        Owner: { ID: canonicalIdOf(row.owner) },
        Initiator: { ID: row.initiator },
        ...(row.checksumAlgorithm === undefined ? {} : { ChecksumAlgorithm: row.checksumAlgorithm as 'CRC32', ChecksumType: row.checksumType }),
      })),
      CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
    };
  },
});

interface UploadQuery {
  readonly bucketId: string;
  readonly prefix: string;
  readonly delimiter: string;
  readonly keyMarker: string;
  readonly uploadIdMarker: string;
  readonly limit: number;
}

// Ids have 96 hexadecimal digits: what goes beyond their form is not needed to tell the place.
const idLike = (marker: string): string => /^[\x20-\x7e]{0,97}/.exec(marker)?.[0] ?? '';

async function readPage(tx: ReadTransaction, { bucketId, prefix, delimiter, keyMarker, uploadIdMarker, limit }: UploadQuery) {
  const table = uploads as Table<object>;
  const first = place.beforePrefix(table, bucketId, prefix);
  const marker = keyMarker === '' ? first : uploadIdMarker === '' ? place.afterAllOf(table, bucketId, keyMarker) : place.after(table, bucketId, keyMarker, idLike(uploadIdMarker));
  const from = Buffer.compare(marker, first) > 0 ? marker : first;
  const cursor = new RowCursor(tx, uploads, { bucketId, from, to: place.afterPrefix(table, bucketId, prefix), expected: limit + 1 });
  const found: Listed<UploadRow>[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  if (keyMarker !== '' && commonPrefix(keyMarker, prefix, delimiter) === keyMarker) cursor.skipPrefix(keyMarker);
  for (;;) {
    const row = limit === 0 ? undefined : await cursor.peek();
    if (!row) return { uploads: found, prefixes, truncated: false, last };
    if (found.length + prefixes.length >= limit) return { uploads: found, prefixes, truncated: true, last };
    const common = commonPrefix(row.key, prefix, delimiter);
    if (common === undefined) {
      found.push(row);
      last = row.key;
      cursor.advance();
    } else {
      prefixes.push(common);
      last = common;
      cursor.skipPrefix(common);
    }
  }
}
