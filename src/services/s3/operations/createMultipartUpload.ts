import { objectAccess } from '../access.ts';
import { hasAcl } from '../domain/aclInput.ts';
import { defaultAlgorithm, requireAlgorithm } from '../domain/checksums.ts';
import { isLinear } from '../domain/combineChecksums.ts';
import type { ChecksumAlgorithm } from '../domain/objectRow.ts';
import { encryptionMembers } from '../encryption.ts';
import { errors } from '../errors.ts';
import { draftObject, requireKey } from '../objectDraft.ts';
import { operation } from '../operation.ts';
import { findBucketNow } from '../reading.ts';
import { everywhere, requireBucket, uploads } from '../store.ts';
import { makeUploadId } from '../uploads.ts';

export const createMultipartUpload = operation('CreateMultipartUpload', {
  access: (input, call, deps) => {
    const actions = ['PutObject'];
    if (input.Tagging !== undefined) actions.push('PutObjectTagging');
    if (hasAcl(input)) actions.push('PutObjectAcl');
    if (input.ObjectLockMode !== undefined) actions.push('PutObjectRetention');
    if (input.ObjectLockLegalHoldStatus !== undefined) actions.push('PutObjectLegalHold');
    return objectAccess(actions, input, call, deps);
  },
  async handle(input, call, deps) {
    const key = requireKey(input.Key);
    const bucket = await findBucketNow(deps, input.Bucket ?? '');
    const algorithm = requireAlgorithm(input.ChecksumAlgorithm);
    const type = checksumType(algorithm, input.ChecksumType);
    const { draft } = await draftObject(deps, call, bucket, key, input);
    const uploadId = makeUploadId(call.nowMs, deps.random);
    const initiator = call.caller.kind === 'anonymous' ? 'anonymous' : call.caller.arn;
    await deps.store.transact(async (tx) => {
      const { id } = await requireBucket(tx, bucket.name);
      uploads.set(tx, everywhere, [id, key, uploadId], { startedAtMs: call.nowMs, owner: draft.owner, initiator, draft, checksumAlgorithm: algorithm, checksumType: type });
    });
    return {
      Bucket: bucket.name,
      Key: key,
      UploadId: uploadId,
      ...(algorithm === undefined ? {} : { ChecksumAlgorithm: algorithm, ChecksumType: type }),
      ...encryptionMembers(draft.encryption),
    };
  },
});

// CRC-64 is always of the whole, SHA always of the parts' ("Checking object integrity", table of algorithms).
function checksumType(algorithm: ChecksumAlgorithm | undefined, given: string | undefined): 'COMPOSITE' | 'FULL_OBJECT' {
  if (algorithm === undefined && given !== undefined) throw errors.invalidRequest('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.');
  const type = given ?? ((algorithm ?? defaultAlgorithm) === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  if (type !== 'COMPOSITE' && type !== 'FULL_OBJECT') throw errors.invalidRequest('Value for x-amz-checksum-type header is invalid.');
  const possible = type === 'COMPOSITE' ? algorithm !== 'CRC64NVME' : isLinear(algorithm ?? defaultAlgorithm);
  if (!possible) throw errors.invalidRequest(`The ${type} checksum type cannot be used with the ${(algorithm ?? '').toLowerCase()} checksum algorithm.`);
  return type;
}
