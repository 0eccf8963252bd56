import { createServiceAccess } from '../../../framework/serviceAccess.ts';
import { bucketAccess } from '../access.ts';
import { aclOfGrants, aclOutput } from '../domain/aclInput.ts';
import { errors } from '../errors.ts';
import { type LoggingConfiguration, whyUndeliverable } from '../jobs/deliverLogs.ts';
import { operation } from '../operation.ts';
import { readSetting } from '../settings.ts';
import { type Bucket, everywhere, findBucket, findSetting, loggedBuckets, requireBucket, setSetting } from '../store.ts';

const kind = 'logging';
const allows = createServiceAccess();

const getBucketLogging = operation('GetBucketLogging', {
  access: (input, call, deps) => bucketAccess('GetBucketLogging', input, call, deps),
  async handle(input, _call, deps) {
    const { bucket, document } = await readSetting<LoggingConfiguration>(deps, input, kind);
    if (!document) return {};
    const { targetBucket, targetPrefix, keyFormat, grants } = document;
    const format = keyFormat === 'simple' ? { SimplePrefix: {} } : { PartitionedPrefix: { PartitionDateSource: keyFormat } };
    return {
      LoggingEnabled: {
        TargetBucket: targetBucket,
        TargetPrefix: targetPrefix,
        ...(grants ? { TargetGrants: aclOutput(grants, bucket.account).Grants as { Permission: 'READ' }[] } : {}),
        ...(keyFormat === undefined ? {} : { TargetObjectKeyFormat: format }),
      },
    };
  },
});

const putBucketLogging = operation('PutBucketLogging', {
  access: (input, call, deps) => bucketAccess('PutBucketLogging', input, call, deps),
  async handle(input, call, deps) {
    const given = input.BucketLoggingStatus?.LoggingEnabled;
    const configuration = given && configurationOf(given);
    const name = input.Bucket ?? '';
    await deps.store.transact(async (tx) => {
      const bucket = await requireBucket(tx, name);
      if (!configuration) {
        loggedBuckets.clear(tx, everywhere, [name]);
        if (bucket.settings.includes(kind)) setSetting(tx, bucket, kind, undefined);
        return;
      }
      const target = requireTarget(bucket, await findBucket(tx, configuration.targetBucket), configuration);
      if (await findSetting(tx, target, 'requestPayment')) throw errors.invalidLoggingTarget('The target bucket for logging cannot be a Requester Pays bucket.', target.name);
      const why = await whyUndeliverable(tx, allows, bucket, target, configuration, call.nowMs);
      if (why !== undefined && target.ownership !== 'BucketOwnerEnforced') throw errors.invalidLoggingTarget('You must give the log-delivery group WRITE and READ_ACP permissions to the target bucket', target.name);
      // AWS takes it and delivers nothing: whoever wonders finds out why.
      if (why !== undefined) call.log.warn('nothing will be delivered to the target of this access log', { bucket: name, target: target.name, why });
      loggedBuckets.set(tx, everywhere, [name], {});
      setSetting(tx, bucket, kind, configuration);
    });
    deps.accessLog.switched(name, configuration !== undefined);
    return {};
  },
});

interface GivenLogging {
  readonly TargetBucket?: string | undefined;
  readonly TargetPrefix?: string | undefined;
  readonly TargetGrants?: Parameters<typeof aclOfGrants>[0] | undefined;
  readonly TargetObjectKeyFormat?: { readonly SimplePrefix?: object | undefined; readonly PartitionedPrefix?: { readonly PartitionDateSource?: string | undefined } | undefined } | undefined;
}

function configurationOf({ TargetBucket = '', TargetPrefix = '', TargetGrants = [], TargetObjectKeyFormat: format }: GivenLogging): LoggingConfiguration {
  if (format?.SimplePrefix && format.PartitionedPrefix) throw errors.malformedXml();
  const source = format?.PartitionedPrefix?.PartitionDateSource ?? 'DeliveryTime';
  if (format?.PartitionedPrefix && source !== 'EventTime' && source !== 'DeliveryTime') throw errors.malformedXml();
  return {
    targetBucket: TargetBucket,
    targetPrefix: TargetPrefix,
    keyFormat: format?.PartitionedPrefix ? (source as 'EventTime' | 'DeliveryTime') : format?.SimplePrefix ? 'simple' : undefined,
    grants: TargetGrants.length > 0 ? aclOfGrants(TargetGrants) : undefined,
  };
}

function requireTarget(source: Bucket, target: Bucket | undefined, { targetBucket, grants }: LoggingConfiguration): Bucket {
  if (!target) throw errors.invalidLoggingTarget('The target bucket for logging does not exist', targetBucket);
  if (target.account !== source.account) throw errors.invalidLoggingTarget('The owner for the bucket to be logged and the target bucket must be the same.', targetBucket);
  if (target.region !== source.region) throw errors.loggingAcrossRegions('Cross S3 location logging not allowed. ', target.region, source.region);
  // "Buckets that use the bucket owner enforced setting for Object Ownership don't support target grants" (API reference, LoggingEnabled).
  if (grants && target.ownership === 'BucketOwnerEnforced') throw errors.aclsNotSupported();
  return target;
}

export const bucketLoggingOperations = { GetBucketLogging: getBucketLogging, PutBucketLogging: putBucketLogging };
