import { formatListToken, parseListToken } from './domain/tokens.ts';
import { describeScanMax } from './limits.ts';
import { listGroups } from './store.ts';
import type { GroupRow } from './store.ts';
import type { ReadTransaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';

export interface NamedGroup {
  readonly name: string;
  readonly group: GroupRow;
}

export interface GroupPageOptions {
  readonly limit: number;
  readonly token: string | undefined;
  readonly prefix?: string | undefined;
  /** Then a page may be short, or empty, and have a token. */
  readonly wants?: (group: NamedGroup) => boolean;
}

/** One page of groups in the order of their names, and the token of the next. */
export async function pageGroups(tx: ReadTransaction, scope: Scope, { limit, token, prefix, wants }: GroupPageOptions) {
  const after = token === undefined ? undefined : String(parseListToken('groups', token, ['string'])[0]);
  const scanned = await listGroups(tx, scope, {
    limit: (wants ? describeScanMax : limit) + 1,
    ...(prefix === undefined ? {} : { prefix }),
    ...(after === undefined ? {} : { after }),
  });
  const all = scanned.map(({ parts, row }): NamedGroup => ({ name: String(parts[0]), group: row }));
  const wanted = all.slice(0, describeScanMax).filter((group) => wants?.(group) ?? true);
  const found = wanted.slice(0, limit);
  const last = wanted.length > limit ? found.at(-1)?.name : all.length > describeScanMax ? all[describeScanMax - 1]?.name : undefined;
  return { found, next: last === undefined ? undefined : formatListToken('groups', [last]) };
}
