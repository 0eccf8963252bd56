import { uuid } from '../../../base/ids.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';
import { ownArn, parseOwnArn } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { apiDestinationsMax, pageRows } from '../limits.ts';
import { makeToken, nowOf, operation, readToken, scopeOf } from '../operation.ts';
import { type ApiDestinationRow, apiDestinations, connections } from '../store.ts';

const accessTo = (action: string, { account, region }: Scope, name: string | undefined) => ({ action: `events:${action}`, resource: ownArn({ account, region }, 'api-destination', name ?? '') });

const createApiDestination = operation('CreateApiDestination', {
  access: (input, call) => [accessTo('CreateApiDestination', call, input.Name), { action: 'events:CreateApiDestination', resource: input.ConnectionArn ?? '' }],
  async handle(input, call, deps) {
    const { Name: name = '', ConnectionArn: connectionArn = '', InvocationEndpoint: endpoint = '', HttpMethod: method = '', Description: description, InvocationRateLimitPerSecond: rate } = input;
    const scope = scopeOf(call);
    requireEndpoint(endpoint);
    const nowMs = nowOf(deps);
    const row: ApiDestinationRow = { id: uuid(deps.random), createdAtMs: nowMs, modifiedAtMs: nowMs, connectionArn, endpoint, method, ...(description ? { description } : {}), ...(rate === undefined ? {} : { ratePerSecond: rate }) };
    const active = await deps.store.transact(async (tx) => {
      if (await apiDestinations.get(tx, scope, [name])) throw errors.apiDestinationExists(name);
      if ((await apiDestinations.list(tx, scope, [], { limit: apiDestinationsMax })).length >= apiDestinationsMax) throw errors.limit();
      await requireConnectionArn(tx, scope, connectionArn);
      apiDestinations.set(tx, scope, [name], row);
      return isActive(tx, row);
    });
    return summary(scope, name, row, active);
  },
});

const updateApiDestination = operation('UpdateApiDestination', {
  access: (input, call) => accessTo('UpdateApiDestination', call, input.Name),
  async handle(input, call, deps) {
    const { Name: name = '', ConnectionArn, InvocationEndpoint, HttpMethod, Description, InvocationRateLimitPerSecond: rate } = input;
    const scope = scopeOf(call);
    if (InvocationEndpoint !== undefined) requireEndpoint(InvocationEndpoint);
    const { row, active } = await deps.store.transact(async (tx) => {
      const old = await requireApiDestination(tx, scope, name);
      if (ConnectionArn !== undefined) await requireConnectionArn(tx, scope, ConnectionArn);
      const next: ApiDestinationRow = {
        ...old,
        modifiedAtMs: nowOf(deps),
        connectionArn: ConnectionArn ?? old.connectionArn,
        endpoint: InvocationEndpoint ?? old.endpoint,
        method: HttpMethod ?? old.method,
        ...(Description === undefined ? {} : { description: Description }),
        ...(rate === undefined ? {} : { ratePerSecond: rate }),
      };
      apiDestinations.set(tx, scope, [name], next);
      return { row: next, active: await isActive(tx, next) };
    });
    return summary(scope, name, row, active);
  },
});

const describeApiDestination = operation('DescribeApiDestination', {
  access: (input, call) => accessTo('DescribeApiDestination', call, input.Name),
  async handle({ Name: name = '' }, call, { store }) {
    const scope = scopeOf(call);
    return store.read(async (tx) => {
      const row = await requireApiDestination(tx, scope, name);
      return { ...listed(scope, name, row, await isActive(tx, row)), ...(row.description === undefined ? {} : { Description: row.description }) };
    });
  },
});

const listApiDestinations = operation('ListApiDestinations', {
  access: () => ({ action: 'events:ListApiDestinations', resource: '*' }),
  async handle({ NamePrefix = '', ConnectionArn, NextToken, Limit = 100 }, call, { store }) {
    const scope = scopeOf(call);
    const after = readToken(NextToken);
    return store.read(async (tx) => {
      const rows = await apiDestinations.list(tx, scope, [], { limit: pageRows, ...(after === undefined ? {} : { after: [after] }) });
      const fitting = rows.filter(({ parts, row }) => String(parts[0]).startsWith(NamePrefix) && (ConnectionArn ?? row.connectionArn) === row.connectionArn);
      const page = fitting.slice(0, Limit);
      const last = page.at(-1);
      return {
        ApiDestinations: await Promise.all(page.map(async ({ parts, row }) => listed(scope, String(parts[0]), row, await isActive(tx, row)))),
        ...(fitting.length > Limit && last ? { NextToken: makeToken(String(last.parts[0])) } : {}),
      };
    });
  },
});

const deleteApiDestination = operation('DeleteApiDestination', {
  access: (input, call) => accessTo('DeleteApiDestination', call, input.Name),
  async handle({ Name: name = '' }, call, { store }) {
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      await requireApiDestination(tx, scope, name);
      apiDestinations.clear(tx, scope, [name]);
    });
    return {};
  },
});

export const apiDestinationOperations = {
  CreateApiDestination: createApiDestination,
  DeleteApiDestination: deleteApiDestination,
  DescribeApiDestination: describeApiDestination,
  ListApiDestinations: listApiDestinations,
  UpdateApiDestination: updateApiDestination,
};

async function requireApiDestination(tx: ReadTransaction, scope: Scope, name: string): Promise<ApiDestinationRow> {
  const row = await apiDestinations.get(tx, scope, [name]);
  if (!row) throw errors.apiDestinationMissing(name);
  return row;
}

async function requireConnectionArn(tx: ReadTransaction, scope: Scope, arn: string): Promise<void> {
  const name = parseOwnArn(arn, 'connection');
  const row = name && name.account === scope.account && name.region === scope.region ? await connections.get(tx, scope, [name.name]) : undefined;
  if (!name || row?.id !== name.id) throw errors.notFound(`Connection '${arn}' does not exist.`);
}

function requireEndpoint(endpoint: string): void {
  const filled = endpoint.replaceAll('*', 'x');
  if (!URL.canParse(filled) || !/^https?:$/.test(new URL(filled).protocol)) throw errors.invalidParameter('InvocationEndpoint', 'It is not an HTTPS endpoint.');
}

// "The state of the API destination": inactive while its connection is not authorized.
async function isActive(tx: ReadTransaction, { connectionArn }: ApiDestinationRow): Promise<boolean> {
  const name = parseOwnArn(connectionArn, 'connection');
  const row = name && (await connections.get(tx, name, [name.name]));
  return row?.id === name?.id && row?.state === 'AUTHORIZED';
}

function summary(scope: Scope, name: string, row: ApiDestinationRow, active: boolean) {
  return {
    ApiDestinationArn: ownArn(scope, 'api-destination', name, row.id),
    ApiDestinationState: active ? ('ACTIVE' as const) : ('INACTIVE' as const),
    CreationTime: new Date(row.createdAtMs),
    LastModifiedTime: new Date(row.modifiedAtMs),
  };
}

function listed(scope: Scope, name: string, row: ApiDestinationRow, active: boolean) {
  return {
    ...summary(scope, name, row, active),
    Name: name,
    ConnectionArn: row.connectionArn,
    InvocationEndpoint: row.endpoint,
    HttpMethod: row.method as 'POST',
    ...(row.ratePerSecond === undefined ? {} : { InvocationRateLimitPerSecond: row.ratePerSecond }),
  };
}
