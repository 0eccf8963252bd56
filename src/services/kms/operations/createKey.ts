import { hexId, uuid } from '../../../base/ids.ts';
import { tagConditions } from '../access.ts';
import { describeKey } from '../describe.ts';
import { keyArn } from '../domain/keyReference.ts';
import { defaultPolicy } from '../domain/keyPolicy.ts';
import { parseSpec, requireUsage } from '../domain/keySpecs.ts';
import { errors } from '../errors.ts';
import { newKey, setFirstMaterial } from '../keys.ts';
import { operation } from '../operation.ts';
import { checkPolicy } from '../policies.ts';
import { setKey, type KeyRow } from '../store.ts';
import { mergeTags } from '../tagging.ts';

export const createKey = operation('CreateKey', {
  access(input, call) {
    const { KeySpec = input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT', KeyUsage = 'ENCRYPT_DECRYPT', Origin = 'AWS_KMS' } = input;
    const conditions = {
      'kms:CallerAccount': call.account,
      'kms:KeySpec': KeySpec,
      'kms:KeyUsage': KeyUsage,
      'kms:KeyOrigin': Origin,
      'kms:MultiRegion': String(input.MultiRegion ?? false),
      'kms:BypassPolicyLockoutSafetyCheck': String(input.BypassPolicyLockoutSafetyCheck ?? false),
      ...tagConditions(input.Tags),
    };
    const create = { action: 'kms:CreateKey', resource: '*', conditions };
    return input.Tags && input.Tags.length > 0 ? [create, { action: 'kms:TagResource', resource: keyArn(call, '*'), conditions: tagConditions(input.Tags) }] : create;
  },
  async handle(input, call, { store, vault, random }) {
    if (input.CustomKeyStoreId !== undefined) throw errors.noSuchKeyStore(input.CustomKeyStoreId);
    const { Origin: origin = 'AWS_KMS' } = input;
    if (origin !== 'AWS_KMS' && origin !== 'EXTERNAL') throw errors.validation(`You must specify a CustomKeyStoreId value for keys with the origin ${origin}.`);
    if (input.XksKeyId !== undefined) throw errors.validation('XksKeyId is valid only for keys with the origin EXTERNAL_KEY_STORE.');
    if (input.KeySpec !== undefined && input.CustomerMasterKeySpec !== undefined && input.KeySpec !== input.CustomerMasterKeySpec) {
      throw errors.validation('You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.');
    }
    const spec = parseSpec(input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT');
    const usage = requireUsage(spec, input.KeyUsage);
    const scope = { account: call.account, region: call.region };
    const id = input.MultiRegion === true ? `mrk-${hexId(random, 32)}` : uuid(random);
    const arn = keyArn(scope, id);
    const policy = input.Policy === undefined ? defaultPolicy(call.account) : checkPolicy(input.Policy, call, arn, input.BypassPolicyLockoutSafetyCheck ?? false);
    const material = origin === 'AWS_KMS' ? await vault.generate(spec) : undefined;
    const row: KeyRow = {
      ...newKey({ id, nowMs: call.nowMs, policy }),
      description: input.Description ?? '',
      spec,
      usage,
      origin,
      tags: mergeTags([], input.Tags),
      materialId: material && vault.identify(id, material),
      ...(input.MultiRegion === true && { multiRegion: { primaryRegion: call.region, replicaRegions: [] } }),
    };
    await store.transact(async (tx) => {
      setKey(tx, scope, row);
      if (material && row.materialId !== undefined) setFirstMaterial(tx, vault, scope, row, material, row.materialId);
    });
    return { KeyMetadata: describeKey({ scope, row, arn }, call.nowMs) };
  },
});
