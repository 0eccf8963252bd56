import { defineService } from '../../framework/service.ts';
import { errors } from './errors.ts';
import { documentBytesMax, partBytesMax, singlePutBytesMax } from './limits.ts';
import type { S3Deps } from './operation.ts';
import { copyObject } from './operations/copyObject.ts';
import { createBucket } from './operations/createBucket.ts';
import { deleteBucket } from './operations/deleteBucket.ts';
import { deleteObject } from './operations/deleteObject.ts';
import { deleteObjects } from './operations/deleteObjects.ts';
import { getBucketLocation } from './operations/getBucketLocation.ts';
import { getObject } from './operations/getObject.ts';
import { headBucket } from './operations/headBucket.ts';
import { headObject } from './operations/headObject.ts';
import { listBuckets } from './operations/listBuckets.ts';
import { listObjects } from './operations/listObjects.ts';
import { listObjectsV2 } from './operations/listObjectsV2.ts';
import { putObject } from './operations/putObject.ts';

/** Amazon S3, general purpose buckets. */
export const s3Service = defineService<S3Deps>({
  id: 's3',
  validationErrorCode: 'InvalidArgument',
  requestBytesMax: { PutObject: singlePutBytesMax, UploadPart: partBytesMax, DeleteObjects: documentBytesMax, CompleteMultipartUpload: documentBytesMax },
  tooLarge: (_name, bytesMax) => errors.entityTooLarge(undefined, bytesMax),
  operations: {
    CopyObject: copyObject,
    CreateBucket: createBucket,
    DeleteBucket: deleteBucket,
    DeleteObject: deleteObject,
    DeleteObjects: deleteObjects,
    GetBucketLocation: getBucketLocation,
    GetObject: getObject,
    HeadBucket: headBucket,
    HeadObject: headObject,
    ListBuckets: listBuckets,
    ListObjects: listObjects,
    ListObjectsV2: listObjectsV2,
    PutObject: putObject,
  },
});
