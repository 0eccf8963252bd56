// ListRoles, ListUsers, ListGroups: one page of a kind, by name.

import type { Call } from '../../../framework/context.ts';
import { pageOf, type Page, type PageInput } from '../domain/paging.ts';
import { iamArn } from '../domain/names.ts';
import { describeGroup, describeRole, describeUser } from '../describe.ts';
import { operation, type IamDeps } from '../operation.ts';
import { listEntityRows, type EntityKind, type EntityOf } from '../store.ts';

type ListInput = PageInput & { readonly PathPrefix?: string | undefined };

const listRoles = operation('ListRoles', {
  access: (input, call) => accessToList('ListRoles', 'role', input, call),
  async handle(input, call, deps) {
    const page = await pageOfKind('role', input, call, deps);
    return { Roles: page.items.map((row) => describeRole(call.account, row)), ...page.position };
  },
});

const listUsers = operation('ListUsers', {
  access: (input, call) => accessToList('ListUsers', 'user', input, call),
  async handle(input, call, deps) {
    const page = await pageOfKind('user', input, call, deps);
    return { Users: page.items.map((row) => describeUser(call.account, row)), ...page.position };
  },
});

const listGroups = operation('ListGroups', {
  access: (input, call) => accessToList('ListGroups', 'group', input, call),
  async handle(input, call, deps) {
    const page = await pageOfKind('group', input, call, deps);
    return { Groups: page.items.map((row) => describeGroup(call.account, row)), ...page.position };
  },
});

function accessToList(action: string, kind: EntityKind, { PathPrefix = '/' }: ListInput, call: Call) {
  return { action: `iam:${action}`, resource: iamArn(call.account, kind, PathPrefix, '') };
}

async function pageOfKind<Kind extends EntityKind>(kind: Kind, input: ListInput, call: Call, { store }: IamDeps): Promise<Page<EntityOf<Kind>>> {
  return await store.read((tx) =>
    pageOf(
      input,
      (after, limit) => listEntityRows(tx, call.account, kind, { after, limit }),
      (row) => row.path.startsWith(input.PathPrefix ?? '/'),
    ),
  );
}

/** By their names in the API. */
export const listEntityOperations = { ListRoles: listRoles, ListUsers: listUsers, ListGroups: listGroups };
