import { hexId } from '../../../base/ids.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import { bucketArn, conditionsOfHead } from '../access.ts';
import { aclOfHeaders, hasAcl } from '../domain/aclInput.ts';
import { isBucketName } from '../domain/bucketName.ts';
import { tagsOf } from '../domain/tags.ts';
import { errors } from '../errors.ts';
import { bucketsMax } from '../limits.ts';
import { operation } from '../operation.ts';
import { type Bucket, everywhere, findBucket, ownedBuckets, setBucket, setSetting } from '../store.ts';

export const createBucket = operation('CreateBucket', {
  access(input, call) {
    const { Bucket: name = '', CreateBucketConfiguration: configuration } = input;
    const location = configuration?.LocationConstraint;
    const conditions = { ...conditionsOfHead(call), ...(location === undefined ? {} : { 's3:locationconstraint': location }) };
    const ask = (action: string): AccessRequest => ({ action: `s3:${action}`, resource: bucketArn(name), conditions });
    return [
      ask('CreateBucket'),
      ...(hasAcl(input) ? [ask('PutBucketAcl')] : []),
      ...(input.ObjectOwnership === undefined ? [] : [ask('PutBucketOwnershipControls')]),
      ...(input.ObjectLockEnabledForBucket === true ? [ask('PutBucketObjectLockConfiguration'), ask('PutBucketVersioning')] : []),
      ...(configuration?.Tags ? [ask('TagResource')] : []),
    ];
  },
  async handle(input, call, { store, random }) {
    const { Bucket: name = '', CreateBucketConfiguration: configuration } = input;
    if (!isBucketName(name)) throw errors.invalidBucketName(name);
    if (configuration?.Location !== undefined || configuration?.Bucket !== undefined) throw errors.unsupported('Creating a directory bucket');
    const region = regionOf(configuration?.LocationConstraint, call);
    const ownership = input.ObjectOwnership ?? 'BucketOwnerEnforced';
    if (!['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'].includes(ownership)) throw errors.invalidArgument('Invalid x-amz-object-ownership header: ', 'x-amz-object-ownership', ownership);
    const tags = configuration?.Tags ? tagsOf(configuration.Tags, 'bucket') : undefined;
    if (hasAcl(input) && ownership === 'BucketOwnerEnforced' && input.ACL !== 'private') {
      throw errors.bucketAclWithOwnership(name);
    }
    const acl = aclOfHeaders(input, { owner: call.account, bucketOwner: call.account });
    const id = hexId(random, 16);
    await store.transact(async (tx) => {
      const known = await findBucket(tx, name);
      if (known) {
        if (known.account !== call.account) throw errors.bucketAlreadyExists(name);
        // "In the us-east-1 Region, S3 answers 200 OK if you already own the bucket" (API reference, CreateBucket).
        if (known.region === 'us-east-1' && region === 'us-east-1') return;
        throw errors.bucketAlreadyOwnedByYou(name);
      }
      const locked = input.ObjectLockEnabledForBucket === true;
      const row: Bucket = {
        name,
        id,
        account: call.account,
        region,
        createdAtMs: call.nowMs,
        ownership,
        settings: [],
        ...(locked ? { objectLock: true, versioning: 'Enabled' as const } : {}),
      };
      tx.guard(ownedBuckets.key(everywhere, [call.account]));
      const owned = await ownedBuckets.list(tx, everywhere, [call.account], { limit: bucketsMax });
      if (owned.length >= bucketsMax) throw errors.tooManyBuckets();
      ownedBuckets.set(tx, everywhere, [call.account, name], {});
      setBucket(tx, row);
      // "Block public access": new buckets have all four settings on (since April 2023).
      let bucket = setSetting(tx, row, 'publicAccessBlock', { blockPublicAcls: true, ignorePublicAcls: true, blockPublicPolicy: true, restrictPublicBuckets: true });
      if (acl) bucket = setSetting(tx, bucket, 'acl', acl);
      if (tags && tags.length > 0) setSetting(tx, bucket, 'tagging', { tags });
    });
    return { Location: region === 'us-east-1' ? `/${name}` : `http://${name}.s3.amazonaws.com/`, BucketArn: bucketArn(name) };
  },
});

// A bucket is made where the request arrives; only the old global endpoint, us-east-1, makes buckets elsewhere.
function regionOf(location: string | undefined, { region }: Call): string {
  if (location === undefined || location === '') {
    if (region !== 'us-east-1') throw errors.illegalLocation('unspecified');
    return region;
  }
  const wanted = location === 'EU' ? 'eu-west-1' : location;
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(wanted) || wanted === 'us-east-1') throw errors.invalidLocation(location);
  if (region !== 'us-east-1' && region !== wanted) throw errors.illegalLocation(location);
  return wanted;
}
