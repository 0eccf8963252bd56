import { requireNotPendingDeletion, requireSwitchable, stateOf } from '../domain/keyState.ts';
import { errors } from '../errors.ts';
import { cancelDeletion, planDeletion, planRotation } from '../jobs/keyTimers.ts';
import { dayMs, deletionDays } from '../limits.ts';
import { accessKey, changeAccess, changeKey, operation } from '../operation.ts';
import { setKey } from '../store.ts';

export const enableKey = operation('EnableKey', {
  access: changeAccess('EnableKey'),
  async handle({ KeyId }, call, deps) {
    await changeKey(deps, call, KeyId, async (tx, { scope, row, arn }) => {
      requireSwitchable(row, arn, call.nowMs);
      const { rotation } = row;
      // A rotation that came due meanwhile is made up for (developer guide, "Rotating AWS KMS keys").
      const enabled = { ...row, enabled: true, ...(rotation && { rotation: { ...rotation, nextAtMs: Math.max(rotation.nextAtMs, call.nowMs) } }) };
      setKey(tx, scope, enabled);
      if (rotation !== undefined && !row.enabled) await planRotation(tx, deps.timers, scope, enabled);
    });
    return {};
  },
});

export const disableKey = operation('DisableKey', {
  access: changeAccess('DisableKey'),
  async handle({ KeyId }, call, deps) {
    await changeKey(deps, call, KeyId, async (tx, { scope, row, arn }) => {
      requireSwitchable(row, arn, call.nowMs);
      setKey(tx, scope, { ...row, enabled: false });
    });
    return {};
  },
});

export const updateKeyDescription = operation('UpdateKeyDescription', {
  access: changeAccess('UpdateKeyDescription'),
  async handle({ KeyId, Description = '' }, call, deps) {
    await changeKey(deps, call, KeyId, async (tx, { scope, row, arn }) => {
      requireNotPendingDeletion(row, arn, call.nowMs);
      setKey(tx, scope, { ...row, description: Description });
    });
    return {};
  },
});

export const scheduleKeyDeletion = operation('ScheduleKeyDeletion', {
  access: ({ KeyId, PendingWindowInDays }, call, deps) =>
    accessKey(deps, call, KeyId, { action: 'ScheduleKeyDeletion', conditions: { 'kms:ScheduleKeyDeletionPendingWindowInDays': String(PendingWindowInDays ?? deletionDays.usual) } }, { aliases: false }),
  async handle({ KeyId, PendingWindowInDays: days = deletionDays.usual }, call, deps) {
    if (days < deletionDays.min || days > deletionDays.max) {
      throw errors.validation(`1 validation error detected: Value '${days}' at 'pendingWindowInDays' failed to satisfy constraint: Member must be between ${deletionDays.min} and ${deletionDays.max}.`);
    }
    return await changeKey(deps, call, KeyId, async (tx, { scope, row, arn }) => {
      requireNotPendingDeletion(row, arn, call.nowMs);
      // "KMS will not delete a multi-Region primary key with existing replica keys" (API reference): it waits for them.
      const waits = row.multiRegion?.primaryRegion === scope.region && row.multiRegion.replicaRegions.length > 0;
      const atMs = waits ? undefined : call.nowMs + days * dayMs;
      setKey(tx, scope, { ...row, enabled: false, deletion: { days, atMs } });
      if (atMs === undefined) return { KeyId: arn, KeyState: 'PendingReplicaDeletion' as const, PendingWindowInDays: days };
      await planDeletion(tx, deps.timers, scope, row.id, atMs);
      return { KeyId: arn, DeletionDate: new Date(atMs), KeyState: 'PendingDeletion' as const, PendingWindowInDays: days };
    });
  },
});

/** The key is disabled afterwards (API reference, CancelKeyDeletion). */
export const cancelKeyDeletion = operation('CancelKeyDeletion', {
  access: changeAccess('CancelKeyDeletion'),
  async handle({ KeyId }, call, deps) {
    return await changeKey(deps, call, KeyId, async (tx, { scope, row, arn }) => {
      const state = stateOf(row, call.nowMs);
      if (state !== 'PendingDeletion' && state !== 'PendingReplicaDeletion') throw errors.notPendingDeletion(arn);
      const { deletion: _, ...rest } = row;
      setKey(tx, scope, { ...rest, enabled: false });
      await cancelDeletion(tx, deps.timers, scope, row.id);
      return { KeyId: arn };
    });
  },
});
