import { errors } from '../errors.ts';
import type { KeyRow } from '../store.ts';

export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion' | 'PendingImport' | 'PendingReplicaDeletion';

/** Undefined once a scheduled deletion is due, whether or not its rows have been taken out yet. */
export function stateOf(row: KeyRow, nowMs: number): KeyState | undefined {
  if (row.deletion) {
    if (row.deletion.atMs === undefined) return 'PendingReplicaDeletion';
    return row.deletion.atMs <= nowMs ? undefined : 'PendingDeletion';
  }
  if (row.origin === 'EXTERNAL' && !hasMaterial(row, nowMs)) return 'PendingImport';
  return row.enabled ? 'Enabled' : 'Disabled';
}

function hasMaterial({ imported }: KeyRow, nowMs: number): boolean {
  return imported?.present === true && (imported.expiresAtMs === undefined || imported.expiresAtMs > nowMs);
}

/** For what uses the key: only an enabled one can be (developer guide, "Key states of KMS keys"). */
export function requireEnabled(row: KeyRow, arn: string, nowMs: number): void {
  const state = stateOf(row, nowMs);
  if (state === 'Disabled') throw errors.disabled(arn);
  refuseStates(state, arn, ['PendingDeletion', 'PendingReplicaDeletion', 'PendingImport']);
}

/** For what changes the key: one that is about to go stays as it is. */
export function requireNotPendingDeletion(row: KeyRow, arn: string, nowMs: number): void {
  refuseStates(stateOf(row, nowMs), arn, ['PendingDeletion', 'PendingReplicaDeletion']);
}

/** For enabling and disabling, which need material as well. */
export function requireSwitchable(row: KeyRow, arn: string, nowMs: number): void {
  refuseStates(stateOf(row, nowMs), arn, ['PendingDeletion', 'PendingReplicaDeletion', 'PendingImport']);
}

function refuseStates(state: KeyState | undefined, arn: string, refused: readonly KeyState[]): void {
  if (state === undefined || !refused.includes(state)) return;
  if (state === 'PendingImport') throw errors.pendingImport(arn);
  throw state === 'PendingReplicaDeletion' ? errors.pendingReplicaDeletion(arn) : errors.pendingDeletion(arn);
}
