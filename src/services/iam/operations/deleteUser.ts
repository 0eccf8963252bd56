import { deleteEntity } from '../deleteEntity.ts';
import { changeEntity } from '../onEntity.ts';
import { operation } from '../operation.ts';

export const deleteUser = operation(
  'DeleteUser',
  changeEntity({ action: 'DeleteUser', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row, call }) => {
    await deleteEntity(tx, call.account, row);
    return {};
  }),
);
