import { changeEntity } from '../onEntity.ts';
import { operation } from '../operation.ts';
import { deleteEntity } from '../deleteEntity.ts';

export const deleteRole = operation(
  'DeleteRole',
  changeEntity({ action: 'DeleteRole', kind: 'role', nameOf: (input) => input.RoleName }, async ({ tx, row, call }) => {
    await deleteEntity(tx, call.account, row);
    return {};
  }),
);
