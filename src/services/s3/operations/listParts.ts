import { objectAccess } from '../access.ts';
import { canonicalIdOf } from '../domain/canonicalId.ts';
import { checksumMember } from '../domain/checksums.ts';
import { pageSize } from '../domain/listInput.ts';
import { lastModified } from '../domain/objectRow.ts';
import { errors } from '../errors.ts';
import { operation } from '../operation.ts';
import { requireBucket } from '../store.ts';
import { listParts as readParts, requireUpload } from '../uploads.ts';

export const listParts = operation('ListParts', {
  access: (input, call, deps) => objectAccess(['ListMultipartUploadParts'], input, call, deps),
  async handle({ Bucket = '', Key = '', UploadId = '', PartNumberMarker, MaxParts }, _call, { store }) {
    const after = Number(PartNumberMarker ?? 0);
    if (!Number.isInteger(after) || after < 0) throw errors.invalidArgument('Argument part-number-marker must be an integer between 0 and 2147483647', 'part-number-marker', PartNumberMarker);
    const limit = pageSize(MaxParts, 'max-parts');
    return await store.read(async (tx) => {
      const bucket = await requireBucket(tx, Bucket);
      const upload = await requireUpload(tx, bucket.id, Key, UploadId);
      const found = await readParts(tx, bucket.id, UploadId, after, limit + 1);
      const page = found.slice(0, limit);
      return {
        Bucket,
        Key,
        UploadId,
        PartNumberMarker: String(after),
        ...(page.length > 0 ? { NextPartNumberMarker: String(page.at(-1)?.number) } : {}),
        MaxParts: limit,
        IsTruncated: found.length > limit,
        Parts: page.map(({ number, row }) => ({
          PartNumber: number,
          LastModified: lastModified(row),
          ETag: `"${row.etag}"`,
          Size: row.bytes,
          ...checksumMember(upload.checksumAlgorithm, row.checksum),
        })),
        Initiator: { ID: upload.initiator },
        Owner: { ID: canonicalIdOf(upload.owner) },
        StorageClass: (upload.draft.storageClass ?? 'STANDARD') as 'STANDARD',
        ...(upload.checksumAlgorithm === undefined ? {} : { ChecksumAlgorithm: upload.checksumAlgorithm as 'CRC32', ChecksumType: upload.checksumType }),
      };
    });
  },
});
