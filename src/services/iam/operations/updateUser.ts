import type { Transaction } from '../../../kv/store.ts';
import { iamArn } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { changeEntity } from '../onEntity.ts';
import { operation } from '../operation.ts';
import { moveSignIn } from '../resourceStore.ts';
import {
  clearEntity,
  clearInlinePolicy,
  clearMember,
  countPolicyUse,
  findCredentialRow,
  findEntity,
  listInlinePolicies,
  nameKey,
  setCredentialRow,
  setEntity,
  setInlinePolicy,
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
  const inline = await listInlinePolicies(tx, account, from);
  for (const { name } of inline) clearInlinePolicy(tx, account, from, name);
  for (const policy of inline) setInlinePolicy(tx, account, to, policy);
  const uses = [
    ...from.attached.map((policyArn) => ({ policyArn, use: 'attached' as const })),
    ...(from.boundaryArn === undefined ? [] : [{ policyArn: from.boundaryArn, use: 'boundary' as const }]),
  ];
  for (const use of uses) {
    await countPolicyUse(tx, account, { ...use, row: from, delta: -1 });
    await countPolicyUse(tx, account, { ...use, row: to, delta: 1 });
  }
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
  clearEntity(tx, account, from);
  setEntity(tx, account, to);
}
