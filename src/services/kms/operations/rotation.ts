import { requireEnabled, requireNotPendingDeletion } from '../domain/keyState.ts';
import { errors } from '../errors.ts';
import { planRotation } from '../jobs/keyTimers.ts';
import { requireCustomerManaged, type ExistingKey } from '../keys.ts';
import { dayMs, itemsPerPage, onDemandRotationsMax, rotationDaysUsual } from '../limits.ts';
import { accessKey, askedKey, changeAccess, changeKey, operation } from '../operation.ts';
import { pageOf } from '../paging.ts';
import { addMaterial } from '../rotate.ts';
import { changeEverywhere, materials } from '../store.ts';

/** Only symmetric encryption keys whose material KMS made are rotated. */
function requireRotatable({ row, arn, scope }: ExistingKey): void {
  if (row.spec !== 'SYMMETRIC_DEFAULT') throw errors.unsupported(`${arn} is not a symmetric encryption KMS key.`);
  // DEVIATION: keys with imported material cannot be rotated on demand.
  if (row.origin !== 'AWS_KMS') throw errors.wrongOrigin(arn, row.origin);
  if (row.multiRegion !== undefined && row.multiRegion.primaryRegion !== scope.region) throw errors.notPrimary(arn);
}

export const enableKeyRotation = operation('EnableKeyRotation', {
  access: ({ KeyId, RotationPeriodInDays: days = rotationDaysUsual }, call, deps) =>
    accessKey(deps, call, KeyId, { action: 'EnableKeyRotation', conditions: { 'kms:RotationPeriodInDays': String(days) } }, { aliases: false }),
  async handle({ KeyId, RotationPeriodInDays }, call, deps) {
    await changeKey(deps, call, KeyId, async (tx, key) => {
      const { scope, row, arn } = key;
      requireEnabled(row, arn, call.nowMs);
      requireRotatable(key);
      const days = RotationPeriodInDays ?? row.rotation?.days ?? rotationDaysUsual;
      if (row.rotation?.days === days) return;
      const rotation = { days, nextAtMs: call.nowMs + days * dayMs };
      await changeEverywhere(tx, scope, row, (own) => ({ ...own, rotation }));
      await planRotation(tx, deps.timers, scope, { ...row, rotation });
    });
    return {};
  },
});

export const disableKeyRotation = operation('DisableKeyRotation', {
  access: changeAccess('DisableKeyRotation'),
  async handle({ KeyId }, call, deps) {
    await changeKey(deps, call, KeyId, async (tx, key) => {
      const { scope, row, arn } = key;
      requireEnabled(row, arn, call.nowMs);
      requireRotatable(key);
      const { rotation: _, ...rest } = row;
      await changeEverywhere(tx, scope, row, ({ rotation: _own, ...own }) => own);
      await planRotation(tx, deps.timers, scope, rest);
    });
    return {};
  },
});

export const getKeyRotationStatus = operation('GetKeyRotationStatus', {
  access: ({ KeyId }, call, deps) => accessKey(deps, call, KeyId, { action: 'GetKeyRotationStatus' }, { aliases: false }),
  async handle({ KeyId }, call, deps) {
    const { row, arn } = await askedKey(deps, call, KeyId);
    if (row.spec !== 'SYMMETRIC_DEFAULT') throw errors.unsupported(`${arn} is not a symmetric encryption KMS key.`);
    if (row.rotation === undefined || row.deletion !== undefined) return { KeyId: arn, KeyRotationEnabled: false };
    return { KeyId: arn, KeyRotationEnabled: true, RotationPeriodInDays: row.rotation.days, NextRotationDate: new Date(row.rotation.nextAtMs) };
  },
});

export const rotateKeyOnDemand = operation('RotateKeyOnDemand', {
  access: changeAccess('RotateKeyOnDemand'),
  async handle({ KeyId }, call, deps) {
    const material = deps.random.bytes(32);
    return await changeKey(deps, call, KeyId, async (tx, key) => {
      const { scope, row, arn } = key;
      requireEnabled(row, arn, call.nowMs);
      requireRotatable(key);
      if (row.onDemandRotations >= onDemandRotationsMax) {
        throw errors.limitExceeded(`The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: ${arn}`);
      }
      await addMaterial(tx, deps, scope, row, { material, atMs: call.nowMs, rotation: 'ON_DEMAND' });
      return { KeyId: arn };
    });
  },
});

export const listKeyRotations = operation('ListKeyRotations', {
  access: ({ KeyId }, call, deps) => accessKey(deps, call, KeyId, { action: 'ListKeyRotations' }, { aliases: false }),
  async handle(input, call, deps) {
    const key = await askedKey(deps, call, input.KeyId);
    const { scope, row, arn } = key;
    requireCustomerManaged(key);
    if (row.spec !== 'SYMMETRIC_DEFAULT') throw errors.unsupported(`${arn} is not a symmetric encryption KMS key.`);
    requireNotPendingDeletion(row, arn, call.nowMs);
    const all = await deps.store.read((tx) => materials.list(tx, scope, [row.id], { limit: 10_000 }));
    const sorted = all.map(({ parts, row: material }) => ({ id: String(parts[1]), ...material })).sort((a, b) => a.sequence - b.sequence);
    const wanted = input.IncludeKeyMaterial === 'ALL_KEY_MATERIAL' ? sorted : sorted.filter(({ rotation }) => rotation !== undefined);
    const read = async (after: string | undefined, limit: number) => wanted.filter(({ sequence }) => after === undefined || sequence > Number(after)).slice(0, limit);
    const { items, end } = await pageOf(input, itemsPerPage, read, ({ sequence }) => String(sequence));
    return {
      Rotations: items.map(({ id, rotation, createdAtMs, wrapped, description }) => ({
        KeyId: arn,
        KeyMaterialId: id,
        KeyMaterialState: id === row.materialId ? ('CURRENT' as const) : ('NON_CURRENT' as const),
        ...(rotation && { RotationType: rotation, RotationDate: new Date(createdAtMs) }),
        ...(row.origin === 'EXTERNAL' && { ImportState: wrapped ? ('IMPORTED' as const) : ('PENDING_IMPORT' as const) }),
        ...(description !== undefined && { KeyMaterialDescription: description }),
      })),
      ...end,
    };
  },
});
