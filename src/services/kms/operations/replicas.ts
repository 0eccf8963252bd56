import { tagConditions } from '../access.ts';
import { describeKey } from '../describe.ts';
import { keyArn } from '../domain/keyReference.ts';
import { defaultPolicy } from '../domain/keyPolicy.ts';
import { requireEnabled } from '../domain/keyState.ts';
import { errors } from '../errors.ts';
import { cancelRotationTimer, planRotation } from '../jobs/keyTimers.ts';
import type { ExistingKey } from '../keys.ts';
import { accessKey, changeKey, operation } from '../operation.ts';
import { checkPolicy } from '../policies.ts';
import { changeEverywhere, keys, materials, setKey, type KeyRow } from '../store.ts';
import { mergeTags } from '../tagging.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';

function requirePrimary({ row, scope, arn }: ExistingKey): NonNullable<KeyRow['multiRegion']> {
  if (row.multiRegion === undefined) throw errors.notMultiRegion(arn);
  if (row.multiRegion.primaryRegion !== scope.region) throw errors.notPrimary(arn);
  return row.multiRegion;
}

export const replicateKey = operation('ReplicateKey', {
  async access({ KeyId, ReplicaRegion = '', Tags }, call, deps) {
    const replicate = await accessKey(deps, call, KeyId, { action: 'ReplicateKey', conditions: { 'kms:ReplicaRegion': ReplicaRegion, ...tagConditions(Tags) } }, { aliases: false });
    const create = { action: 'kms:CreateKey', resource: '*', conditions: { 'kms:CallerAccount': call.account } };
    if (!Tags || Tags.length === 0) return [replicate, create];
    return [replicate, create, { action: 'kms:TagResource', resource: keyArn({ account: call.account, region: ReplicaRegion }, '*'), conditions: tagConditions(Tags) }];
  },
  async handle(input, call, deps) {
    const { ReplicaRegion: region = '' } = input;
    return await changeKey(deps, call, input.KeyId, async (tx, key) => {
      const { row, scope } = key;
      const family = requirePrimary(key);
      requireEnabled(row, key.arn, call.nowMs);
      const place = { account: scope.account, region };
      const arn = keyArn(place, row.id);
      if (region === scope.region || family.replicaRegions.includes(region)) throw errors.replicaExists(arn);
      const policy = input.Policy === undefined ? defaultPolicy(call.account) : checkPolicy(input.Policy, call, arn, input.BypassPolicyLockoutSafetyCheck ?? false);
      const multiRegion = { primaryRegion: scope.region, replicaRegions: [...family.replicaRegions, region] };
      await changeEverywhere(tx, scope, row, (own) => ({ ...own, multiRegion }));
      const replica: KeyRow = {
        ...row,
        createdAtMs: call.nowMs,
        description: input.Description ?? '',
        policy,
        tags: mergeTags([], input.Tags),
        aliases: [],
        grants: 0,
        multiRegion,
        // Imported material has to be imported into each of them (developer guide, "Importing key material into multi-Region keys").
        ...(row.origin === 'EXTERNAL' && { imported: { present: false, expiresAtMs: undefined } }),
      };
      setKey(tx, place, replica);
      if (row.origin === 'AWS_KMS') await copyMaterials(tx, scope, place, row.id);
      return {
        ReplicaKeyMetadata: describeKey({ scope: place, row: replica, arn }, call.nowMs),
        ReplicaPolicy: policy,
        ReplicaTags: replica.tags.map(({ TagKey, TagValue }) => ({ TagKey, TagValue })),
      };
    });
  },
});

async function copyMaterials(tx: Transaction, from: Scope, to: Scope, keyId: string): Promise<void> {
  for (const { parts, row } of await materials.list(tx, from, [keyId], { limit: 10_000 })) materials.set(tx, to, parts, row);
}

export const updatePrimaryRegion = operation('UpdatePrimaryRegion', {
  access: ({ KeyId, PrimaryRegion }, call, deps) => accessKey(deps, call, KeyId, { action: 'UpdatePrimaryRegion', conditions: { 'kms:PrimaryRegion': PrimaryRegion } }, { aliases: false }),
  async handle({ KeyId, PrimaryRegion: region = '' }, call, deps) {
    await changeKey(deps, call, KeyId, async (tx, key) => {
      const { row, scope, arn } = key;
      const family = requirePrimary(key);
      requireEnabled(row, arn, call.nowMs);
      const place = { account: scope.account, region };
      const chosen = family.replicaRegions.includes(region) ? await keys.get(tx, place, [row.id]) : undefined;
      if (!chosen) throw errors.noSuchKey(keyArn(place, row.id));
      requireEnabled(chosen, keyArn(place, row.id), call.nowMs);
      const multiRegion = { primaryRegion: region, replicaRegions: [...family.replicaRegions.filter((other) => other !== region), scope.region] };
      await changeEverywhere(tx, scope, row, (own) => ({ ...own, multiRegion }));
      await cancelRotationTimer(tx, deps.timers, scope, row.id);
      await planRotation(tx, deps.timers, scope, { ...row, multiRegion });
    });
    return {};
  },
});
