import { createHash } from 'node:crypto';
import { hexId } from '../../../base/ids.ts';
import type { Call } from '../../../framework/context.ts';
import type { Transaction } from '../../../kv/store.ts';
import { objectAccess } from '../access.ts';
import { discardSlices } from '../bodies.ts';
import type { PartFacts } from '../domain/body.ts';
import { type ChecksumMembers, checksumMembers, defaultAlgorithm, givenChecksum } from '../domain/checksums.ts';
import { combineComposite, combineLinear, digestSmall } from '../domain/combineChecksums.ts';
import { isMarker, type ChecksumAlgorithm, type ObjectRow, type StoredChecksum } from '../domain/objectRow.ts';
import { encryptionMembers, keyToRead } from '../encryption.ts';
import { errors } from '../errors.ts';
import { partBytesMin, partNumberMax } from '../limits.ts';
import { versionMember } from '../objectOutput.ts';
import { operation, type S3Deps } from '../operation.ts';
import { type Bucket, requireBucket, type UploadRow } from '../store.ts';
import { clearUpload, findUpload, listParts, type NumberedPart, readPartWrites, requireUpload } from '../uploads.ts';
import { findCurrent } from '../versions.ts';
import { type WriteConditions, writeRow } from '../writeObject.ts';

export const completeMultipartUpload = operation('CompleteMultipartUpload', {
  access: (input, call, deps) => objectAccess(['PutObject'], input, call, deps),
  async handle(input, call, deps) {
    const { Key = '', UploadId = '' } = input;
    const listed: readonly ListedPart[] = input.MultipartUpload?.Parts ?? [];
    await requireKey(deps, call, input.Bucket ?? '', Key, UploadId);
    const { bucket, row } = await deps.store.transact(async (tx) => {
      const found = await requireBucket(tx, input.Bucket ?? '');
      // Once more, because the first answer was lost: the same again (API reference, "CompleteMultipartUpload is idempotent").
      const current = await findCurrent(tx, found, Key);
      if (current && !isMarker(current) && current.uploadId === UploadId) return { bucket: found, row: current };
      return { bucket: found, row: await complete(tx, deps, call, found, { ...input, Key, UploadId }, listed) };
    });
    return {
      Location: `${call.endpoint}/${bucket.name}/${encodeURIComponent(Key).replaceAll('%2F', '/')}`,
      Bucket: bucket.name,
      Key,
      ETag: `"${row.etag}"`,
      ...checksumMembers(row.checksum),
      ...encryptionMembers(row.encryption),
      ...versionMember(bucket, row.versionId),
    };
  },
});

// "To perform a multipart upload with encryption using an AWS KMS key, the requester must have kms:Decrypt": S3 reads the parts to join them.
async function requireKey(deps: S3Deps, call: Call, bucketName: string, key: string, uploadId: string): Promise<void> {
  const encryption = await deps.store.read(async (tx) => {
    const bucket = await requireBucket(tx, bucketName);
    return (await findUpload(tx, bucket.id, key, uploadId))?.draft.encryption;
  });
  if (encryption?.kind === 'kms') await keyToRead(deps, call, encryption, {});
}

interface ListedPart extends ChecksumMembers {
  readonly ETag?: string | undefined;
  readonly PartNumber?: number | undefined;
}

interface CompleteInput extends ChecksumMembers, WriteConditions {
  readonly Key: string;
  readonly UploadId: string;
  readonly ChecksumType?: string | undefined;
  readonly MpuObjectSize?: number | undefined;
}

async function complete(tx: Transaction, deps: S3Deps, call: Call, bucket: Bucket, input: CompleteInput, listed: readonly ListedPart[]): Promise<ObjectRow> {
  const { Key, UploadId } = input;
  const upload = await requireUpload(tx, bucket.id, Key, UploadId);
  await readPartWrites(tx, bucket.id, UploadId);
  const sent = await listParts(tx, bucket.id, UploadId);
  const chosen = chooseParts(listed, sent, upload, UploadId);
  const bytes = chosen.reduce((sum, { row }) => sum + row.bytes, 0);
  if (input.MpuObjectSize !== undefined && input.MpuObjectSize !== bytes) {
    throw errors.invalidRequest(`The provided 'x-amz-mp-object-size' header value ${input.MpuObjectSize} does not match what was computed: ${bytes}`);
  }
  const checksum = checksumOfAll(chosen, upload, input);
  const digest = createHash('md5');
  for (const { row } of chosen) digest.update(row.etag, 'hex');
  const etag = upload.draft.encryption.kind === 's3' ? `${digest.digest('hex')}-${chosen.length}` : `${hexId(deps.random, 32)}-${chosen.length}`;
  const parts = chosen.map(({ number, row }): PartFacts => ({ number, bytes: row.bytes, checksum: row.checksum }));
  const body = { slices: chosen.flatMap(({ row }) => row.slices), bytes };
  const received = { draft: { ...upload.draft, uploadId: UploadId }, etag, checksum, conditions: input, event: 'ObjectCreated:CompleteMultipartUpload' as const };
  const row = await writeRow(tx, deps, call, bucket, Key, received, body, parts);
  // What was sent and is not listed is freed ("the unused parts are deleted").
  const used = new Set(chosen.map(({ number }) => number));
  for (const part of sent) if (!used.has(part.number)) discardSlices(tx, deps.blobs, part.row.slices);
  clearUpload(tx, bucket.id, Key, UploadId);
  return row;
}

function chooseParts(listed: readonly ListedPart[], sent: readonly NumberedPart[], upload: UploadRow, uploadId: string): NumberedPart[] {
  if (listed.length === 0 || listed.length > partNumberMax || listed.some(({ PartNumber }) => PartNumber === undefined)) throw errors.malformedXml();
  const known = new Map(sent.map((part) => [part.number, part]));
  let last = 0;
  const chosen = listed.map((wanted) => {
    const number = wanted.PartNumber ?? 0;
    if (number <= last) throw errors.invalidPartOrder(uploadId);
    last = number;
    const part = known.get(number);
    if (!part || wanted.ETag?.replaceAll('"', '') !== part.row.etag) throw errors.invalidPart(uploadId, number, wanted.ETag);
    requirePartChecksum(wanted, part, upload, uploadId);
    return part;
  });
  for (const [index, { number, row }] of chosen.entries()) {
    if (index < chosen.length - 1 && row.bytes < partBytesMin) throw errors.entityTooSmall(number, row.etag, row.bytes, partBytesMin);
  }
  return chosen;
}

function requirePartChecksum(wanted: ListedPart, { number, row }: NumberedPart, { checksumAlgorithm, checksumType }: UploadRow, uploadId: string): void {
  const given = givenChecksum(wanted);
  if (given && checksumAlgorithm !== undefined) {
    if (given.algorithm !== checksumAlgorithm || given.value !== row.checksum) throw errors.invalidPart(uploadId, number, wanted.ETag);
  }
  if (!given && checksumAlgorithm !== undefined && checksumType === 'COMPOSITE') {
    throw errors.invalidRequest(`The upload was created using a ${checksumAlgorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`);
  }
}

function checksumOfAll(parts: readonly NumberedPart[], { checksumAlgorithm, checksumType }: UploadRow, input: CompleteInput): StoredChecksum {
  const algorithm = (checksumAlgorithm as ChecksumAlgorithm | undefined) ?? defaultAlgorithm;
  const type = checksumType ?? 'FULL_OBJECT';
  if (input.ChecksumType !== undefined && input.ChecksumType !== type) {
    throw errors.invalidRequest(`The upload was created using the ${type} checksum mode. The complete request must use the same checksum mode.`);
  }
  const sums = parts.map(({ row }) => ({ bytes: row.bytes, checksum: row.checksum ?? '' }));
  const value = type === 'FULL_OBJECT' ? combineLinear(algorithm, sums) : combineComposite(sums, (bytes) => digestSmall(algorithm, bytes));
  const given = givenChecksum(input);
  if (given && (given.algorithm !== algorithm || given.value.replace(/-\d+$/, '') !== value.replace(/-\d+$/, ''))) throw errors.badDigest(given.algorithm);
  return { algorithm, value, type };
}
