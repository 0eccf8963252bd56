// Versions whose snapshots have yet to be taken: [account, region, name, version] below no account, so that a start finds them all.
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';
import { defineTable } from '../../../kv/table.ts';
import type { Scope } from '../../../kv/table.ts';
import type { Place } from '../domain/functionName.ts';

const pending = defineTable<object>('lambda', 'pendingSnapshots');
const everywhere: Scope = { account: '', region: '' };

export interface PendingSnapshot {
  readonly place: Place;
  readonly name: string;
  readonly version: string;
}

export const setPendingSnapshot = (tx: Transaction, { account, region }: Place, name: string, version: string): void => pending.set(tx, everywhere, [account, region, name, version], {});

export const clearPendingSnapshot = (tx: Transaction, { account, region }: Place, name: string, version: string): void => pending.clear(tx, everywhere, [account, region, name, version]);

export async function listPendingSnapshots(tx: ReadTransaction, limit: number): Promise<PendingSnapshot[]> {
  return (await pending.list(tx, everywhere, [], { limit })).map(({ parts: [account, region, name, version] }) => ({
    place: { account: String(account), region: String(region) }, name: String(name), version: String(version),
  }));
}
