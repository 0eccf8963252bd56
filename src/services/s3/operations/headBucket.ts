import { bucketAccess, bucketArn } from '../access.ts';
import { operation } from '../operation.ts';
import { findBucketNow } from '../reading.ts';

export const headBucket = operation('HeadBucket', {
  access: (input, call, deps) => bucketAccess('ListBucket', input, call, deps),
  async handle(input, _call, deps) {
    const bucket = await findBucketNow(deps, input.Bucket ?? '');
    return { BucketRegion: bucket.region, BucketArn: bucketArn(bucket.name), AccessPointAlias: false };
  },
});
