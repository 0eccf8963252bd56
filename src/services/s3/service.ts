import { defineService } from '../../framework/service.ts';
import { bucketOperations } from './bucketOperations.ts';
import { errors } from './errors.ts';
import { answerCrossOrigin, answerFront } from './front.ts';
import { documentBytesMax, partBytesMax, singlePutBytesMax } from './limits.ts';
import { objectOperations } from './objectOperations.ts';
import type { S3Deps } from './operation.ts';

/** Amazon S3, general purpose buckets. */
export const s3Service = defineService<S3Deps>({
  id: 's3',
  validationErrorCode: 'InvalidArgument',
  requestBytesMax: { PutObject: singlePutBytesMax, UploadPart: partBytesMax, DeleteObjects: documentBytesMax, CompleteMultipartUpload: documentBytesMax },
  tooLarge: (_name, bytesMax) => errors.entityTooLarge(undefined, bytesMax),
  servesAnonymous: true,
  front: answerFront,
  crossOrigin: answerCrossOrigin,
  answered: (request, { accessLog }) => accessLog.note(request),
  operations: { ...bucketOperations, ...objectOperations },
});
