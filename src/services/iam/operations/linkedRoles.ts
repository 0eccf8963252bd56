// Roles that belong to an AWS service.

import { iamId, uuid } from '../../../base/ids.ts';
import { describeRole } from '../describe.ts';
import { linkedRoleName, linkedRolePath, takesSuffix } from '../domain/linkedRoles.ts';
import { iamArn } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { reportJobMsMax, reportJobsPerCleanup, rolesPerAccount, sessionSecondsDefault } from '../limits.ts';
import { given, requireEntity } from '../onEntity.ts';
import { operation } from '../operation.ts';
import { resourceTables } from '../resourceStore.ts';
import { addToCount, clearEntity, findEntity, scopeOf, setEntity, type RoleRow } from '../store.ts';

const { deletionTasks, deletionTaskAges } = resourceTables;

const create = operation('CreateServiceLinkedRole', {
  access(input, call) {
    const service = given(input.AWSServiceName);
    const resource = iamArn(call.account, 'role', `${linkedRolePath}${service}/`, linkedRoleName(service, input.CustomSuffix) ?? '*');
    return { action: 'iam:CreateServiceLinkedRole', resource, conditions: { 'iam:AWSServiceName': service } };
  },
  async handle(input, call, { store, random }) {
    const service = given(input.AWSServiceName);
    const name = linkedRoleName(service, input.CustomSuffix);
    if (name === undefined) throw errors.invalidInput(`Service role creation for ${service} is not supported.`);
    if (input.CustomSuffix !== undefined && !takesSuffix(service)) throw errors.invalidInput(`Custom suffix is not allowed for ${service}`);
    const trustPolicy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['sts:AssumeRole'], Principal: { Service: [service] } }] });
    const row: RoleRow = {
      kind: 'role',
      name,
      path: `${linkedRolePath}${service}/`,
      id: iamId(random, 'AROA'),
      createdAtMs: call.nowMs,
      // DEVIATION: without the policy that AWS attaches; no service here acts in such a role.
      attached: [],
      inlineChars: 0,
      tags: [],
      trustPolicy,
      maxSessionSeconds: sessionSecondsDefault,
      ...(input.Description !== undefined && { description: input.Description }),
    };
    await store.transact(async (tx) => {
      if (await findEntity(tx, call.account, 'role', name)) throw errors.invalidInput(`Service role name ${name} has been taken in this account, please try a different suffix.`);
      if ((await addToCount(tx, call.account, 'role', 1)) > rolesPerAccount) throw errors.quotaExceeded('RolesPerAccount', rolesPerAccount);
      setEntity(tx, call.account, row);
    });
    const { MaxSessionDuration: _maximum, ...role } = describeRole(call.account, row);
    return { Role: role };
  },
});

const remove = operation('DeleteServiceLinkedRole', {
  async access({ RoleName }, call, { store }) {
    const row = await store.read((tx) => findEntity(tx, call.account, 'role', given(RoleName)));
    return { action: 'iam:DeleteServiceLinkedRole', resource: iamArn(call.account, 'role', row?.path ?? linkedRolePath, row?.name ?? given(RoleName)) };
  },
  async handle({ RoleName }, call, { store, random }) {
    const id = uuid(random);
    return await store.transact(async (tx) => {
      const row = await requireEntity(tx, call.account, 'role', given(RoleName));
      if (!row.path.startsWith(linkedRolePath)) throw errors.noSuchEntity('role', given(RoleName));
      await addToCount(tx, call.account, 'role', -1);
      clearEntity(tx, call.account, row);
      const scope = scopeOf(call.account);
      const old = await deletionTaskAges.list(tx, scope, [], { limit: reportJobsPerCleanup, before: [call.nowMs - reportJobMsMax] });
      for (const { parts } of old) {
        deletionTaskAges.clear(tx, scope, parts);
        deletionTasks.clear(tx, scope, parts.slice(1));
      }
      const taskId = `task${row.path}${row.name}/${id}`;
      deletionTasks.set(tx, scope, [taskId], { roleName: row.name, createdAtMs: call.nowMs });
      deletionTaskAges.set(tx, scope, [call.nowMs, taskId], {});
      return { DeletionTaskId: taskId };
    });
  },
});

const getStatus = operation('GetServiceLinkedRoleDeletionStatus', {
  access({ DeletionTaskId }, call) {
    const [, path = linkedRolePath, name = '*'] = /^task(\/.*\/)([^/]+)\/[^/]+$/.exec(given(DeletionTaskId)) ?? [];
    return { action: 'iam:GetServiceLinkedRoleDeletionStatus', resource: iamArn(call.account, 'role', path, name) };
  },
  async handle({ DeletionTaskId }, call, { store }) {
    const task = await store.read((tx) => deletionTasks.get(tx, scopeOf(call.account), [given(DeletionTaskId)]));
    if (!task) throw errors.noSuchTask(given(DeletionTaskId));
    // Nothing here uses such roles, so that nothing keeps one from going at once.
    return { Status: 'SUCCEEDED' as const };
  },
});

/** By their names in the API. */
export const linkedRoleOperations = {
  CreateServiceLinkedRole: create,
  DeleteServiceLinkedRole: remove,
  GetServiceLinkedRoleDeletionStatus: getStatus,
};
