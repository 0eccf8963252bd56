// The shape of nearly every operation of IAM: it names a role, user or group, needs a permission on it, and reads or
// changes it in one transaction. Said once here; an operation adds only what is its own.

import { assert } from '../../base/errors.ts';
import type { AccessRequest, Call } from '../../framework/context.ts';
import type { Operation } from '../../framework/service.ts';
import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import { linkedRolePath } from './domain/linkedRoles.ts';
import { iamArn } from './domain/names.ts';
import { errors } from './errors.ts';
import type { IamDeps } from './operation.ts';
import { findEntity, type EntityKind, type EntityOf, type EntityRow } from './store.ts';

export interface EntityWork<Kind extends EntityKind, In, Tx> {
  readonly tx: Tx;
  readonly row: EntityOf<Kind>;
  readonly input: In;
  readonly call: Call;
  readonly deps: IamDeps;
}

export interface EntityTarget<Kind extends EntityKind, In> {
  /** The operation's name: its permission is `iam:<action>`. */
  readonly action: string;
  readonly kind: Kind;
  readonly nameOf: (input: In) => string | undefined;
  /** Service-specific condition keys. */
  readonly conditions?: (input: In) => Readonly<Record<string, string | readonly string[]>>;
}

/** An operation that changes an entity which must exist. */
export function changeEntity<Kind extends EntityKind, In, Out>(
  target: EntityTarget<Kind, In>,
  work: (at: EntityWork<Kind, In, Transaction>) => Promise<Out>,
): Operation<In, Out, IamDeps> {
  return {
    access: (input, call, deps) => accessTo(target, input, call, deps),
    handle: (input, call, deps) =>
      deps.store.transact(async (tx) => {
        const row = await requireEntity(tx, call.account, target.kind, nameFor(target, input, call));
        refuseProtected(row, target.action);
        return await work({ tx, row, input, call, deps });
      }),
  };
}

/** An operation that reads an entity which must exist. */
export function viewEntity<Kind extends EntityKind, In, Out>(
  target: EntityTarget<Kind, In>,
  work: (at: EntityWork<Kind, In, ReadTransaction>) => Promise<Out>,
): Operation<In, Out, IamDeps> {
  return {
    access: (input, call, deps) => accessTo(target, input, call, deps),
    handle: (input, call, deps) =>
      deps.store.read(async (tx) => {
        const row = await requireEntity(tx, call.account, target.kind, nameFor(target, input, call));
        return await work({ tx, row, input, call, deps });
      }),
  };
}

export async function requireEntity<Kind extends EntityKind>(tx: ReadTransaction, account: string, kind: Kind, name: string): Promise<EntityOf<Kind>> {
  const row = await findEntity(tx, account, kind, name);
  if (!row) throw errors.noSuchEntity(kind, name);
  return row;
}

// Of a role that belongs to an AWS service only the description and the tags may be changed (user guide, "Edit a service-linked role").
const openActions = new Set(['UpdateRoleDescription', 'TagRole', 'UntagRole']);

function refuseProtected(row: EntityRow, action: string): void {
  if (row.kind === 'role' && row.path.startsWith(linkedRolePath) && !openActions.has(action)) throw errors.protectedRole(row.name);
}

/** A member that the model requires: the constraints were checked before the handler ran, which its type cannot know. */
export function given<T>(value: T | undefined): T {
  assert(value !== undefined, 'a required member is missing although constraints were checked');
  return value;
}

async function accessTo<Kind extends EntityKind, In>(
  target: EntityTarget<Kind, In>,
  input: In,
  call: Call,
  deps: IamDeps,
): Promise<AccessRequest> {
  const name = target.nameOf(input) ?? callerName(call) ?? '*';
  // The ARN holds the path, which the request does not tell.
  const row = await deps.store.read((tx) => findEntity(tx, call.account, target.kind, name));
  const resource = iamArn(call.account, target.kind, row?.path ?? '/', row?.name ?? name);
  const conditions = { ...(row && conditionsOfRow(row)), ...target.conditions?.(input) };
  return { action: `iam:${target.action}`, resource, conditions };
}

function conditionsOfRow(row: EntityRow): Record<string, string> {
  const conditions: Record<string, string> = row.boundaryArn === undefined ? {} : { 'iam:PermissionsBoundary': row.boundaryArn };
  for (const { Key, Value } of row.tags) conditions[`aws:ResourceTag/${Key}`] = conditions[`iam:ResourceTag/${Key}`] = Value;
  return conditions;
}

// Operations on users take the caller when no user is named (API reference, for example GetUser: UserName).
function nameFor<Kind extends EntityKind, In>(target: EntityTarget<Kind, In>, input: In, call: Call): string {
  const name = target.nameOf(input) ?? (target.kind === 'user' ? callerName(call) : undefined);
  if (name === undefined) throw errors.validation('Must specify userName when calling with non-User credentials');
  return name;
}

function callerName(call: Call): string | undefined {
  return call.caller.kind === 'user' ? call.caller.userName : undefined;
}
