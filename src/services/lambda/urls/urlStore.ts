// Keys: urls [function, alias or ''] per account and region | urlIds [id] for all.
import { createHash } from 'node:crypto';
import { rangeLimitMax } from '../../../kv/limits.ts';
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';
import { defineTable } from '../../../kv/table.ts';
import type { Scope } from '../../../kv/table.ts';
import type { FunctionReference, Place } from '../domain/functionName.ts';

const urls = defineTable<UrlRow>('lambda', 'urls', { remember: 256 });
const urlIds = defineTable<UrlOwner>('lambda', 'urlIds', { remember: 256 });
const everywhere: Scope = { account: '', region: '' };

/** What CreateFunctionUrlConfig says. */
export interface UrlRow {
  /** Of the alias; empty for the function itself. */
  readonly qualifier: string;
  readonly authType: 'AWS_IAM' | 'NONE';
  readonly invokeMode: 'BUFFERED' | 'RESPONSE_STREAM';
  readonly cors?: UrlCors;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
}

export interface UrlCors {
  readonly allowCredentials?: boolean;
  readonly allowHeaders?: readonly string[];
  readonly allowMethods?: readonly string[];
  readonly allowOrigins?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  readonly maxAgeSeconds?: number;
}

interface UrlOwner extends Place {
  readonly name: string;
  readonly qualifier: string;
}

/** 32 letters and digits, the same whenever the same function or alias gets a URL: what was configured with it goes on working. */
export function urlIdOf({ account, region, name, qualifier }: UrlOwner): string {
  const bytes = createHash('sha256').update(`function url ${account}/${region}/${name}/${qualifier}`).digest();
  // Bytes 0 to 255 onto 32 characters: each is as likely as the others.
  return Array.from(bytes.subarray(0, 32), (byte) => 'abcdefghijklmnopqrstuvwxyz234567'.charAt(byte & 31)).join('');
}

export const findUrl = (tx: ReadTransaction, scope: Scope, name: string, qualifier: string | undefined): Promise<UrlRow | undefined> =>
  urls.get(tx, scope, [name, qualifier ?? '']);

/** The URL of an id, and whose it is. */
export async function findUrlById(tx: ReadTransaction, urlId: string): Promise<{ readonly row: UrlRow; readonly reference: FunctionReference } | undefined> {
  const owner = await urlIds.get(tx, everywhere, [urlId]);
  const row = owner && (await urls.get(tx, owner, [owner.name, owner.qualifier]));
  if (owner === undefined || row === undefined) return undefined;
  const { account, region, name, qualifier } = owner;
  return { row, reference: { account, region, name, qualifier: qualifier === '' ? undefined : qualifier } };
}

export function setUrl(tx: Transaction, place: Place, name: string, row: UrlRow): void {
  const owner: UrlOwner = { account: place.account, region: place.region, name, qualifier: row.qualifier };
  urls.set(tx, place, [name, row.qualifier], row);
  urlIds.set(tx, everywhere, [urlIdOf(owner)], owner);
}

export function clearUrl(tx: Transaction, place: Place, name: string, qualifier: string | undefined): void {
  urls.clear(tx, place, [name, qualifier ?? '']);
  urlIds.clear(tx, everywhere, [urlIdOf({ account: place.account, region: place.region, name, qualifier: qualifier ?? '' })]);
}

/** Those of a function and all its aliases. */
export async function clearUrls(tx: Transaction, place: Place, name: string): Promise<void> {
  for (const row of await listUrls(tx, place, name, { limit: rangeLimitMax })) clearUrl(tx, place, name, row.qualifier);
}

/** A page in the order of aliases, the function's own first. */
export async function listUrls(tx: ReadTransaction, scope: Scope, name: string, page: { readonly limit: number; readonly after?: string | undefined }): Promise<UrlRow[]> {
  const after = page.after === undefined ? {} : { after: [name, page.after] };
  return (await urls.list(tx, scope, [name], { limit: page.limit, ...after })).map(({ row }) => row);
}
