import { parseArn } from '../../../base/arn.ts';
import { hexId } from '../../../base/ids.ts';
import type { ReplicationRule as GivenRule } from '@aws-sdk/client-s3';
import { bucketAccess, bucketArn } from '../access.ts';
import type { ReplicationConfiguration, ReplicationRule } from '../domain/replication.ts';
import { requireStorageClass } from '../domain/storageClass.ts';
import { tagsOf } from '../domain/tags.ts';
import { absent, errors } from '../errors.ts';
import { replicationRulesMax } from '../limits.ts';
import { operation } from '../operation.ts';
import { requireSetting, writeSetting } from '../settings.ts';
import { findBucket } from '../store.ts';

const kind = 'replication';

const getBucketReplication = operation('GetBucketReplication', {
  access: (input, call, deps) => bucketAccess('GetReplicationConfiguration', input, call, deps),
  async handle(input, _call, deps) {
        const { role, rules } = await requireSetting<ReplicationConfiguration>(deps, input, kind, absent.replication);
    return { ReplicationConfiguration: { Role: role, Rules: rules.map(ruleOutput) } };
  },
});

const putBucketReplication = operation('PutBucketReplication', {
  access: (input, call, deps) => bucketAccess('PutReplicationConfiguration', input, call, deps),
  async handle(input, _call, deps) {
    const { Role: role = '', Rules: given = [] } = input.ReplicationConfiguration ?? {};
    if (given.length === 0 || given.length > replicationRulesMax) throw errors.malformedXml();
    if (parseArn(role)?.service !== 'iam') throw errors.invalidArgument('Invalid role specified in replication configuration', 'Role', role);
    const rules = given.map((rule) => ruleOf(rule, hexId(deps.random, 32)));
    if (new Set(rules.map(({ id }) => id)).size < rules.length) throw errors.invalidArgument('Rule Id must be unique.');
    await writeSetting(deps, input, kind, { role, rules } satisfies ReplicationConfiguration, async (bucket, tx) => {
      if (bucket.versioning !== 'Enabled') throw errors.invalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration");
      for (const { destination, account } of rules) {
        const target = await findBucket(tx, destination);
        if (!target || (account !== undefined && account !== target.account)) throw errors.invalidRequest('Destination bucket must exist.');
        if (target.versioning !== 'Enabled') throw errors.invalidRequest('Destination bucket must have versioning enabled.');
        if (target.id === bucket.id) throw errors.invalidRequest('Destination bucket cannot be the same as the source bucket.');
      }
    });
    return {};
  },
});

const deleteBucketReplication = operation('DeleteBucketReplication', {
  access: (input, call, deps) => bucketAccess('PutReplicationConfiguration', input, call, deps),
  async handle(input, _call, deps) {
    await writeSetting(deps, input, kind, undefined);
    return {};
  },
});

export const bucketReplicationOperations = { DeleteBucketReplication: deleteBucketReplication, GetBucketReplication: getBucketReplication, PutBucketReplication: putBucketReplication };

function ruleOf(given: GivenRule, newId: string): ReplicationRule {
  const { Filter: filter, Status: status, Destination: destination } = given;
  if ((status !== 'Enabled' && status !== 'Disabled') || !destination?.Bucket) throw errors.malformedXml();
  if (filter !== undefined && given.Prefix !== undefined) throw errors.malformedXml();
  const extras = [
    [destination.ReplicationTime?.Status === 'Enabled', 'Replication time control'],
    [destination.Metrics?.Status === 'Enabled', 'Replication metrics'],
    [destination.EncryptionConfiguration !== undefined || given.SourceSelectionCriteria?.SseKmsEncryptedObjects?.Status === 'Enabled', 'Replicating objects that are encrypted with KMS'],
    [destination.AccessControlTranslation !== undefined, 'Changing the owner of replicas'],
    [given.SourceSelectionCriteria?.ReplicaModifications?.Status === 'Enabled', 'Replicating changes of replicas'],
    [given.ExistingObjectReplication?.Status === 'Enabled', 'Replicating existing objects'],
  ] as const;
  for (const [asked, what] of extras) if (asked) throw errors.unsupported(what);
  const name = /^arn:aws[\w-]*:s3:::([^/]+)$/.exec(destination.Bucket)?.[1];
  if (name === undefined) throw errors.invalidArgument('Invalid bucket ARN.', 'Bucket', destination.Bucket);
  if (filter && !given.DeleteMarkerReplication?.Status) {
    throw errors.invalidRequest('DeleteMarkerReplication must be specified for this version of Cross Region Replication configuration schema. Please refer to S3 Developer Guide for more information.');
  }
  if (filter && given.Priority === undefined) throw errors.invalidRequest('Priority must be specified for this version of Cross Region Replication configuration schema. Please refer to S3 Developer Guide for more information.');
  return {
    id: given.ID ?? newId,
    enabled: status === 'Enabled',
    priority: given.Priority ?? 0,
    prefix: given.Prefix ?? filter?.Prefix ?? filter?.And?.Prefix ?? '',
    tags: tagsOf(filter?.And?.Tags ?? (filter?.Tag ? [filter.Tag] : []), 'object'),
    oldForm: filter === undefined,
    deleteMarkers: filter === undefined || given.DeleteMarkerReplication?.Status === 'Enabled',
    destination: name,
    account: destination.Account,
    storageClass: requireStorageClass(destination.StorageClass),
  };
}

function ruleOutput(rule: ReplicationRule): GivenRule {
  const tags = rule.tags.map(([Key, Value]) => ({ Key, Value }));
  const [tag] = tags;
  const combined = tags.length > 1 || (tags.length === 1 && rule.prefix !== '');
  const filter = combined ? { And: { ...(rule.prefix === '' ? {} : { Prefix: rule.prefix }), Tags: tags } } : tag ? { Tag: tag } : { Prefix: rule.prefix };
  return {
    ID: rule.id,
    Status: rule.enabled ? 'Enabled' : 'Disabled',
    ...(rule.oldForm ? { Prefix: rule.prefix } : { Priority: rule.priority, Filter: filter, DeleteMarkerReplication: { Status: rule.deleteMarkers ? 'Enabled' : 'Disabled' } }),
    Destination: {
      Bucket: bucketArn(rule.destination),
      ...(rule.account === undefined ? {} : { Account: rule.account }),
      ...(rule.storageClass === undefined ? {} : { StorageClass: rule.storageClass as 'STANDARD_IA' }),
    },
  };
}
