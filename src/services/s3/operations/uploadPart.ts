import { assert } from '../../../base/errors.ts';
import { hexId } from '../../../base/ids.ts';
import type { Call } from '../../../framework/context.ts';
import { objectAccess } from '../access.ts';
import { type NewBody, writeBody } from '../bodies.ts';
import { algorithmOf, checksumMember, defaultAlgorithm, digestNameOf } from '../domain/checksums.ts';
import type { ChecksumAlgorithm } from '../domain/objectRow.ts';
import { encryptionMembers, keyToRead } from '../encryption.ts';
import { errors } from '../errors.ts';
import { partBytesMax, partNumberMax } from '../limits.ts';
import { operation, type S3Deps } from '../operation.ts';
import { findBucketNow } from '../reading.ts';
import { type PartRow, requireBucket } from '../store.ts';
import { requireUpload, setPart } from '../uploads.ts';

export const uploadPart = operation('UploadPart', {
  access: (input, call, deps) => objectAccess(['PutObject'], input, call, deps),
  async handle(input, call, deps) {
    const { Body, UploadId = '', Key = '' } = input;
    assert(Body, 'the body of an upload is missing');
    const number = requirePartNumber(input.PartNumber);
    if (Body.declaredBytes === undefined) throw errors.missingContentLength();
    if (Body.declaredBytes > partBytesMax) throw errors.entityTooLarge(Body.declaredBytes, partBytesMax);
    const bucket = await findBucketNow(deps, input.Bucket ?? '');
    const upload = await deps.store.read((tx) => requireUpload(tx, bucket.id, Key, UploadId));
    const sent = algorithmOf(input.ChecksumAlgorithm, call.head.headers);
    const wanted = upload.checksumAlgorithm as ChecksumAlgorithm | undefined;
    if (sent && wanted && sent !== wanted) {
      throw errors.invalidRequest(`Checksum Type mismatch occurred, expected checksum Type: ${wanted.toLowerCase()}, actual checksum Type: ${sent.toLowerCase()}`);
    }
    const algorithm = wanted ?? defaultAlgorithm;
    const secret = await keyToRead(deps, call, upload.draft.encryption, input);
    Body.compute('md5');
    Body.compute(digestNameOf(algorithm));
    const body = await writeBody(deps, Body, Body.declaredBytes, secret);
    const { digests } = Body;
    const etag = secret ? hexId(deps.random, 32) : Buffer.from(digests.md5 ?? '', 'base64').toString('hex');
    const checksum = digests[digestNameOf(algorithm)];
    await commitPart(deps, call, { bucket: bucket.name, key: Key, uploadId: UploadId, number }, body, { etag, checksum });
    const told = sent ?? wanted;
    return { ETag: `"${etag}"`, ...(told ? checksumMember(told, digests[digestNameOf(told)]) : {}), ...encryptionMembers(upload.draft.encryption) };
  },
});

export interface PartPlace {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly number: number;
}

/** Commits a part that has been received; when that fails, nothing of it stays. */
export async function commitPart(deps: S3Deps, call: Call, { bucket, key, uploadId, number }: PartPlace, body: NewBody, facts: Pick<PartRow, 'etag' | 'checksum'>): Promise<void> {
  try {
    await deps.store.transact(async (tx) => {
      const { id } = await requireBucket(tx, bucket);
      await requireUpload(tx, id, key, uploadId);
      body.keep(tx);
      await setPart(tx, deps, id, uploadId, number, { modifiedMs: call.nowMs, bytes: body.bytes, slices: body.slices, ...facts });
    });
  } catch (error) {
    await body.abandon();
    throw error;
  }
}

export function requirePartNumber(number: number | undefined): number {
  if (number !== undefined && Number.isInteger(number) && number >= 1 && number <= partNumberMax) return number;
  throw errors.invalidArgument(`Part number must be an integer between 1 and ${partNumberMax}, inclusive`, 'partNumber', String(number));
}
