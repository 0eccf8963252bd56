import type { Transaction } from '../../kv/store.ts';
import { errors } from './errors.ts';
import { addToCount, clearEntity, countPolicyUse, type EntityRow } from './store.ts';

/** Deletes a role, user or group that nothing hangs on any more; throws DeleteConflict while something does. */
export async function deleteEntity(tx: Transaction, account: string, row: EntityRow): Promise<void> {
  if (row.attached.length > 0) throw errors.deleteConflict('Cannot delete entity, must detach all policies first.');
  if (row.inlineChars > 0) throw errors.deleteConflict('Cannot delete entity, must delete policies first.');
  if (row.kind === 'user' && row.accessKeyIds.length > 0) throw errors.deleteConflict('Cannot delete entity, must delete access keys first.');
  if (row.kind === 'user' && row.groups.length > 0) throw errors.deleteConflict('Cannot delete entity, must remove users from group first.');
  if (row.boundaryArn !== undefined) await countPolicyUse(tx, account, { policyArn: row.boundaryArn, use: 'boundary', row, delta: -1 });
  await addToCount(tx, account, row.kind, -1);
  clearEntity(tx, account, row);
}
