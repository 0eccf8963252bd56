// What is kept of Insights queries. The keys are told in store.ts.

import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import { defineTable } from '../../kv/table.ts';
import type { Scope } from '../../kv/table.ts';
import { everywhere } from './store.ts';

export type QueryStatus = 'Scheduled' | 'Running' | 'Complete' | 'Failed' | 'Cancelled' | 'Timeout';

export interface QueryStatistics {
  readonly recordsMatched: number;
  readonly recordsScanned: number;
  readonly bytesScanned: number;
}

export interface QueryRow {
  readonly queryString: string;
  readonly groupNames: readonly string[];
  readonly fromMs: number;
  /** Not included. */
  readonly beforeMs: number;
  readonly limit: number;
  readonly status: QueryStatus;
  readonly createdAtMs: number;
  readonly endedAtMs?: number;
  readonly statistics: QueryStatistics;
  readonly resultParts: number;
  readonly userArn: string;
}

export interface QueryDefinitionRow {
  readonly name: string;
  readonly queryString: string;
  readonly groupNames: readonly string[];
  readonly modifiedAtMs: number;
}

export const queries = defineTable<QueryRow>('logs', 'query');
export const queriesByTime = defineTable<object>('logs', 'queryByTime');
export const queryDefinitions = defineTable<QueryDefinitionRow>('logs', 'queryDefinition');
export const activeQueries = defineTable<object>('logs', 'activeQuery');
const queryResults = defineTable<{ readonly bytes: Uint8Array }>('logs', 'queryResult');

const partBytes = 64 * 1024;
/** Parts of one transaction. */
const partsAtOnce = 64;

export function setNewQuery(tx: Transaction, scope: Scope, queryId: string, row: QueryRow): void {
  queries.set(tx, scope, [queryId], row);
  queriesByTime.set(tx, scope, [row.createdAtMs, queryId], {});
  activeQueries.set(tx, everywhere, [scope.account, scope.region, queryId], {});
}

/** Whatever becomes of a query once it has ended. */
export function endQuery(tx: Transaction, scope: Scope, queryId: string, row: QueryRow): void {
  queries.set(tx, scope, [queryId], row);
  activeQueries.clear(tx, everywhere, [scope.account, scope.region, queryId]);
}

export async function clearQuery(tx: Transaction, scope: Scope, queryId: string): Promise<void> {
  const row = await queries.get(tx, scope, [queryId]);
  if (!row) return;
  queries.clear(tx, scope, [queryId]);
  queriesByTime.clear(tx, scope, [row.createdAtMs, queryId]);
  activeQueries.clear(tx, everywhere, [scope.account, scope.region, queryId]);
  queryResults.clearAll(tx, scope, [queryId]);
}

/** Stores a result in as many transactions as it takes; nobody sees it before the query has ended. Answers the number of parts. */
export async function storeResult(transact: (attempt: (tx: Transaction) => Promise<void>) => Promise<void>, scope: Scope, queryId: string, rows: readonly unknown[]): Promise<number> {
  const bytes = Buffer.from(JSON.stringify(rows));
  const count = Math.ceil(bytes.length / partBytes);
  for (let first = 0; first < count; first += partsAtOnce) {
    await transact(async (tx) => {
      for (let part = first; part < Math.min(count, first + partsAtOnce); part += 1) {
        queryResults.set(tx, scope, [queryId, part], { bytes: bytes.subarray(part * partBytes, (part + 1) * partBytes) });
      }
    });
  }
  return count;
}

export async function readResult<Row>(tx: ReadTransaction, scope: Scope, queryId: string, { resultParts }: QueryRow): Promise<Row[]> {
  if (resultParts === 0) return [];
  const parts = await queryResults.list(tx, scope, [queryId], { limit: resultParts });
  return JSON.parse(Buffer.concat(parts.map(({ row }) => row.bytes)).toString('utf8')) as Row[];
}
