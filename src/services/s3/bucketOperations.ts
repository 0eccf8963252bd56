import { bucketReplicationOperations } from './operations/bucketReplication.ts';
import { bucketAbacOperations } from './operations/bucketAbac.ts';
import { bucketAccessOperations } from './operations/bucketAccessSettings.ts';
import { bucketBookkeepingOperations } from './operations/bucketBookkeeping.ts';
import { bucketCorsOperations } from './operations/bucketCors.ts';
import { bucketEncryptionOperations } from './operations/bucketEncryption.ts';
import { bucketLoggingOperations } from './operations/bucketLogging.ts';
import { bucketLifecycleOperations } from './operations/bucketLifecycle.ts';
import { bucketPolicyOperations } from './operations/bucketPolicy.ts';
import { bucketWebsiteOperations } from './operations/bucketWebsite.ts';
import { bucketNotificationOperations } from './operations/bucketNotification.ts';
import { bucketTaggingOperations } from './operations/bucketTagging.ts';
import { bucketVersioningOperations } from './operations/bucketVersioning.ts';
import { createBucket } from './operations/createBucket.ts';
import { deleteBucket } from './operations/deleteBucket.ts';
import { getBucketLocation } from './operations/getBucketLocation.ts';
import { headBucket } from './operations/headBucket.ts';
import { listBuckets } from './operations/listBuckets.ts';
import { refusedOperations } from './operations/refused.ts';

export const bucketOperations = {
  CreateBucket: createBucket,
  DeleteBucket: deleteBucket,
  GetBucketLocation: getBucketLocation,
  HeadBucket: headBucket,
  ListBuckets: listBuckets,
  ...bucketAbacOperations,
  ...bucketAccessOperations,
  ...bucketBookkeepingOperations,
  ...bucketCorsOperations,
  ...bucketEncryptionOperations,
  ...bucketLifecycleOperations,
  ...bucketLoggingOperations,
  ...bucketPolicyOperations,
  ...bucketWebsiteOperations,
  ...bucketNotificationOperations,
  ...bucketReplicationOperations,
  ...bucketTaggingOperations,
  ...bucketVersioningOperations,
  ...refusedOperations,
};
