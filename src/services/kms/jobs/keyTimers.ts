// What happens to keys by the product clock: a scheduled deletion comes due, a key is rotated. (Imported material expires by being
// looked at: `stateOf` compares times.)

import { InvariantError } from '../../../base/errors.ts';
import type { Random } from '../../../base/random.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';
import type { FiredTimer, Timers } from '../../../kv/timers.ts';
import { stateOf } from '../domain/keyState.ts';
import { dayMs } from '../limits.ts';
import { clearKey, keys, setKey, type KeyRow } from '../store.ts';
import { addMaterial } from '../rotate.ts';
import type { Vault } from '../vault.ts';

interface TimerDetail {
  readonly kind: 'delete' | 'rotate';
  readonly account: string;
  readonly region: string;
  readonly keyId: string;
}

interface JobDeps {
  readonly timers: Timers;
  readonly vault: Vault;
  readonly random: Random;
}

const service = 'kms';

/** Once, before the timers start. */
export function handleKeyTimers(deps: JobDeps): void {
  deps.timers.handle(service, async (tx, timer) => {
    const detail = detailOf(timer);
    const scope = { account: detail.account, region: detail.region };
    const row = await keys.get(tx, scope, [detail.keyId]);
    if (!row) return;
    if (detail.kind === 'delete') await removeKey(tx, deps, scope, row, timer.dueMs);
    else await rotateByTime(tx, deps, scope, row, timer.dueMs);
  });
}

export async function planDeletion(tx: Transaction, timers: Timers, scope: Scope, keyId: string, atMs: number): Promise<void> {
  await timers.set(tx, { ...timerId('delete', scope, keyId), dueMs: atMs, detail: { kind: 'delete', ...scope, keyId } });
}

export async function cancelDeletion(tx: Transaction, timers: Timers, scope: Scope, keyId: string): Promise<void> {
  await timers.clear(tx, timerId('delete', scope, keyId));
}

/** Of a multi-region key, its primary's timer rotates it everywhere. */
export async function planRotation(tx: Transaction, timers: Timers, scope: Scope, row: KeyRow): Promise<void> {
  const region = row.multiRegion?.primaryRegion ?? scope.region;
  const place = { account: scope.account, region };
  if (row.rotation === undefined) await timers.clear(tx, timerId('rotate', place, row.id));
  else await timers.set(tx, { ...timerId('rotate', place, row.id), dueMs: row.rotation.nextAtMs, detail: { kind: 'rotate', ...place, keyId: row.id } });
}

export async function cancelRotationTimer(tx: Transaction, timers: Timers, scope: Scope, keyId: string): Promise<void> {
  await timers.clear(tx, timerId('rotate', scope, keyId));
}

function timerId(kind: TimerDetail['kind'], { account, region }: Scope, keyId: string): { service: string; id: string } {
  return { service, id: `${kind}/${account}/${region}/${keyId}` };
}

function detailOf({ id, detail }: FiredTimer): TimerDetail {
  if (detail === undefined || !('kind' in detail)) throw new InvariantError('a timer of a key without its detail', { id });
  return detail as TimerDetail;
}

async function removeKey(tx: Transaction, { timers, vault }: JobDeps, scope: Scope, row: KeyRow, dueMs: number): Promise<void> {
  if (row.deletion?.atMs === undefined || row.deletion.atMs > dueMs) return;
  clearKey(tx, scope, row);
  await timers.clear(tx, timerId('rotate', scope, row.id));
  const { materialId, multiRegion } = row;
  if (materialId !== undefined) tx.afterCommit(() => vault.forget({ keyId: row.id, materialId }));
  if (multiRegion && multiRegion.primaryRegion !== scope.region) await leaveFamily(tx, timers, scope, row, dueMs);
}

/** The primary key that waited for its last replica begins its own waiting period (developer guide, "Deleting multi-Region primary keys"). */
async function leaveFamily(tx: Transaction, timers: Timers, { account, region }: Scope, row: KeyRow, nowMs: number): Promise<void> {
  const primaryRegion = row.multiRegion?.primaryRegion ?? '';
  for (const other of [primaryRegion, ...(row.multiRegion?.replicaRegions ?? [])].filter((name) => name !== region)) {
    const scope = { account, region: other };
    const relative = await keys.get(tx, scope, [row.id]);
    if (!relative) continue;
    const replicaRegions = (relative.multiRegion?.replicaRegions ?? []).filter((name) => name !== region);
    const waits = other === primaryRegion && relative.deletion !== undefined && relative.deletion.atMs === undefined && replicaRegions.length === 0;
    const days = relative.deletion?.days ?? 0;
    const atMs = nowMs + days * dayMs;
    setKey(tx, scope, { ...relative, multiRegion: { primaryRegion, replicaRegions }, ...(waits && { deletion: { days, atMs } }) });
    if (waits) await planDeletion(tx, timers, scope, row.id, atMs);
  }
}

async function rotateByTime(tx: Transaction, deps: JobDeps, scope: Scope, row: KeyRow, dueMs: number): Promise<void> {
  // A key that is not in use keeps its date, and is rotated as soon as it is enabled again (developer guide, "Rotating AWS KMS keys").
  if (row.rotation === undefined || row.rotation.nextAtMs > dueMs || stateOf(row, dueMs) !== 'Enabled') return;
  const rotation = { days: row.rotation.days, nextAtMs: dueMs + row.rotation.days * dayMs };
  const rotated = await addMaterial(tx, deps, scope, { ...row, rotation }, { material: deps.random.bytes(32), atMs: dueMs, rotation: 'AUTOMATIC' });
  await planRotation(tx, deps.timers, scope, rotated);
}
