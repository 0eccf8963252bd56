import { uuid } from '../../../base/ids.ts';
import { formatListToken, parseListToken } from '../domain/tokens.ts';
import { invalidParameter, limitExceeded, resourceNotFound, unsupported } from '../errors.ts';
import { describeScanMax, queryDefinitionsMax, queryItemsDefault } from '../limits.ts';
import { accountAccess, operation, scopeOf } from '../operation.ts';
import { queryDefinitions } from '../queryStore.ts';
import { requireQuery } from './queries.ts';

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html

export const putQueryDefinition = operation('PutQueryDefinition', {
  access: () => accountAccess('PutQueryDefinition'),
  async handle({ name = '', queryDefinitionId, logGroupNames = [], queryString = '', queryLanguage = 'CWLI', parameters }, call, { store, random }) {
    if (queryLanguage !== 'CWLI') throw unsupported(`The query language ${queryLanguage}`);
    if (parameters && parameters.length > 0) throw unsupported('Parameters of a query definition');
    requireQuery(queryString);
    const scope = scopeOf(call);
    const id = queryDefinitionId ?? uuid(random);
    await store.transact(async (tx) => {
      tx.guard(queryDefinitions.key(scope, []));
      if (queryDefinitionId !== undefined && !(await queryDefinitions.get(tx, scope, [queryDefinitionId]))) throw resourceNotFound();
      const all = await queryDefinitions.list(tx, scope, [], { limit: queryDefinitionsMax });
      if (all.some(({ parts, row }) => row.name === name && parts[0] !== id)) throw invalidParameter(`A query definition of the name ${name} exists already.`);
      if (queryDefinitionId === undefined && all.length >= queryDefinitionsMax) throw limitExceeded();
      queryDefinitions.set(tx, scope, [id], { name, queryString, groupNames: logGroupNames, modifiedAtMs: call.nowMs });
    });
    return { queryDefinitionId: id };
  },
});

export const describeQueryDefinitions = operation('DescribeQueryDefinitions', {
  access: () => accountAccess('DescribeQueryDefinitions'),
  async handle({ queryDefinitionNamePrefix = '', maxResults = queryItemsDefault, nextToken, queryLanguage = 'CWLI' }, call, { store }) {
    const after = nextToken === undefined ? undefined : String(parseListToken('queryDefinitions', nextToken, ['string'])[0]);
    const all = await store.read((tx) => queryDefinitions.list(tx, scopeOf(call), [], { limit: describeScanMax }));
    const wanted = all
      .map(({ parts, row }) => ({ id: String(parts[0]), row }))
      .filter(({ row }) => row.name.startsWith(queryDefinitionNamePrefix) && queryLanguage === 'CWLI' && (after === undefined || row.name > after))
      .sort((a, b) => (a.row.name < b.row.name ? -1 : 1));
    const page = wanted.slice(0, maxResults);
    const last = wanted.length > page.length ? page.at(-1) : undefined;
    return {
      queryDefinitions: page.map(({ id, row }) => ({ queryLanguage: 'CWLI' as const, queryDefinitionId: id, name: row.name, queryString: row.queryString, lastModified: row.modifiedAtMs, logGroupNames: [...row.groupNames] })),
      ...(last ? { nextToken: formatListToken('queryDefinitions', [last.row.name]) } : {}),
    };
  },
});

export const deleteQueryDefinition = operation('DeleteQueryDefinition', {
  access: () => accountAccess('DeleteQueryDefinition'),
  async handle({ queryDefinitionId = '' }, call, { store }) {
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      if (!(await queryDefinitions.get(tx, scope, [queryDefinitionId]))) throw resourceNotFound();
      queryDefinitions.clear(tx, scope, [queryDefinitionId]);
    });
    return { success: true };
  },
});
