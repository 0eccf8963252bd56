// The shape of operations that name an instance profile, an identity provider or a device, as onEntity.ts is for roles, users
// and groups; and the three operations on tags that each of these kinds has.

import type { ServiceError } from '../../base/errors.ts';
import type { AccessRequest, Call } from '../../framework/context.ts';
import type { Operation } from '../../framework/service.ts';
import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import type { Table } from '../../kv/table.ts';
import { pageOfList, type PageInput } from './domain/paging.ts';
import { mergeTags, removeTags, tagConditions, type GivenTag } from './domain/tags.ts';
import { given } from './onEntity.ts';
import type { IamDeps } from './operation.ts';
import { scopeOf, type Tag } from './store.ts';

/** One kind of thing, each known by a name or an ARN. */
export interface ResourceKind<Row extends { readonly tags: readonly Tag[] }> {
  readonly table: Table<Row>;
  /** The key that a request means; undefined when it cannot be any of the account's. */
  readonly keyOf: (name: string, account: string) => string | undefined;
  readonly arnOf: (row: Row, account: string) => string;
  /** For permissions on what does not exist. */
  readonly arnOfAbsent: (name: string, account: string) => string;
  readonly absent: (name: string) => ServiceError;
}

export interface ResourceWork<Row, In, Tx> {
  readonly tx: Tx;
  readonly row: Row;
  readonly key: string;
  readonly input: In;
  readonly call: Call;
  readonly deps: IamDeps;
}

export interface ResourceTarget<In> {
  /** The operation's name: its permission is `iam:<action>`. */
  readonly action: string;
  readonly nameOf: (input: In) => string | undefined;
  readonly conditions?: (input: In) => Readonly<Record<string, string | readonly string[]>>;
  /** What else it needs permission for. */
  readonly also?: (input: In, call: Call, deps: IamDeps) => Promise<readonly AccessRequest[]>;
}

/** An operation that changes one that must exist. */
export function changeResource<Row extends { readonly tags: readonly Tag[] }, In, Out>(
  kind: ResourceKind<Row>,
  target: ResourceTarget<In>,
  work: (at: ResourceWork<Row, In, Transaction>) => Promise<Out> | Out,
): Operation<In, Out, IamDeps> {
  return {
    access: (input, call, deps) => accessTo(kind, target, input, call, deps),
    handle: (input, call, deps) =>
      deps.store.transact(async (tx) => await work({ tx, ...(await requireResource(kind, tx, call.account, given(target.nameOf(input)))), input, call, deps })),
  };
}

/** An operation that reads one that must exist. */
export function viewResource<Row extends { readonly tags: readonly Tag[] }, In, Out>(
  kind: ResourceKind<Row>,
  target: ResourceTarget<In>,
  work: (at: ResourceWork<Row, In, ReadTransaction>) => Promise<Out> | Out,
): Operation<In, Out, IamDeps> {
  return {
    access: (input, call, deps) => accessTo(kind, target, input, call, deps),
    handle: (input, call, deps) =>
      deps.store.read(async (tx) => await work({ tx, ...(await requireResource(kind, tx, call.account, given(target.nameOf(input)))), input, call, deps })),
  };
}

export async function requireResource<Row extends { readonly tags: readonly Tag[] }>(
  kind: ResourceKind<Row>,
  tx: ReadTransaction,
  account: string,
  name: string,
): Promise<{ readonly row: Row; readonly key: string }> {
  const key = kind.keyOf(name, account);
  const row = key === undefined ? undefined : await kind.table.get(tx, scopeOf(account), [key]);
  if (key === undefined || !row) throw kind.absent(name);
  return { row, key };
}

/** TagX. */
export function tagResource<Row extends { readonly tags: readonly Tag[] }, In extends { readonly Tags: readonly GivenTag[] | undefined }>(
  kind: ResourceKind<Row>,
  target: ResourceTarget<In>,
): Operation<In, object, IamDeps> {
  return changeResource(kind, { ...target, conditions: (input: In) => tagConditions(input.Tags) }, ({ tx, row, key, input, call }) => {
    kind.table.set(tx, scopeOf(call.account), [key], { ...row, tags: mergeTags(row.tags, input.Tags) });
    return {};
  });
}

/** UntagX. */
export function untagResource<Row extends { readonly tags: readonly Tag[] }, In extends { readonly TagKeys: readonly string[] | undefined }>(
  kind: ResourceKind<Row>,
  target: ResourceTarget<In>,
): Operation<In, object, IamDeps> {
  return changeResource(kind, { ...target, conditions: (input: In) => ({ 'aws:TagKeys': given(input.TagKeys) }) }, ({ tx, row, key, input, call }) => {
    kind.table.set(tx, scopeOf(call.account), [key], { ...row, tags: removeTags(row.tags, given(input.TagKeys)) });
    return {};
  });
}

/** ListXTags. */
export function listResourceTags<Row extends { readonly tags: readonly Tag[] }, In extends PageInput>(kind: ResourceKind<Row>, target: ResourceTarget<In>) {
  return viewResource(kind, target, async ({ row, input }: ResourceWork<Row, In, ReadTransaction>) => {
    const page = await pageOfList(input, row.tags, ({ Key }) => Key);
    return { Tags: [...page.items], ...page.position };
  });
}

/** Tags as single reads and creations answer them: not at all where there are none. */
export function describeTags(tags: readonly Tag[]): { Tags?: Tag[] } {
  return tags.length > 0 ? { Tags: [...tags] } : {};
}

async function accessTo<Row extends { readonly tags: readonly Tag[] }, In>(
  kind: ResourceKind<Row>,
  target: ResourceTarget<In>,
  input: In,
  call: Call,
  deps: IamDeps,
): Promise<readonly AccessRequest[]> {
  const name = given(target.nameOf(input));
  const key = kind.keyOf(name, call.account);
  const row = key === undefined ? undefined : await deps.store.read((tx) => kind.table.get(tx, scopeOf(call.account), [key]));
  const conditions: Record<string, string | readonly string[]> = { ...target.conditions?.(input) };
  for (const { Key, Value } of row?.tags ?? []) conditions[`aws:ResourceTag/${Key}`] = Value;
  const asked = { action: `iam:${target.action}`, resource: row ? kind.arnOf(row, call.account) : kind.arnOfAbsent(name, call.account), conditions };
  return [asked, ...((await target.also?.(input, call, deps)) ?? [])];
}
