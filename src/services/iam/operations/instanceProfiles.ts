// Instance profiles: a role's container for EC2. No machine runs here, but templates and deployment tools make them.

import { iamId } from '../../../base/ids.ts';
import type { Call } from '../../../framework/context.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import { iamArn } from '../domain/names.ts';
import { pageOf } from '../domain/paging.ts';
import { mergeTags, tagConditions } from '../domain/tags.ts';
import { describeRole } from '../describe.ts';
import { errors } from '../errors.ts';
import { instanceProfilesPerAccount } from '../limits.ts';
import { given, requireEntity, viewEntity } from '../onEntity.ts';
import { changeResource, describeTags, listResourceTags, tagResource, untagResource, viewResource, type ResourceKind } from '../onResource.ts';
import { operation } from '../operation.ts';
import { listByName, listOwned, resourceTables, type InstanceProfileRow } from '../resourceStore.ts';
import { addToCount, findEntity, nameKey, scopeOf } from '../store.ts';

const { instanceProfiles: table, profilesOfRole } = resourceTables;

const profiles: ResourceKind<InstanceProfileRow> = {
  table,
  keyOf: nameKey,
  arnOf: ({ path, name }, account) => iamArn(account, 'instance-profile', path, name),
  arnOfAbsent: (name, account) => iamArn(account, 'instance-profile', '/', name),
  absent: (name) => errors.noSuchInstanceProfile(name),
};

const create = operation('CreateInstanceProfile', {
  access: (input, call) => ({
    action: 'iam:CreateInstanceProfile',
    resource: iamArn(call.account, 'instance-profile', input.Path ?? '/', given(input.InstanceProfileName)),
    conditions: tagConditions(input.Tags),
  }),
  async handle(input, call, { store, random }) {
    const name = given(input.InstanceProfileName);
    const row: InstanceProfileRow = { name, path: input.Path ?? '/', id: iamId(random, 'AIPA'), createdAtMs: call.nowMs, tags: mergeTags([], input.Tags) };
    await store.transact(async (tx) => {
      if (await table.get(tx, scopeOf(call.account), [nameKey(name)])) throw errors.instanceProfileExists(name);
      if ((await addToCount(tx, call.account, 'instanceProfile', 1)) > instanceProfilesPerAccount) throw errors.quotaExceeded('InstanceProfilesPerAccount', instanceProfilesPerAccount);
      table.set(tx, scopeOf(call.account), [nameKey(name)], row);
    });
    return { InstanceProfile: { ...describe(row, call), Roles: [], ...describeTags(row.tags) } };
  },
});

const get = operation(
  'GetInstanceProfile',
  viewResource(profiles, { action: 'GetInstanceProfile', nameOf: (input) => input.InstanceProfileName }, async ({ tx, row, call }) => ({
    InstanceProfile: { ...(await describeWithRole(tx, row, call)), ...describeTags(row.tags) },
  })),
);

const list = operation('ListInstanceProfiles', {
  access: (input, call) => ({ action: 'iam:ListInstanceProfiles', resource: iamArn(call.account, 'instance-profile', input.PathPrefix ?? '/', '') }),
  async handle(input, call, { store }) {
    return await store.read(async (tx) => {
      const page = await pageOf(
        input,
        (after, limit) => listByName(table, tx, call.account, { after, limit }),
        (row) => row.path.startsWith(input.PathPrefix ?? '/'),
      );
      return { InstanceProfiles: await Promise.all(page.items.map((row) => describeWithRole(tx, row, call))), ...page.position };
    });
  },
});

const listForRole = operation(
  'ListInstanceProfilesForRole',
  viewEntity({ action: 'ListInstanceProfilesForRole', kind: 'role', nameOf: (input) => input.RoleName }, async ({ tx, row: role, input, call }) => {
    const page = await pageOf(input, (after, limit) => listOwned(profilesOfRole, tx, call.account, role.name, { after, limit }));
    const rows = await Promise.all(page.items.map((name) => table.get(tx, scopeOf(call.account), [nameKey(name)])));
    return { InstanceProfiles: rows.filter((row) => row !== undefined).map((row) => ({ ...describe(row, call), Roles: [describeRole(call.account, role)] })), ...page.position };
  }),
);

const remove = operation(
  'DeleteInstanceProfile',
  changeResource(profiles, { action: 'DeleteInstanceProfile', nameOf: (input) => input.InstanceProfileName }, async ({ tx, row, key, call }) => {
    if (row.roleName !== undefined) throw errors.deleteConflict('Cannot delete entity, must remove roles from instance profile first.');
    await addToCount(tx, call.account, 'instanceProfile', -1);
    table.clear(tx, scopeOf(call.account), [key]);
    return {};
  }),
);

const addRole = operation(
  'AddRoleToInstanceProfile',
  changeResource(
    profiles,
    {
      action: 'AddRoleToInstanceProfile',
      nameOf: (input) => input.InstanceProfileName,
      // "The caller of this operation must be granted the PassRole permission on the IAM role" (API reference, AddRoleToInstanceProfile).
      async also(input, call, { store }) {
        const role = await store.read((tx) => findEntity(tx, call.account, 'role', given(input.RoleName)));
        const resource = iamArn(call.account, 'role', role?.path ?? '/', role?.name ?? given(input.RoleName));
        return [{ action: 'iam:PassRole', resource, conditions: { 'iam:PassedToService': 'ec2.amazonaws.com' } }];
      },
    },
    async ({ tx, row, key, input, call }) => {
      const role = await requireEntity(tx, call.account, 'role', given(input.RoleName));
      if (row.roleName !== undefined) throw errors.quotaExceeded('InstanceSessionsPerInstanceProfile', 1);
      table.set(tx, scopeOf(call.account), [key], { ...row, roleName: role.name });
      profilesOfRole.set(tx, scopeOf(call.account), [nameKey(role.name), key], { name: row.name });
      return {};
    },
  ),
);

const removeRole = operation(
  'RemoveRoleFromInstanceProfile',
  changeResource(profiles, { action: 'RemoveRoleFromInstanceProfile', nameOf: (input) => input.InstanceProfileName }, ({ tx, row, key, input, call }) => {
    const roleName = given(input.RoleName);
    if (row.roleName === undefined || nameKey(row.roleName) !== nameKey(roleName)) throw errors.noSuchEntity('role', roleName);
    const { roleName: removed, ...rest } = row;
    table.set(tx, scopeOf(call.account), [key], rest);
    profilesOfRole.clear(tx, scopeOf(call.account), [nameKey(removed ?? ''), key]);
    return {};
  }),
);

/** By their names in the API. */
export const instanceProfileOperations = {
  CreateInstanceProfile: create,
  GetInstanceProfile: get,
  ListInstanceProfiles: list,
  ListInstanceProfilesForRole: listForRole,
  DeleteInstanceProfile: remove,
  AddRoleToInstanceProfile: addRole,
  RemoveRoleFromInstanceProfile: removeRole,
  TagInstanceProfile: operation('TagInstanceProfile', tagResource(profiles, { action: 'TagInstanceProfile', nameOf: (input) => input.InstanceProfileName })),
  UntagInstanceProfile: operation('UntagInstanceProfile', untagResource(profiles, { action: 'UntagInstanceProfile', nameOf: (input) => input.InstanceProfileName })),
  ListInstanceProfileTags: operation('ListInstanceProfileTags', listResourceTags(profiles, { action: 'ListInstanceProfileTags', nameOf: (input) => input.InstanceProfileName })),
};

function describe({ name, path, id, createdAtMs }: InstanceProfileRow, { account }: Call) {
  return { Path: path, InstanceProfileName: name, InstanceProfileId: id, Arn: iamArn(account, 'instance-profile', path, name), CreateDate: new Date(createdAtMs) };
}

async function describeWithRole(tx: ReadTransaction, row: InstanceProfileRow, call: Call) {
  const role = row.roleName === undefined ? undefined : await findEntity(tx, call.account, 'role', row.roleName);
  return { ...describe(row, call), Roles: role ? [describeRole(call.account, role)] : [] };
}
