import { objectAclOperations } from './operations/objectAcl.ts';
import { objectLockOperations } from './operations/objectLock.ts';
import { restoreObject } from './operations/restoreObject.ts';
import { abortMultipartUpload } from './operations/abortMultipartUpload.ts';
import { completeMultipartUpload } from './operations/completeMultipartUpload.ts';
import { copyObject } from './operations/copyObject.ts';
import { createMultipartUpload } from './operations/createMultipartUpload.ts';
import { deleteObject } from './operations/deleteObject.ts';
import { deleteObjects } from './operations/deleteObjects.ts';
import { getObject } from './operations/getObject.ts';
import { getObjectAttributes } from './operations/getObjectAttributes.ts';
import { headObject } from './operations/headObject.ts';
import { listMultipartUploads } from './operations/listMultipartUploads.ts';
import { listObjects } from './operations/listObjects.ts';
import { listObjectsV2 } from './operations/listObjectsV2.ts';
import { listObjectVersions } from './operations/listObjectVersions.ts';
import { listParts } from './operations/listParts.ts';
import { objectTaggingOperations } from './operations/objectTagging.ts';
import { putObject } from './operations/putObject.ts';
import { updateObjectEncryption } from './operations/updateObjectEncryption.ts';
import { uploadPart } from './operations/uploadPart.ts';
import { uploadPartCopy } from './operations/uploadPartCopy.ts';

export const objectOperations = {
  AbortMultipartUpload: abortMultipartUpload,
  CompleteMultipartUpload: completeMultipartUpload,
  CopyObject: copyObject,
  UpdateObjectEncryption: updateObjectEncryption,
  CreateMultipartUpload: createMultipartUpload,
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  GetObject: getObject,
  GetObjectAttributes: getObjectAttributes,
  HeadObject: headObject,
  ListMultipartUploads: listMultipartUploads,
  ListObjects: listObjects,
  ListObjectsV2: listObjectsV2,
  ListObjectVersions: listObjectVersions,
  ListParts: listParts,
  PutObject: putObject,
  UploadPart: uploadPart,
  UploadPartCopy: uploadPartCopy,
  RestoreObject: restoreObject,
  ...objectAclOperations,
  ...objectLockOperations,
  ...objectTaggingOperations,
};
