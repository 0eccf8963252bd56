import type { KeyMetadata } from '@aws-sdk/client-kms';
import { algorithmsOf } from './domain/keySpecs.ts';
import { keyArn } from './domain/keyReference.ts';
import { stateOf } from './domain/keyState.ts';
import type { ExistingKey } from './keys.ts';

/** A key as CreateKey, DescribeKey and ReplicateKey tell it. */
export function describeKey({ scope, row, arn }: Pick<ExistingKey, 'scope' | 'row' | 'arn'>, nowMs: number): KeyMetadata {
  const state = stateOf(row, nowMs);
  const { deletion, imported, multiRegion } = row;
  const family = multiRegion && {
    MultiRegionKeyType: multiRegion.primaryRegion === scope.region ? ('PRIMARY' as const) : ('REPLICA' as const),
    PrimaryKey: relative(multiRegion.primaryRegion),
    ReplicaKeys: multiRegion.replicaRegions.map(relative),
  };
  function relative(region: string): { Arn: string; Region: string } {
    return { Arn: keyArn({ account: scope.account, region }, row.id), Region: region };
  }
  return {
    AWSAccountId: scope.account,
    KeyId: row.id,
    Arn: arn,
    CreationDate: new Date(row.createdAtMs),
    Enabled: state === 'Enabled',
    Description: row.description,
    KeyUsage: row.usage,
    KeyState: state ?? 'PendingDeletion',
    ...(deletion?.atMs !== undefined && { DeletionDate: new Date(deletion.atMs) }),
    ...(deletion && deletion.atMs === undefined && { PendingDeletionWindowInDays: deletion.days }),
    Origin: row.origin,
    ...(imported?.present === true && state !== 'PendingImport' && expiryOf(imported.expiresAtMs)),
    KeyManager: row.manager,
    CustomerMasterKeySpec: row.spec,
    KeySpec: row.spec,
    ...algorithmsOf(row.spec, row.usage),
    MultiRegion: multiRegion !== undefined,
    ...(family && { MultiRegionConfiguration: family }),
    ...(row.spec === 'SYMMETRIC_DEFAULT' && row.materialId !== undefined && state !== 'PendingImport' && { CurrentKeyMaterialId: row.materialId }),
  };
}

function expiryOf(expiresAtMs: number | undefined): Pick<KeyMetadata, 'ExpirationModel' | 'ValidTo'> {
  if (expiresAtMs === undefined) return { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' };
  return { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: new Date(expiresAtMs) };
}
