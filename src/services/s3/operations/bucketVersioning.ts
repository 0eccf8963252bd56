import { bucketAccess } from '../access.ts';
import { errors } from '../errors.ts';
import { operation } from '../operation.ts';
import { findBucketNow } from '../reading.ts';
import { requireBucket, setBucket } from '../store.ts';

const getBucketVersioning = operation('GetBucketVersioning', {
  access: (input, call, deps) => bucketAccess('GetBucketVersioning', input, call, deps),
  async handle(input, _call, deps) {
    const { versioning } = await findBucketNow(deps, input.Bucket ?? '');
    return versioning === undefined ? {} : { Status: versioning };
  },
});

const putBucketVersioning = operation('PutBucketVersioning', {
  access: (input, call, deps) => bucketAccess('PutBucketVersioning', input, call, deps),
  async handle({ Bucket = '', VersioningConfiguration: wanted }, _call, { store }) {
    const status = wanted?.Status;
    if (wanted?.MFADelete === 'Enabled') throw errors.unsupported('MFA delete');
    if (status === undefined) throw errors.invalidRequest('The Versioning element must be specified');
    if (status !== 'Enabled' && status !== 'Suspended') throw errors.malformedXml();
    await store.transact(async (tx) => {
      const bucket = await requireBucket(tx, Bucket);
      if (status === 'Suspended' && bucket.objectLock) {
        throw errors.invalidBucketState('An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.');
      }
      if (status === 'Suspended' && bucket.settings.includes('replication')) {
        throw errors.invalidBucketState('A replication configuration is present on this bucket, so the versioning state cannot be changed.');
      }
      setBucket(tx, { ...bucket, versioning: status });
    });
    return {};
  },
});

export const bucketVersioningOperations = { GetBucketVersioning: getBucketVersioning, PutBucketVersioning: putBucketVersioning };
