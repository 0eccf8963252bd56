// Permissions boundaries of roles and users.

import type { Operation } from '../../../framework/service.ts';
import type { Transaction } from '../../../kv/store.ts';
import { changeEntity, given } from '../onEntity.ts';
import { operation, type IamDeps } from '../operation.ts';
import { requireAttachable } from '../policies.ts';
import { countPolicyUse, setEntity, type EntityRow } from '../store.ts';

export const boundaryOperations = {
  PutRolePermissionsBoundary: operation('PutRolePermissionsBoundary', put('PutRolePermissionsBoundary', 'role', (input) => input.RoleName)),
  PutUserPermissionsBoundary: operation('PutUserPermissionsBoundary', put('PutUserPermissionsBoundary', 'user', (input) => input.UserName)),
  DeleteRolePermissionsBoundary: operation(
    'DeleteRolePermissionsBoundary',
    remove('DeleteRolePermissionsBoundary', 'role', (input) => input.RoleName),
  ),
  DeleteUserPermissionsBoundary: operation(
    'DeleteUserPermissionsBoundary',
    remove('DeleteUserPermissionsBoundary', 'user', (input) => input.UserName),
  ),
};

type BoundedKind = 'role' | 'user';

function put<In extends { readonly PermissionsBoundary: string | undefined }>(
  action: string,
  kind: BoundedKind,
  nameOf: (input: In) => string | undefined,
): Operation<In, object, IamDeps> {
  const conditions = (input: In) => ({ 'iam:PermissionsBoundary': given(input.PermissionsBoundary) });
  return changeEntity({ action, kind, nameOf, conditions }, async ({ tx, row, input, call, deps }) => {
    const boundaryArn = given(input.PermissionsBoundary);
    await requireAttachable(tx, deps.managedPolicies, call.account, boundaryArn);
    await replaceBoundary(tx, call.account, row, boundaryArn);
    return {};
  });
}

function remove<In>(action: string, kind: BoundedKind, nameOf: (input: In) => string | undefined): Operation<In, object, IamDeps> {
  return changeEntity({ action, kind, nameOf }, async ({ tx, row, call }) => {
    await replaceBoundary(tx, call.account, row, undefined);
    return {};
  });
}

async function replaceBoundary(tx: Transaction, account: string, row: EntityRow, boundaryArn: string | undefined): Promise<void> {
  const { boundaryArn: replaced, ...rest } = row;
  if (replaced === boundaryArn) return;
  setEntity(tx, account, boundaryArn === undefined ? rest : { ...rest, boundaryArn });
  if (replaced !== undefined) await countPolicyUse(tx, account, { policyArn: replaced, use: 'boundary', row, delta: -1 });
  if (boundaryArn !== undefined) await countPolicyUse(tx, account, { policyArn: boundaryArn, use: 'boundary', row, delta: 1 });
}
