// Keys: eventConfigs [function, qualifier or $LATEST].
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';
import { defineTable } from '../../../kv/table.ts';
import type { Scope } from '../../../kv/table.ts';
import { latest } from '../store.ts';

const configs = defineTable<EventConfigRow>('lambda', 'eventConfigs', { remember: 256 });

/** What PutFunctionEventInvokeConfig says; members that it did not name are absent. */
export interface EventConfigRow {
  readonly qualifier: string;
  readonly modifiedAtMs: number;
  readonly retriesMax?: number;
  readonly ageSecondsMax?: number;
  readonly onSuccess?: string;
  readonly onFailure?: string;
}

export const findEventConfig = (tx: ReadTransaction, scope: Scope, name: string, qualifier: string | undefined): Promise<EventConfigRow | undefined> =>
  configs.get(tx, scope, [name, qualifier ?? latest]);

export const setEventConfig = (tx: Transaction, scope: Scope, name: string, row: EventConfigRow): void => configs.set(tx, scope, [name, row.qualifier], row);

export const clearEventConfig = (tx: Transaction, scope: Scope, name: string, qualifier: string | undefined): void => configs.clear(tx, scope, [name, qualifier ?? latest]);

/** Those of a function and all its versions and aliases. */
export const clearEventConfigs = (tx: Transaction, scope: Scope, name: string): void => configs.clearAll(tx, scope, [name]);

/** A page in the order of qualifiers. */
export async function listEventConfigs(tx: ReadTransaction, scope: Scope, name: string, page: { readonly limit: number; readonly after?: string | undefined }): Promise<EventConfigRow[]> {
  const after = page.after === undefined ? {} : { after: [name, page.after] };
  return (await configs.list(tx, scope, [name], { limit: page.limit, ...after })).map(({ row }) => row);
}
