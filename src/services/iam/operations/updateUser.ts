import type { Transaction } from '../../../kv/store.ts';
import { iamArn } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { changeEntity } from '../onEntity.ts';
import { operation } from '../operation.ts';
import { movePolicies } from '../movePolicies.ts';
import { moveSignIn } from '../resourceStore.ts';
import { moveCredentials } from '../userCredentials.ts';
import {
  clearEntity,
  clearMember,
  findCredentialRow,
  findEntity,
  nameKey,
  setCredentialRow,
  setEntity,
  setMember,
  type UserRow,
} from '../store.ts';

export const updateUser = operation(
  'UpdateUser',
  changeEntity({ action: 'UpdateUser', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row, input, call }) => {
    const { NewUserName: name = row.name, NewPath: path = row.path } = input;
    const renamed = { ...row, name, path };
    if (nameKey(name) !== nameKey(row.name) && (await findEntity(tx, call.account, 'user', name))) throw errors.entityAlreadyExists('user', name);
    await moveUser(tx, call.account, row, renamed);
    return {};
  }),
);

// A user keeps its id, keys, policies and groups under its new name; everything that is found by the old one moves along.
async function moveUser(tx: Transaction, account: string, from: UserRow, to: UserRow): Promise<void> {
  await movePolicies(tx, account, from, to);
  for (const group of from.groups) {
    clearMember(tx, account, group, from);
    setMember(tx, account, group, to);
  }
  for (const accessKeyId of from.accessKeyIds) {
    const key = await findCredentialRow(tx, accessKeyId);
    const arn = iamArn(account, 'user', to.path, to.name);
    if (key?.kind === 'user-key') setCredentialRow(tx, accessKeyId, { ...key, caller: { ...key.caller, arn, userName: to.name } });
  }
  await moveSignIn(tx, account, from.name, to.name);
  await moveCredentials(tx, account, from.name, to.name);
  clearEntity(tx, account, from);
  setEntity(tx, account, to);
}
