// Keys, below no account, because all are kept ready by one runner: provisioned [account, region, function, version or alias].
import type { Key, ReadTransaction, Transaction } from '../../../kv/store.ts';
import { defineTable } from '../../../kv/table.ts';
import type { Scope } from '../../../kv/table.ts';
import type { FunctionReference, Place } from '../domain/functionName.ts';
import { addUsage, setFunction } from '../store.ts';
import type { FunctionRow, UsageRow } from '../store.ts';

const configs = defineTable<ProvisionedRow>('lambda', 'provisioned');
const everywhere: Scope = { account: '', region: '' };

/** Provisioned concurrency of a version or an alias. */
export interface ProvisionedRow extends Place {
  readonly name: string;
  readonly qualifier: string;
  readonly count: number;
  readonly modifiedAtMs: number;
  /** Another one with every change that whoever keeps environments ready must not miss. */
  readonly revision: number;
}

type Owner = Pick<FunctionReference, 'account' | 'region' | 'name'>;

/** Changes below it are changes of configurations. */
export const provisionedPrefix = (): Key => configs.key(everywhere, []);

export const findProvisioned = (tx: ReadTransaction, { account, region, name }: Owner, qualifier: string): Promise<ProvisionedRow | undefined> =>
  configs.get(tx, everywhere, [account, region, name, qualifier]);

/** A page of those of one function, by qualifier. */
export async function listProvisioned(tx: ReadTransaction, { account, region, name }: Owner, page: { readonly limit: number; readonly after?: string | undefined }): Promise<ProvisionedRow[]> {
  const after = page.after === undefined ? {} : { after: [account, region, name, page.after] };
  return (await configs.list(tx, everywhere, [account, region, name], { limit: page.limit, ...after })).map(({ row }) => row);
}

/** A page of all of the server. */
export async function listAllProvisioned(tx: ReadTransaction, page: { readonly limit: number; readonly after: ProvisionedRow | undefined }): Promise<ProvisionedRow[]> {
  const { after } = page;
  const behind = after === undefined ? {} : { after: [after.account, after.region, after.name, after.qualifier] };
  return (await configs.list(tx, everywhere, [], { limit: page.limit, ...behind })).map(({ row }) => row);
}

/** Writes what a version or alias is to have (undefined: nothing), and what that takes from others. Answers the function and the account's figures after it. */
export async function setProvisioned(tx: Transaction, head: FunctionRow, old: ProvisionedRow | undefined, next: ProvisionedRow | undefined): Promise<{ head: FunctionRow; usage: UsageRow }> {
  const row = next ?? old;
  if (row === undefined) throw new TypeError('nothing is changed');
  const parts = [row.account, row.region, row.name, row.qualifier];
  if (next === undefined) configs.clear(tx, everywhere, parts);
  else configs.set(tx, everywhere, parts, next);
  return setShares(tx, row, head, { ...head, provisionedConcurrency: (head.provisionedConcurrency ?? 0) + (next?.count ?? 0) - (old?.count ?? 0) });
}

/** Forgets what a version or alias has, if it has something: it is going away. */
export async function endProvisioned(tx: Transaction, head: FunctionRow, owner: Owner, qualifier: string): Promise<FunctionRow> {
  const old = await findProvisioned(tx, owner, qualifier);
  return old === undefined ? head : (await setProvisioned(tx, head, old, undefined)).head;
}

/** Forgets those of a function that is going away; its share is the caller's to give back. */
export function clearProvisioned(tx: Transaction, { account, region, name }: Owner): void {
  configs.clearAll(tx, everywhere, [account, region, name]);
}

/** An alias leads elsewhere: what is ready for it is to be made anew. */
export async function touchProvisioned(tx: Transaction, owner: Owner, qualifier: string): Promise<ProvisionedRow | undefined> {
  const row = await findProvisioned(tx, owner, qualifier);
  if (row !== undefined) configs.set(tx, everywhere, [row.account, row.region, row.name, row.qualifier], { ...row, revision: row.revision + 1 });
  return row;
}

/** What a function takes from the concurrency of its account: what is provisioned is part of what is reserved. */
export const shareOf = ({ reservedConcurrency = 0, provisionedConcurrency = 0 }: FunctionRow): number => Math.max(reservedConcurrency, provisionedConcurrency);

/** Writes a function whose share has changed, and counts that. */
export async function setShares(tx: Transaction, place: Place, old: FunctionRow, next: FunctionRow): Promise<{ head: FunctionRow; usage: UsageRow }> {
  const usage = await addUsage(tx, place, { reservedConcurrency: shareOf(next) - shareOf(old) });
  setFunction(tx, place, next);
  return { head: next, usage };
}
