import { hexId } from '../../../base/ids.ts';
import { objectAccess } from '../access.ts';
import { copyBody, findSource } from '../copying.ts';
import { cutSlices } from '../domain/body.ts';
import { checksumMember, defaultAlgorithm } from '../domain/checksums.ts';
import { parseCopySource } from '../domain/copySource.ts';
import type { ChecksumAlgorithm } from '../domain/objectRow.ts';
import { parseCopyRange } from '../domain/range.ts';
import { encryptionMembers, keyToRead } from '../encryption.ts';
import { errors } from '../errors.ts';
import { partBytesMax, slicesOfPartMax } from '../limits.ts';
import { operation } from '../operation.ts';
import { findBucketNow } from '../reading.ts';
import { requireUpload } from '../uploads.ts';
import { commitPart, requirePartNumber } from './uploadPart.ts';

export const uploadPartCopy = operation('UploadPartCopy', {
  async access(input, call, deps) {
    const source = parseCopySource(input.CopySource ?? '');
    const reads = await objectAccess([source.VersionId === undefined ? 'GetObject' : 'GetObjectVersion'], { ...source, ExpectedBucketOwner: input.ExpectedSourceBucketOwner }, call, deps);
    return [...reads, ...(await objectAccess(['PutObject'], input, call, deps))];
  },
  async handle(input, call, deps) {
    const { UploadId = '', Key = '' } = input;
    const number = requirePartNumber(input.PartNumber);
    const bucket = await findBucketNow(deps, input.Bucket ?? '');
    const upload = await deps.store.read((tx) => requireUpload(tx, bucket.id, Key, UploadId));
    const { row, slices: all, key: sourceKey, bucket: sourceBucket } = await findSource(deps, call, input);
    const range = rangeOf(input.CopySourceRange, row.bytes);
    const slices = cutSlices(all, range.start, range.end);
    const bytes = slices.reduce((sum, slice) => sum + slice.bytes, 0);
    if (bytes > partBytesMax) throw errors.entityTooLarge(bytes, partBytesMax);
    if (slices.length > slicesOfPartMax) throw errors.unsupported(`Copying a part that is made of more than ${slicesOfPartMax} pieces`);
    const algorithm = (upload.checksumAlgorithm as ChecksumAlgorithm | undefined) ?? defaultAlgorithm;
    const secret = await keyToRead(deps, call, upload.draft.encryption, input);
    const whole = bytes === row.bytes && row.parts === undefined;
    const known = {
      md5: whole && row.encryption.kind === 's3' ? row.etag : undefined,
      checksum: bytes === row.bytes && row.checksum?.algorithm === algorithm && row.checksum.type === 'FULL_OBJECT' ? row.checksum.value : undefined,
    };
    const copied = await copyBody(deps, slices, algorithm, { from: sourceKey, to: secret }, known);
    const etag = secret ? hexId(deps.random, 32) : copied.md5;
    await commitPart(deps, call, { bucket: bucket.name, key: Key, uploadId: UploadId, number }, copied.body, { etag, checksum: copied.checksum });
    return {
      CopyPartResult: { ETag: `"${etag}"`, LastModified: new Date(Math.floor(call.nowMs / 1_000) * 1_000), ...checksumMember(upload.checksumAlgorithm, copied.checksum) },
      ...(sourceBucket.versioning === undefined ? {} : { CopySourceVersionId: row.versionId }),
      ...encryptionMembers(upload.draft.encryption),
    };
  },
});

function rangeOf(text: string | undefined, bytes: number): { readonly start: number; readonly end: number } {
  if (text === undefined) return { start: 0, end: bytes - 1 };
  const range = parseCopyRange(text, bytes);
  if (range === 'malformed') throw errors.invalidArgument('The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy', 'x-amz-copy-source-range', text);
  if (range === 'unsatisfiable') throw errors.invalidArgument(`Range specified is not valid for source object of size: ${bytes}`, 'x-amz-copy-source-range', text);
  return range;
}
