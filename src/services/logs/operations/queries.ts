import { uuid } from '../../../base/ids.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import { formatListToken, parseListToken } from '../domain/tokens.ts';
import { invalidParameter, limitExceeded, malformedQuery, queryNotFound, unsupported } from '../errors.ts';
import { epochMs } from '../domain/epoch.ts';
import { parseQuery } from '../insights/parseQuery.ts';
import { QuerySyntaxError } from '../insights/syntax.ts';
import type { ResultRow } from '../insights/runQuery.ts';
import { activeQueriesMax, queryGroupsMax, queryItemsDefault, queryKeptMs, queryResultsMax } from '../limits.ts';
import { accountAccess, groupAccess, groupNameOf, operation, scopeOf } from '../operation.ts';
import type { LogsDeps } from '../operation.ts';
import { isActive } from '../queries.ts';
import { activeQueries, endQuery, queries, queriesByTime, readResult, setNewQuery } from '../queryStore.ts';
import type { QueryRow } from '../queryStore.ts';
import { everywhere, requireGroup } from '../store.ts';

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html

interface QueriedGroups {
  readonly logGroupName?: string | undefined;
  readonly logGroupNames?: readonly string[] | undefined;
  readonly logGroupIdentifiers?: readonly string[] | undefined;
}

export const startQuery = operation('StartQuery', {
  access: (input, call) => groupNames(input, call).map((name) => groupAccess('StartQuery', call, name)),
  async handle(input, call, { store, random, queries: running, timers }) {
    const { queryString = '', startTime = 0, endTime = 0, limit = queryResultsMax, queryLanguage = 'CWLI' } = input;
    if (queryLanguage !== 'CWLI') throw unsupported(`The query language ${queryLanguage}`);
    const names = groupNames(input, call);
    requireQuery(queryString);
    const [fromMs, beforeMs] = [epochMs(startTime), epochMs(endTime) + (epochMs(endTime) === endTime ? 1 : 1_000)];
    if (beforeMs <= fromMs) throw invalidParameter('The end time of a query must not be before its start time.');
    const scope = scopeOf(call);
    const queryId = uuid(random);
    const row: QueryRow = {
      ...{ queryString, groupNames: names, fromMs, beforeMs, limit, status: 'Scheduled', createdAtMs: call.nowMs, resultParts: 0, userArn: call.caller.kind === 'anonymous' ? '' : call.caller.arn },
      statistics: { recordsMatched: 0, recordsScanned: 0, bytesScanned: 0 },
    };
    await store.transact(async (tx) => {
      for (const name of names) await requireGroup(tx, scope, name);
      // Two that come at once must not both be the last that may.
      tx.guard(activeQueries.key(everywhere, [scope.account, scope.region]));
      const active = await activeQueries.list(tx, everywhere, [scope.account, scope.region], { limit: activeQueriesMax });
      if (active.length >= activeQueriesMax) throw limitExceeded();
      setNewQuery(tx, scope, queryId, row);
      await timers.set(tx, { service: 'logs', id: `query/${queryId}`, dueMs: call.nowMs + queryKeptMs, detail: scope });
      running.start(tx, scope, queryId);
    });
    return { queryId };
  },
});

export const getQueryResults = operation('GetQueryResults', {
  access: ({ queryId = '' }, call, deps) => queryAccess('GetQueryResults', queryId, call, deps),
  async handle({ queryId = '', nextToken, maxItems }, call, { store }) {
    const scope = scopeOf(call);
    const from = nextToken === undefined ? 0 : Number(parseListToken('results', nextToken, ['string', 'number'])[1]);
    return store.read(async (tx) => {
      const row = await requireStoredQuery(tx, scope, queryId);
      const results = await readResult<ResultRow>(tx, scope, queryId, row);
      const page = results.slice(from, maxItems === undefined ? undefined : from + maxItems);
      const next = from + page.length;
      return {
        queryLanguage: 'CWLI' as const,
        status: row.status,
        statistics: { ...row.statistics, estimatedRecordsSkipped: 0, estimatedBytesSkipped: 0, logGroupsScanned: row.groupNames.length },
        results: page.map((fields) => fields.map((field) => ({ ...field }))),
        ...(next < results.length ? { nextToken: formatListToken('results', [queryId, next]) } : {}),
      };
    });
  },
});

export const stopQuery = operation('StopQuery', {
  access: () => accountAccess('StopQuery'),
  async handle({ queryId = '' }, call, { store, queries: running }) {
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      const row = await requireStoredQuery(tx, scope, queryId);
      // "If you stop a query that has already ended, you get an error" (API reference).
      if (!isActive(row)) throw invalidParameter(`The query ${queryId} has ended: its status is ${row.status}.`);
      endQuery(tx, scope, queryId, { ...row, status: 'Cancelled', endedAtMs: call.nowMs });
    });
    running.cancel(queryId);
    return { success: true };
  },
});

export const describeQueries = operation('DescribeQueries', {
  access: () => accountAccess('DescribeQueries'),
  async handle({ logGroupName, status, maxResults = queryItemsDefault, nextToken, queryLanguage }, call, { store }) {
    const scope = scopeOf(call);
    const after = nextToken === undefined ? undefined : parseListToken('queries', nextToken, ['number', 'string']);
    const { scanned, found } = await store.read(async (tx) => {
      const entries = await queriesByTime.list(tx, scope, [], { limit: queryItemsDefault, reverse: true, ...(after ? { after } : {}) });
      const named = await Promise.all(entries.map(async ({ parts }) => ({ createdAtMs: Number(parts[0]), queryId: String(parts[1]), row: await queries.get(tx, scope, [String(parts[1])]) })));
      return { scanned: entries.length, found: named };
    });
    const wanted = found.flatMap(({ createdAtMs, queryId, row }) =>
      row && (logGroupName === undefined || row.groupNames.includes(logGroupName)) && (status === undefined || row.status === status) && (queryLanguage ?? 'CWLI') === 'CWLI' ? [{ createdAtMs, queryId, row }] : [],
    );
    const page = wanted.slice(0, maxResults);
    const last = wanted.length > page.length ? page.at(-1) : scanned === queryItemsDefault ? found.at(-1) : undefined;
    return {
      queries: page.map(({ queryId, row }) => ({
        ...{ queryLanguage: 'CWLI' as const, queryId, queryString: row.queryString, status: row.status, createTime: row.createdAtMs, bytesScanned: row.statistics.bytesScanned, userIdentity: row.userArn },
        ...(row.groupNames.length === 1 ? { logGroupName: row.groupNames[0] } : {}),
        ...(row.endedAtMs === undefined ? {} : { queryDuration: row.endedAtMs - row.createdAtMs }),
      })),
      ...(last ? { nextToken: formatListToken('queries', [last.createdAtMs, last.queryId]) } : {}),
    };
  },
});

export const listLogGroupsForQuery = operation('ListLogGroupsForQuery', {
  access: () => accountAccess('ListLogGroupsForQuery'),
  async handle({ queryId = '' }, call, { store }) {
    const row = await store.read((tx) => requireStoredQuery(tx, scopeOf(call), queryId));
    return { logGroupIdentifiers: [...row.groupNames] };
  },
});

/** Throws the service's error for a query that cannot be compiled. */
export function requireQuery(text: string): void {
  try {
    parseQuery(text);
  } catch (error) {
    if (error instanceof QuerySyntaxError) throw malformedQuery(error.message, error.start, error.end);
    throw error;
  }
}

async function requireStoredQuery(tx: Parameters<typeof queries.get>[0], scope: ReturnType<typeof scopeOf>, queryId: string): Promise<QueryRow> {
  return (await queries.get(tx, scope, [queryId])) ?? Promise.reject(queryNotFound());
}

/** Permission on the groups that a query reads. */
async function queryAccess(action: string, queryId: string, call: Call, { store }: LogsDeps): Promise<readonly AccessRequest[]> {
  const row = await store.read((tx) => queries.get(tx, scopeOf(call), [queryId]));
  return row ? row.groupNames.map((name) => groupAccess(action, call, name)) : [groupAccess(action, call, '*')];
}

function groupNames({ logGroupName, logGroupNames, logGroupIdentifiers }: QueriedGroups, call: Call): string[] {
  const given = [logGroupName === undefined ? undefined : [logGroupName], logGroupNames, logGroupIdentifiers].filter((names) => names !== undefined);
  if (given.length !== 1) throw invalidParameter('Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified.');
  const names = [...new Set((given[0] ?? []).map((logGroupIdentifier) => groupNameOf({ logGroupIdentifier }, call)))];
  if (names.length === 0 || names.length > queryGroupsMax) throw invalidParameter(`A query needs from 1 to ${queryGroupsMax} log groups.`);
  return names;
}
