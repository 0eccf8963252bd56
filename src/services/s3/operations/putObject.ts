import { assert } from '../../../base/errors.ts';
import { hexId } from '../../../base/ids.ts';
import { objectAccess } from '../access.ts';
import { writeBody } from '../bodies.ts';
import { hasAcl } from '../domain/aclInput.ts';
import { algorithmOf, checksumMembers, defaultAlgorithm, digestNameOf } from '../domain/checksums.ts';
import type { StoredChecksum } from '../domain/objectRow.ts';
import { encryptionMembers } from '../encryption.ts';
import { errors } from '../errors.ts';
import { singlePutBytesMax } from '../limits.ts';
import { draftObject, requireKey } from '../objectDraft.ts';
import { versionMember } from '../objectOutput.ts';
import { operation } from '../operation.ts';
import { findBucketNow } from '../reading.ts';
import { commitObject } from '../writeObject.ts';

export const putObject = operation('PutObject', {
  access: (input, call, deps) => {
    const actions = ['PutObject'];
    if (input.Tagging !== undefined) actions.push('PutObjectTagging');
    if (hasAcl(input)) actions.push('PutObjectAcl');
    if (input.ObjectLockMode !== undefined) actions.push('PutObjectRetention');
    if (input.ObjectLockLegalHoldStatus !== undefined) actions.push('PutObjectLegalHold');
    return objectAccess(actions, input, call, deps);
  },
  async handle(input, call, deps) {
    const { Bucket: bucketName = '', Body } = input;
    const key = requireKey(input.Key);
    if (input.WriteOffsetBytes !== undefined) throw errors.headerNotImplemented('x-amz-write-offset-bytes');
    assert(Body, 'the body of an upload is missing');
    if (Body.declaredBytes === undefined) throw errors.missingContentLength();
    if (Body.declaredBytes > singlePutBytesMax) throw errors.entityTooLarge(Body.declaredBytes, singlePutBytesMax);
    const bucket = await findBucketNow(deps, bucketName);
    const algorithm = algorithmOf(input.ChecksumAlgorithm, call.head.headers) ?? defaultAlgorithm;
    const locks = input.ObjectLockMode !== undefined || input.ObjectLockLegalHoldStatus !== undefined;
    if (locks && input.ContentMD5 === undefined && !Object.keys(call.head.headers).some((name) => name.startsWith('x-amz-checksum-') || name === 'x-amz-trailer')) {
      throw errors.invalidRequest('Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters');
    }
    const { draft, key: secret } = await draftObject(deps, call, bucket, key, input);
    Body.compute('md5');
    Body.compute(digestNameOf(algorithm));
    const body = await writeBody(deps, Body, Body.declaredBytes, secret);
    const { digests } = Body;
    const checksum: StoredChecksum = { algorithm, value: digests[digestNameOf(algorithm)] ?? '', type: 'FULL_OBJECT' };
    // With a key of KMS or of the customer an ETag is no digest of the data ("Checking object integrity").
    const etag = secret ? hexId(deps.random, 32) : Buffer.from(digests.md5 ?? '', 'base64').toString('hex');
    const written = await commitObject(deps, call, bucketName, key, { draft, body, etag, checksum, conditions: input, event: 'ObjectCreated:Put' });
    return { ETag: `"${etag}"`, Size: undefined, ...checksumMembers(checksum), ...encryptionMembers(draft.encryption), ...versionMember(written.bucket, written.row.versionId) };
  },
});
