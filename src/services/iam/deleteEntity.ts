import type { Transaction } from '../../kv/store.ts';
import { errors } from './errors.ts';
import { listOwned, resourceTables } from './resourceStore.ts';
import { refuseWithCredentials } from './userCredentials.ts';
import { addToCount, clearEntity, countPolicyUse, nameKey, scopeOf, type EntityRow } from './store.ts';

/** Deletes a role, user or group that nothing hangs on any more; throws DeleteConflict while something does. */
export async function deleteEntity(tx: Transaction, account: string, row: EntityRow): Promise<void> {
  if (row.attached.length > 0) throw errors.deleteConflict('Cannot delete entity, must detach all policies first.');
  if (row.inlineChars > 0) throw errors.deleteConflict('Cannot delete entity, must delete policies first.');
  if (row.kind === 'user' && row.accessKeyIds.length > 0) throw errors.deleteConflict('Cannot delete entity, must delete access keys first.');
  if (row.kind === 'user' && row.groups.length > 0) throw errors.deleteConflict('Cannot delete entity, must remove users from group first.');
  await refuseWithResources(tx, account, row);
  if (row.boundaryArn !== undefined) await countPolicyUse(tx, account, { policyArn: row.boundaryArn, use: 'boundary', row, delta: -1 });
  await addToCount(tx, account, row.kind, -1);
  clearEntity(tx, account, row);
}

async function refuseWithResources(tx: Transaction, account: string, row: EntityRow): Promise<void> {
  if (row.kind === 'user') {
    const profile = await resourceTables.loginProfiles.get(tx, scopeOf(account), [nameKey(row.name)]);
    if (profile) throw errors.deleteConflict('Cannot delete entity, must delete login profile first.');
    const devices = await listOwned(resourceTables.mfaOfUser, tx, account, row.name, { limit: 1 });
    if (devices.length > 0) throw errors.deleteConflict('Cannot delete entity, must delete MFA device first.');
    await refuseWithCredentials(tx, account, row.name);
  }
  if (row.kind === 'role') {
    const profiles = await listOwned(resourceTables.profilesOfRole, tx, account, row.name, { limit: 1 });
    if (profiles.length > 0) throw errors.deleteConflict('Cannot delete entity, must remove roles from instance profile first.');
  }
}
