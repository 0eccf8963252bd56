import { bucketAccess } from '../access.ts';
import { operation } from '../operation.ts';
import { findBucketNow } from '../reading.ts';

export const getBucketLocation = operation('GetBucketLocation', {
  access: (input, call, deps) => bucketAccess('GetBucketLocation', input, call, deps),
  async handle(input, _call, deps) {
    const { region } = await findBucketNow(deps, input.Bucket ?? '');
    // "Buckets in Region us-east-1 have a LocationConstraint of null" (API reference).
    return region === 'us-east-1' ? {} : { LocationConstraint: region as 'eu-west-1' };
  },
});
