import { uuid } from '../../../base/ids.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';
import type { ConnectionSecret } from '../delivery/connectionAuth.ts';
import { type GivenAuth, makeConnection, shownAuth } from '../domain/connection.ts';
import { ownArn } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { connectionsMax, pageRows } from '../limits.ts';
import { type EventsDeps, makeToken, nowOf, operation, readToken, scopeOf } from '../operation.ts';
import { type ConnectionRow, connections } from '../store.ts';
import type { Call } from '../../../framework/context.ts';

const accessTo = (action: string, { account, region }: Scope, name: string | undefined) => ({ action: `events:${action}`, resource: ownArn({ account, region }, 'connection', name ?? '') });

interface Given {
  readonly Description?: string | undefined;
  readonly AuthorizationType?: string | undefined;
  readonly AuthParameters?: GivenAuth | undefined;
  readonly InvocationConnectivityParameters?: object | undefined;
  readonly KmsKeyIdentifier?: string | undefined;
}

const createConnection = operation('CreateConnection', {
  access: (input, call) => accessTo('CreateConnection', call, input.Name),
  async handle(input, call, deps) {
    const { Name: name = '' } = input;
    const scope = scopeOf(call);
    requireSupported(input);
    const made = makeConnection(input.AuthorizationType ?? '', input.AuthParameters ?? {}, undefined);
    await deps.store.read(async (tx) => {
      if (await connections.get(tx, scope, [name])) throw errors.connectionExists(name);
      if ((await connections.list(tx, scope, [], { limit: connectionsMax })).length >= connectionsMax) throw errors.limit();
    });
    const nowMs = nowOf(deps);
    const id = uuid(deps.random);
    const base = { ...made.row, id, createdAtMs: nowMs, modifiedAtMs: nowMs, version: 1, ...(input.Description ? { description: input.Description } : {}) };
    const secretArn = await keepSecret(scope, name, id, made.secret, deps);
    const row: ConnectionRow = { ...base, secretArn, ...(await authorize({ ...base, state: 'AUTHORIZING' }, made.secret, call, deps)) };
    try {
      await deps.store.transact(async (tx) => {
        if (await connections.get(tx, scope, [name])) throw errors.connectionExists(name);
        connections.set(tx, scope, [name], row);
      });
    } catch (error) {
      await deps.secrets.remove(secretArn);
      throw error;
    }
    return summary(scope, name, row);
  },
});

const updateConnection = operation('UpdateConnection', {
  access: (input, call) => accessTo('UpdateConnection', call, input.Name),
  async handle(input, call, deps) {
    const { Name: name = '' } = input;
    const scope = scopeOf(call);
    requireSupported(input);
    const old = await deps.store.read((tx) => requireConnection(tx, scope, name));
    const text = old.secretArn === undefined ? undefined : await deps.secrets.read(old.secretArn);
    const before = text === undefined ? undefined : { row: old, secret: JSON.parse(text) as ConnectionSecret };
    const made = makeConnection(input.AuthorizationType ?? old.type, input.AuthParameters ?? {}, before?.row.type === (input.AuthorizationType ?? old.type) ? before : undefined);
    const description = input.Description ?? old.description;
    const base = { ...made.row, id: old.id, createdAtMs: old.createdAtMs, modifiedAtMs: nowOf(deps), version: old.version + 1, ...(description === undefined ? {} : { description }) };
    const secretArn = await keepSecret(scope, name, old.id, made.secret, deps);
    const row: ConnectionRow = { ...base, secretArn, ...(await authorize({ ...base, state: 'AUTHORIZING' }, made.secret, call, deps)) };
    await deps.store.transact(async (tx) => {
      const present = await requireConnection(tx, scope, name);
      if (present.id !== old.id) throw errors.connectionMissing(name);
      connections.set(tx, scope, [name], row);
    });
    return summary(scope, name, row);
  },
});

const deauthorizeConnection = operation('DeauthorizeConnection', {
  access: (input, call) => accessTo('DeauthorizeConnection', call, input.Name),
  async handle({ Name: name = '' }, call, deps) {
    const scope = scopeOf(call);
    const { row, secretArn } = await deps.store.transact(async (tx) => {
      const { secretArn: arn, authorizedAtMs: _authorizedAtMs, ...rest } = await requireConnection(tx, scope, name);
      const next: ConnectionRow = { ...rest, state: 'DEAUTHORIZED', modifiedAtMs: nowOf(deps), version: rest.version + 1 };
      connections.set(tx, scope, [name], next);
      return { row: next, secretArn: arn };
    });
    // "Removes all authorization parameters from the connection."
    if (secretArn !== undefined) await deps.secrets.remove(secretArn);
    return summary(scope, name, row);
  },
});

const deleteConnection = operation('DeleteConnection', {
  access: (input, call) => accessTo('DeleteConnection', call, input.Name),
  async handle({ Name: name = '' }, call, deps) {
    const scope = scopeOf(call);
    const row = await deps.store.transact(async (tx) => {
      const found = await requireConnection(tx, scope, name);
      connections.clear(tx, scope, [name]);
      return found;
    });
    if (row.secretArn !== undefined) await deps.secrets.remove(row.secretArn);
    return { ...summary(scope, name, row), ConnectionState: 'DELETING' as const };
  },
});

const describeConnection = operation('DescribeConnection', {
  access: (input, call) => accessTo('DescribeConnection', call, input.Name),
  async handle({ Name: name = '' }, call, { store }) {
    const scope = scopeOf(call);
    const row = await store.read((tx) => requireConnection(tx, scope, name));
    return {
      ...summary(scope, name, row),
      Name: name,
      AuthorizationType: row.type,
      AuthParameters: shownAuth(row),
      ...(row.description === undefined ? {} : { Description: row.description }),
      ...(row.reason === undefined ? {} : { StateReason: row.reason }),
      ...(row.secretArn === undefined ? {} : { SecretArn: row.secretArn }),
    };
  },
});

const listConnections = operation('ListConnections', {
  access: () => ({ action: 'events:ListConnections', resource: '*' }),
  async handle({ NamePrefix = '', ConnectionState, NextToken, Limit = 100 }, call, { store }) {
    const scope = scopeOf(call);
    const after = readToken(NextToken);
    const rows = await store.read((tx) => connections.list(tx, scope, [], { limit: pageRows, ...(after === undefined ? {} : { after: [after] }) }));
    const fitting = rows.filter(({ parts, row }) => String(parts[0]).startsWith(NamePrefix) && (ConnectionState ?? row.state) === row.state);
    const page = fitting.slice(0, Limit);
    const last = page.at(-1);
    return {
      Connections: page.map(({ parts, row }) => ({ ...summary(scope, String(parts[0]), row), Name: String(parts[0]), AuthorizationType: row.type, ...(row.reason === undefined ? {} : { StateReason: row.reason }) })),
      ...(fitting.length > Limit && last ? { NextToken: makeToken(String(last.parts[0])) } : {}),
    };
  },
});

export const connectionOperations = {
  CreateConnection: createConnection,
  DeauthorizeConnection: deauthorizeConnection,
  DeleteConnection: deleteConnection,
  DescribeConnection: describeConnection,
  ListConnections: listConnections,
  UpdateConnection: updateConnection,
};

export async function requireConnection(tx: ReadTransaction, scope: Scope, name: string): Promise<ConnectionRow> {
  const row = await connections.get(tx, scope, [name]);
  if (!row) throw errors.connectionMissing(name);
  return row;
}

function requireSupported({ InvocationConnectivityParameters, AuthParameters, KmsKeyIdentifier }: Given): void {
  if (InvocationConnectivityParameters !== undefined || AuthParameters?.ConnectivityParameters !== undefined) throw errors.unsupported('Private connectivity of a connection');
  if (KmsKeyIdentifier) throw errors.unsupported('Encryption of a connection with a key of your own (KmsKeyIdentifier)');
}

async function keepSecret({ account, region }: Scope, name: string, id: string, secret: ConnectionSecret, { secrets }: EventsDeps): Promise<string> {
  return secrets.put({ account, region, name: `events!connection/${name}/${id}`, text: JSON.stringify(secret), description: `Secret of the EventBridge connection ${name}` });
}

async function authorize(row: ConnectionRow, secret: ConnectionSecret, call: Call, deps: EventsDeps): Promise<Pick<ConnectionRow, 'state' | 'reason' | 'authorizedAtMs'>> {
  const failed = row.type === 'OAUTH_CLIENT_CREDENTIALS' ? await deps.auth.authorize(row, secret, call.signal) : undefined;
  return failed ? { state: 'DEAUTHORIZED', reason: failed.problem } : { state: 'AUTHORIZED', authorizedAtMs: nowOf(deps) };
}

function summary(scope: Scope, name: string, row: ConnectionRow) {
  return {
    ConnectionArn: ownArn(scope, 'connection', name, row.id),
    ConnectionState: row.state,
    CreationTime: new Date(row.createdAtMs),
    LastModifiedTime: new Date(row.modifiedAtMs),
    ...(row.authorizedAtMs === undefined ? {} : { LastAuthorizedTime: new Date(row.authorizedAtMs) }),
  };
}
