// Lists of secrets in any order: one pass over the rows that keeps no more than a page.
import type { ReadTransaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { passesFilters } from './domain/filters.ts';
import type { SecretFilter } from './domain/filters.ts';
import { secretArn } from './domain/secretId.ts';
import { formatToken, parseToken } from './domain/tokens.ts';
import { scanRows } from './limits.ts';
import type { FoundSecret } from './lookup.ts';
import { secrets } from './store.ts';
import type { SecretRow } from './store.ts';

export interface SecretPageOptions {
  readonly filters: readonly SecretFilter[];
  readonly limit: number;
  readonly token: string | undefined;
  readonly includePlannedDeletion?: boolean | undefined;
  readonly sortBy?: string | undefined;
  readonly descending?: boolean;
}

interface Entry extends FoundSecret {
  readonly rank: number;
}

/** One page, and the token of the next. */
export async function pageSecrets(tx: ReadTransaction, scope: Scope, options: SecretPageOptions): Promise<{ found: FoundSecret[]; next: string | undefined }> {
  const { limit, token, sortBy = 'created-date', descending = false } = options;
  const kind = `secrets/${sortBy}/${descending ? 'desc' : 'asc'}`;
  const start = token === undefined ? undefined : parseToken(kind, token, ['number', 'string']);
  const after = start && { rank: Number(start[0]), name: String(start[1]) };
  const direction = descending ? -1 : 1;
  const order = (a: Pick<Entry, 'rank' | 'name'>, b: Pick<Entry, 'rank' | 'name'>): number => direction * (a.rank - b.rank || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));

  let page: Entry[] = [];
  for await (const { name, secret } of eachSecret(tx, scope)) {
    const entry: Entry = { scope, name, secret, arn: secretArn(scope, name, secret.suffix), rank: rankOf(secret, sortBy) };
    if (secret.deletesAtMs !== undefined && !options.includePlannedDeletion) continue;
    if (after !== undefined && order(entry, after) <= 0) continue;
    if (!passesFilters({ name, description: secret.description ?? '', tags: secret.tags ?? {}, primaryRegion: secret.primaryRegion ?? '' }, options.filters)) continue;
    page.push(entry);
    // Sorting now and then keeps what is held to a few pages.
    if (page.length >= 4 * (limit + 1)) page = page.sort(order).slice(0, limit + 1);
  }
  page.sort(order);
  const found = page.slice(0, limit);
  const last = page.length > limit ? found.at(-1) : undefined;
  return { found, next: last && formatToken(kind, [last.rank, last.name]) };
}

async function* eachSecret(tx: ReadTransaction, scope: Scope): AsyncGenerator<{ name: string; secret: SecretRow }> {
  let after: string | undefined;
  for (;;) {
    const rows = await secrets.list(tx, scope, [], { limit: scanRows, ...(after === undefined ? {} : { after: [after] }) });
    for (const { parts, row } of rows) yield { name: String(parts[0]), secret: row };
    const last = rows.at(-1);
    if (last === undefined || rows.length < scanRows) return;
    after = String(last.parts[0]);
  }
}

function rankOf({ createdAtMs, accessedAtMs, changedAtMs }: SecretRow, sortBy: string): number {
  if (sortBy === 'name') return 0;
  if (sortBy === 'last-accessed-date') return accessedAtMs ?? 0;
  return sortBy === 'last-changed-date' ? changedAtMs : createdAtMs;
}
