import type { Transaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { changeEverywhere, materials, regionsOf, type KeyRow, type MaterialRow } from './store.ts';
import type { Vault } from './vault.ts';

interface NewMaterial {
  readonly material: Uint8Array;
  readonly atMs: number;
  readonly rotation: 'AUTOMATIC' | 'ON_DEMAND';
}

/** Gives a key new material, in every region where it exists; what was encrypted with the earlier ones can still be read. */
export async function addMaterial(tx: Transaction, { vault }: { readonly vault: Vault }, scope: Scope, row: KeyRow, added: NewMaterial): Promise<KeyRow> {
  const materialId = vault.identify(row.id, added.material);
  const current = row.materialId === undefined ? undefined : await materials.get(tx, scope, [row.id, row.materialId]);
  const entry: MaterialRow = {
    wrapped: vault.wrap(added.material, materialId),
    createdAtMs: added.atMs,
    sequence: (current?.sequence ?? 0) + 1,
    rotation: added.rotation,
    description: undefined,
  };
  for (const region of regionsOf(scope, row)) materials.set(tx, { account: scope.account, region }, [row.id, materialId], entry);
  const onDemandRotations = row.onDemandRotations + (added.rotation === 'ON_DEMAND' ? 1 : 0);
  const { rotation } = row;
  const shared = { materialId, onDemandRotations, ...(rotation && { rotation }) };
  await changeEverywhere(tx, scope, row, (own) => ({ ...own, ...shared }));
  return { ...row, ...shared };
}
