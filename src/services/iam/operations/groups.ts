// Groups: policies for several users at once.

import { iamId } from '../../../base/ids.ts';
import type { Transaction } from '../../../kv/store.ts';
import { deleteEntity } from '../deleteEntity.ts';
import { describeGroup, describeUser } from '../describe.ts';
import { iamArn } from '../domain/names.ts';
import { pageOf, pageOfList } from '../domain/paging.ts';
import { errors } from '../errors.ts';
import { groupsPerAccount, groupsPerUser, usersPerAccount } from '../limits.ts';
import { movePolicies } from '../movePolicies.ts';
import { changeEntity, given, requireEntity, viewEntity } from '../onEntity.ts';
import { operation } from '../operation.ts';
import { addToCount, clearEntity, clearMember, findEntity, listMembers, nameKey, setEntity, setMember, type GroupRow } from '../store.ts';

const createGroup = operation('CreateGroup', {
  access: (input, call) => ({ action: 'iam:CreateGroup', resource: iamArn(call.account, 'group', input.Path ?? '/', given(input.GroupName)) }),
  async handle(input, call, { store, random }) {
    const name = given(input.GroupName);
    const id = iamId(random, 'AGPA');
    const row: GroupRow = { kind: 'group', name, path: input.Path ?? '/', id, createdAtMs: call.nowMs, attached: [], inlineChars: 0, tags: [] };
    await store.transact(async (tx) => {
      if (await findEntity(tx, call.account, 'group', name)) throw errors.entityAlreadyExists('group', name);
      if ((await addToCount(tx, call.account, 'group', 1)) > groupsPerAccount) throw errors.quotaExceeded('GroupsPerAccount', groupsPerAccount);
      setEntity(tx, call.account, row);
    });
    return { Group: describeGroup(call.account, row) };
  },
});

const getGroup = operation(
  'GetGroup',
  viewEntity({ action: 'GetGroup', kind: 'group', nameOf: (input) => input.GroupName }, async ({ tx, row, input, call }) => {
    const page = await pageOf(input, (after, limit) => listMembers(tx, call.account, row.name, { after, limit }));
    const users = await Promise.all(page.items.map((name) => requireEntity(tx, call.account, 'user', name)));
    return { Group: describeGroup(call.account, row), Users: users.map((user) => describeUser(call.account, user)), ...page.position };
  }),
);

const deleteGroup = operation(
  'DeleteGroup',
  changeEntity({ action: 'DeleteGroup', kind: 'group', nameOf: (input) => input.GroupName }, async ({ tx, row, call }) => {
    const members = await listMembers(tx, call.account, row.name, { after: undefined, limit: 1 });
    if (members.length > 0) throw errors.deleteConflict('Cannot delete entity, must remove users from group first.');
    await deleteEntity(tx, call.account, row);
    return {};
  }),
);

const updateGroup = operation(
  'UpdateGroup',
  changeEntity({ action: 'UpdateGroup', kind: 'group', nameOf: (input) => input.GroupName }, async ({ tx, row, input, call }) => {
    const { NewGroupName: name = row.name, NewPath: path = row.path } = input;
    if (nameKey(name) !== nameKey(row.name) && (await findEntity(tx, call.account, 'group', name))) throw errors.entityAlreadyExists('group', name);
    await moveGroup(tx, call.account, row, { ...row, name, path });
    return {};
  }),
);

// It keeps its id, its members and its policies under the new name.
async function moveGroup(tx: Transaction, account: string, from: GroupRow, to: GroupRow): Promise<void> {
  await movePolicies(tx, account, from, to);
  for (const { item } of await listMembers(tx, account, from.name, { after: undefined, limit: usersPerAccount })) {
    const user = await requireEntity(tx, account, 'user', item);
    clearMember(tx, account, from.name, user);
    setMember(tx, account, to.name, user);
    setEntity(tx, account, { ...user, groups: user.groups.map((name) => (nameKey(name) === nameKey(from.name) ? to.name : name)) });
  }
  clearEntity(tx, account, from);
  setEntity(tx, account, to);
}

const addUserToGroup = operation(
  'AddUserToGroup',
  changeEntity({ action: 'AddUserToGroup', kind: 'group', nameOf: (input) => input.GroupName }, async ({ tx, row, input, call }) => {
    const user = await requireEntity(tx, call.account, 'user', given(input.UserName));
    if (user.groups.includes(row.name)) return {};
    if (user.groups.length >= groupsPerUser) throw errors.quotaExceeded('GroupsPerUser', groupsPerUser);
    // Writing the group as well makes this conflict with its deletion, which looks for members in a range.
    setEntity(tx, call.account, row);
    setEntity(tx, call.account, { ...user, groups: [...user.groups, row.name] });
    setMember(tx, call.account, row.name, user);
    return {};
  }),
);

const removeUserFromGroup = operation(
  'RemoveUserFromGroup',
  changeEntity({ action: 'RemoveUserFromGroup', kind: 'group', nameOf: (input) => input.GroupName }, async ({ tx, row, input, call }) => {
    const user = await requireEntity(tx, call.account, 'user', given(input.UserName));
    if (!user.groups.includes(row.name)) throw errors.notInGroup(user.name, row.name);
    setEntity(tx, call.account, { ...user, groups: user.groups.filter((name) => nameKey(name) !== nameKey(row.name)) });
    clearMember(tx, call.account, row.name, user);
    return {};
  }),
);

const listGroupsForUser = operation(
  'ListGroupsForUser',
  viewEntity({ action: 'ListGroupsForUser', kind: 'user', nameOf: (input) => input.UserName }, async ({ tx, row, input, call }) => {
    const page = await pageOfList(input, row.groups, (name) => name);
    const groups = await Promise.all(page.items.map((name) => requireEntity(tx, call.account, 'group', name)));
    return { Groups: groups.map((group) => describeGroup(call.account, group)), ...page.position };
  }),
);

/** By their names in the API. */
export const groupOperations = {
  CreateGroup: createGroup,
  GetGroup: getGroup,
  DeleteGroup: deleteGroup,
  UpdateGroup: updateGroup,
  AddUserToGroup: addUserToGroup,
  RemoveUserFromGroup: removeUserFromGroup,
  ListGroupsForUser: listGroupsForUser,
};
