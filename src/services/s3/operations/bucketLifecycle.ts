import { hexId } from '../../../base/ids.ts';
import type { LifecycleRule as GivenRule } from '@aws-sdk/client-s3';
import { bucketAccess } from '../access.ts';
import type { LifecycleRule, Moment } from '../domain/lifecycle.ts';
import { tagsOf } from '../domain/tags.ts';
import { absent, errors } from '../errors.ts';
import { scheduleLifecycle, unscheduleLifecycle } from '../jobs/lifecycle.ts';
import { lifecycleRulesMax } from '../limits.ts';
import { operation } from '../operation.ts';
import { requireBucket, setSetting } from '../store.ts';
import { requireSetting } from '../settings.ts';

const kind = 'lifecycle';

const getBucketLifecycleConfiguration = operation('GetBucketLifecycleConfiguration', {
  access: (input, call, deps) => bucketAccess('GetLifecycleConfiguration', input, call, deps),
  async handle(input, _call, deps) {
        const { rules } = await requireSetting<{ readonly rules: readonly LifecycleRule[] }>(deps, input, kind, absent.lifecycle);
    return { Rules: rules.map(ruleOutput), TransitionDefaultMinimumObjectSize: 'varies_by_storage_class' as const };
  },
});

const putBucketLifecycleConfiguration = operation('PutBucketLifecycleConfiguration', {
  access: (input, call, deps) => bucketAccess('PutLifecycleConfiguration', input, call, deps),
  async handle(input, call, deps) {
    const given = input.LifecycleConfiguration?.Rules ?? [];
    if (given.length === 0) throw errors.malformedXml();
    if (given.length > lifecycleRulesMax) throw errors.invalidRequest(`The number of lifecycle rules must not exceed the allowed limit of ${lifecycleRulesMax} rules`);
    const rules = given.map((rule) => ruleOf(rule, hexId(deps.random, 48)));
    if (new Set(rules.map(({ id }) => id)).size < rules.length) throw errors.invalidArgument('Rule ID must be unique. Found same ID for more than one rule');
    await deps.store.transact(async (tx) => {
      const bucket = setSetting(tx, await requireBucket(tx, input.Bucket ?? ''), kind, { rules });
      await scheduleLifecycle(tx, deps.timers, bucket, call.nowMs);
    });
    return { TransitionDefaultMinimumObjectSize: 'varies_by_storage_class' as const };
  },
});

const deleteBucketLifecycle = operation('DeleteBucketLifecycle', {
  access: (input, call, deps) => bucketAccess('PutLifecycleConfiguration', input, call, deps),
  async handle(input, _call, deps) {
    await deps.store.transact(async (tx) => {
      const bucket = await requireBucket(tx, input.Bucket ?? '');
      if (!bucket.settings.includes(kind)) return;
      setSetting(tx, bucket, kind, undefined);
      await unscheduleLifecycle(tx, deps.timers, bucket);
    });
    return {};
  },
});

export const bucketLifecycleOperations = {
  DeleteBucketLifecycle: deleteBucketLifecycle,
  GetBucketLifecycleConfiguration: getBucketLifecycleConfiguration,
  PutBucketLifecycleConfiguration: putBucketLifecycleConfiguration,
};

const transitionClasses = new Set(['GLACIER', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'DEEP_ARCHIVE', 'GLACIER_IR']);

function ruleOf(given: GivenRule, newId: string): LifecycleRule {
  const { Filter: filter, Status: status, ID: id = newId } = given;
  if (status !== 'Enabled' && status !== 'Disabled') throw errors.malformedXml();
  if (id.length > 255) throw errors.invalidArgument('ID length should not exceed allowed limit of 255');
  if ((filter === undefined) === (given.Prefix === undefined)) throw errors.malformedXml();
  const and = filter?.And;
  if (filter && [filter.Prefix, filter.Tag, filter.ObjectSizeGreaterThan, filter.ObjectSizeLessThan, and].filter((one) => one !== undefined).length > 1) throw errors.malformedXml();
  const actions = [given.Expiration, given.Transitions, given.NoncurrentVersionExpiration, given.NoncurrentVersionTransitions, given.AbortIncompleteMultipartUpload];
  if (actions.every((action) => action === undefined)) throw errors.invalidRequest('At least one action needs to be specified in a rule');
  const tags = tagsOf(and?.Tags ?? (filter?.Tag ? [filter.Tag] : []), 'object');
  const abort = given.AbortIncompleteMultipartUpload;
  if (abort && tags.length > 0) throw errors.invalidRequest('AbortIncompleteMultipartUpload cannot be specified with Tags');
  const noncurrent = given.NoncurrentVersionExpiration;
  return {
    id,
    enabled: status === 'Enabled',
    prefix: given.Prefix ?? filter?.Prefix ?? and?.Prefix ?? '',
    tags,
    largerThan: filter?.ObjectSizeGreaterThan ?? and?.ObjectSizeGreaterThan,
    smallerThan: filter?.ObjectSizeLessThan ?? and?.ObjectSizeLessThan,
    oldForm: given.Prefix !== undefined,
    expiration: expirationOf(given),
    transitions: given.Transitions?.map((one) => ({ ...momentOf(one, 'Transition'), storageClass: classOf(one.StorageClass) })),
    noncurrentExpiration: noncurrent && { days: positive(noncurrent.NoncurrentDays, 'NoncurrentDays'), keep: noncurrent.NewerNoncurrentVersions },
    noncurrentTransitions: given.NoncurrentVersionTransitions?.map((one) => ({
      days: one.NoncurrentDays ?? 0,
      keep: one.NewerNoncurrentVersions,
      storageClass: classOf(one.StorageClass),
    })),
    abortUploadsAfterDays: abort && positive(abort.DaysAfterInitiation, 'DaysAfterInitiation'),
  };
}

function expirationOf({ Expiration: given }: GivenRule): LifecycleRule['expiration'] {
  if (!given) return undefined;
  if (given.ExpiredObjectDeleteMarker !== undefined) {
    if (given.Days !== undefined || given.Date !== undefined) throw errors.malformedXml();
    return { deleteMarkers: given.ExpiredObjectDeleteMarker };
  }
  return momentOf(given, 'Expiration');
}

function momentOf({ Days: days, Date: date }: { readonly Days?: number | undefined; readonly Date?: Date | undefined }, action: string): Moment {
  if ((days === undefined) === (date === undefined)) throw errors.malformedXml();
  if (date !== undefined) {
    if (date.getTime() % 86_400_000 !== 0) throw errors.invalidArgument("'Date' must be at midnight GMT");
    return { dateMs: date.getTime() };
  }
  if (days !== undefined && (days < 0 || (days === 0 && action === 'Expiration'))) throw errors.invalidArgument(`'Days' for ${action} action must be a positive integer`);
  return { days };
}

function positive(days: number | undefined, name: string): number {
  if (days !== undefined && Number.isInteger(days) && days > 0) return days;
  throw errors.invalidArgument(`'${name}' for action must be a positive integer`);
}

function classOf(name: string | undefined): string {
  if (name !== undefined && transitionClasses.has(name)) return name;
  throw errors.malformedXml();
}

function ruleOutput(rule: LifecycleRule): GivenRule {
  const moment = ({ days, dateMs }: Moment) => (days === undefined ? { Date: new Date(dateMs ?? 0) } : { Days: days });
  const keep = (count: number | undefined) => (count === undefined ? {} : { NewerNoncurrentVersions: count });
  const { expiration, noncurrentExpiration } = rule;
  return {
    ID: rule.id,
    Status: rule.enabled ? 'Enabled' : 'Disabled',
    ...(rule.oldForm ? { Prefix: rule.prefix } : { Filter: filterOutput(rule) }),
    ...(expiration ? { Expiration: expiration.deleteMarkers === undefined ? moment(expiration) : { ExpiredObjectDeleteMarker: expiration.deleteMarkers } } : {}),
    ...(rule.transitions ? { Transitions: rule.transitions.map((one) => ({ ...moment(one), StorageClass: one.storageClass as 'GLACIER' })) } : {}),
    ...(noncurrentExpiration ? { NoncurrentVersionExpiration: { NoncurrentDays: noncurrentExpiration.days, ...keep(noncurrentExpiration.keep) } } : {}),
    ...(rule.noncurrentTransitions
      ? { NoncurrentVersionTransitions: rule.noncurrentTransitions.map((one) => ({ NoncurrentDays: one.days, ...keep(one.keep), StorageClass: one.storageClass as 'GLACIER' })) }
      : {}),
    ...(rule.abortUploadsAfterDays === undefined ? {} : { AbortIncompleteMultipartUpload: { DaysAfterInitiation: rule.abortUploadsAfterDays } }),
  };
}

function filterOutput({ prefix, tags, largerThan, smallerThan }: LifecycleRule): NonNullable<GivenRule['Filter']> {
  const sizes = { ...(largerThan === undefined ? {} : { ObjectSizeGreaterThan: largerThan }), ...(smallerThan === undefined ? {} : { ObjectSizeLessThan: smallerThan }) };
  const count = (prefix === '' ? 0 : 1) + tags.length + Object.keys(sizes).length;
  const all = tags.map(([Key, Value]) => ({ Key, Value }));
  if (count > 1) return { And: { ...(prefix === '' ? {} : { Prefix: prefix }), ...(all.length > 0 ? { Tags: all } : {}), ...sizes } };
  const [tag] = all;
  return tag ? { Tag: tag } : Object.keys(sizes).length > 0 ? sizes : { Prefix: prefix };
}
