import { objectAccess } from '../access.ts';
import { errors } from '../errors.ts';
import { operation } from '../operation.ts';
import { requireBucket } from '../store.ts';
import { abortUpload } from '../uploads.ts';

export const abortMultipartUpload = operation('AbortMultipartUpload', {
  access: (input, call, deps) => objectAccess(['AbortMultipartUpload'], input, call, deps),
  async handle({ Bucket = '', Key = '', UploadId = '', IfMatchInitiatedTime }, _call, deps) {
    if (IfMatchInitiatedTime !== undefined) throw errors.headerNotImplemented('x-amz-if-match-initiated-time');
    await deps.store.transact(async (tx) => {
      const bucket = await requireBucket(tx, Bucket);
      if (!(await abortUpload(tx, deps, bucket.id, Key, UploadId))) throw errors.noSuchUpload(UploadId);
    });
    return {};
  },
});
