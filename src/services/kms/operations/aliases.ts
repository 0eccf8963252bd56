import { errors } from '../errors.ts';
import { aliasArn, keyArn } from '../domain/keyReference.ts';
import { requireNotPendingDeletion } from '../domain/keyState.ts';
import { findKey, requireKey, type ExistingKey } from '../keys.ts';
import { aliasesPerKey, itemsPerPage } from '../limits.ts';
import { accessKey, accountAccess, changeKey, operation, type KmsContext } from '../operation.ts';
import { pageOf, pageOfList } from '../paging.ts';
import { aliases, keys, setKey, type AliasRow } from '../store.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';

interface AliasInput {
  readonly AliasName: string | undefined;
  readonly TargetKeyId?: string | undefined;
}

// Both the alias and the key must allow it: the alias by the caller's policies, the key by its own as well (developer guide, "Controlling access to aliases").
function aliasAccess(action: string, call: Call, name: string): AccessRequest {
  return { action: `kms:${action}`, resource: aliasArn(call, name), conditions: { 'kms:CallerAccount': call.account } };
}

export const createAlias = operation('CreateAlias', {
  async access({ AliasName = '', TargetKeyId }, call, deps) {
    checkName(AliasName);
    return [aliasAccess('CreateAlias', call, AliasName), await accessKey(deps, call, TargetKeyId, { action: 'CreateAlias' }, { aliases: false })];
  },
  async handle({ AliasName: name = '', TargetKeyId }, call, deps) {
    await changeKey(deps, call, TargetKeyId, async (tx, key) => {
      if (await aliases.get(tx, call, [name])) throw errors.aliasExists(aliasArn(call, name));
      requireOwn(key, call);
      requireNotPendingDeletion(key.row, key.arn, call.nowMs);
      addToKey(tx, key, name);
      aliases.set(tx, key.scope, [name], { keyId: key.row.id, createdAtMs: call.nowMs, updatedAtMs: call.nowMs });
    });
    return {};
  },
});

export const updateAlias = operation('UpdateAlias', {
  async access(input, call, deps) {
    const { AliasName: name = '' } = input;
    checkName(name);
    const current = await currentTarget(deps, call, name);
    const target = await accessKey(deps, call, input.TargetKeyId, { action: 'UpdateAlias' }, { aliases: false });
    return [aliasAccess('UpdateAlias', call, name), ...(current ? [current('UpdateAlias')] : []), target];
  },
  async handle({ AliasName: name = '', TargetKeyId }: AliasInput, call, deps) {
    await changeKey(deps, call, TargetKeyId, async (tx, key) => {
      const alias = await requireAlias(tx, call, name);
      requireOwn(key, call);
      requireNotPendingDeletion(key.row, key.arn, call.nowMs);
      const before = await keys.get(tx, call, [alias.keyId]);
      if (before && (before.spec === 'SYMMETRIC_DEFAULT') !== (key.row.spec === 'SYMMETRIC_DEFAULT')) {
        throw errors.validation('The current and new KMS key must be the same type (both symmetric or both asymmetric or both HMAC).');
      }
      if (before && before.usage !== key.row.usage) throw errors.validation('The current and new KMS key must have the same key usage.');
      if (alias.keyId === key.row.id) return;
      if (before) setKey(tx, call, { ...before, aliases: before.aliases.filter((other) => other !== name) });
      addToKey(tx, key, name);
      aliases.set(tx, key.scope, [name], { ...alias, keyId: key.row.id, updatedAtMs: call.nowMs });
    });
    return {};
  },
});

export const deleteAlias = operation('DeleteAlias', {
  async access({ AliasName: name = '' }, call, deps) {
    checkName(name);
    const current = await currentTarget(deps, call, name);
    return [aliasAccess('DeleteAlias', call, name), ...(current ? [current('DeleteAlias')] : [])];
  },
  async handle({ AliasName: name = '' }, call, { store }) {
    await store.transact(async (tx) => {
      const alias = await requireAlias(tx, call, name);
      const row = await keys.get(tx, call, [alias.keyId]);
      if (row) setKey(tx, call, { ...row, aliases: row.aliases.filter((other) => other !== name) });
      aliases.clear(tx, call, [name]);
    });
    return {};
  },
});

export const listAliases = operation('ListAliases', {
  access: accountAccess('ListAliases'),
  async handle(input, call, { store }) {
    const { items, end } = await store.read(async (tx) => {
      if (input.KeyId !== undefined) {
        const { row } = await requireKey(tx, call, input.KeyId, { nowMs: call.nowMs, aliases: false });
        const named = await Promise.all(row.aliases.map(async (name) => ({ name, alias: await aliases.get(tx, call, [name]) })));
        return await pageOfList(input, itemsPerPage, named, ({ name }) => name);
      }
      const read = async (after: string | undefined, limit: number) => {
        const rows = await aliases.list(tx, call, [], { limit, ...(after !== undefined && { after: [after] }) });
        return rows.map(({ parts, row }) => ({ name: String(parts[0]), alias: row as AliasRow | undefined }));
      };
      return await pageOf(input, itemsPerPage, read, ({ name }) => name);
    });
    return {
      Aliases: items.map(({ name, alias }) => ({
        AliasName: name,
        AliasArn: aliasArn(call, name),
        ...(alias && { TargetKeyId: alias.keyId, CreationDate: new Date(alias.createdAtMs), LastUpdatedDate: new Date(alias.updatedAtMs) }),
      })),
      ...end,
    };
  },
});

function checkName(name: string): void {
  if (!name.startsWith('alias/')) throw errors.aliasPrefix();
  if (/^alias\/aws\//.test(name)) throw errors.reservedAlias();
  if (name === 'alias/' || name.includes(':')) throw errors.aliasName(name);
}

function requireOwn({ scope, arn }: ExistingKey, call: Call): void {
  // "The KMS key must be in the same Amazon Web Services Region" and account (API reference, CreateAlias).
  if (scope.account !== call.account) throw errors.noSuchKey(arn);
}

async function requireAlias(tx: ReadTransaction, call: Call, name: string): Promise<AliasRow> {
  const alias = await aliases.get(tx, call, [name]);
  if (!alias) throw errors.noSuchAlias(aliasArn(call, name));
  return alias;
}

/** Permission on the key that an alias points to now; undefined where there is no such alias, which the handler says. */
async function currentTarget({ store }: KmsContext, call: Call, name: string): Promise<((action: string) => AccessRequest) | undefined> {
  return await store.read(async (tx) => {
    const alias = await aliases.get(tx, call, [name]);
    if (!alias) return undefined;
    const key = await findKey(tx, call, keyArn(call, alias.keyId), { nowMs: call.nowMs, aliases: false });
    const policy = key.row && ({ resourcePolicy: key.row.policy, resourcePolicyRequired: true } as const);
    return (action) => ({ action: `kms:${action}`, resource: key.arn, conditions: { 'kms:CallerAccount': call.account }, ...policy });
  });
}

function addToKey(tx: Transaction, { scope, row }: ExistingKey, name: string): void {
  if (row.aliases.length >= aliasesPerKey) throw errors.limitExceeded(`Aliases quota for this key is ${aliasesPerKey} but the current count is ${row.aliases.length}.`);
  setKey(tx, scope, { ...row, aliases: [...row.aliases, name] });
}
