import { iamId } from '../../../base/ids.ts';
import { creationConditions, mergeTags } from '../domain/tags.ts';
import { linkedRolePath } from '../domain/linkedRoles.ts';
import { iamArn } from '../domain/names.ts';
import { describeDetails, describeRole } from '../describe.ts';
import { errors } from '../errors.ts';
import { rolesPerAccount, sessionSecondsDefault } from '../limits.ts';
import { given } from '../onEntity.ts';
import { operation } from '../operation.ts';
import { requireAttachable } from '../policies.ts';
import { addToCount, countPolicyUse, findEntity, setEntity, type RoleRow } from '../store.ts';
import { checkTrustPolicy } from '../trust.ts';

export const createRole = operation('CreateRole', {
  access: (input, call) => ({
    action: 'iam:CreateRole',
    resource: iamArn(call.account, 'role', input.Path ?? '/', given(input.RoleName)),
    conditions: creationConditions(input),
  }),
  async handle(input, call, { store, random, managedPolicies }) {
    const name = given(input.RoleName);
    // Such roles are exempt from service control policies: only CreateServiceLinkedRole makes them.
    if (input.Path?.startsWith(linkedRolePath)) throw errors.validation(`The path ${linkedRolePath} is reserved for service-linked roles.`);
    const boundaryArn = input.PermissionsBoundary;
    const id = iamId(random, 'AROA');
    const row = await store.transact(async (tx) => {
      if (await findEntity(tx, call.account, 'role', name)) throw errors.entityAlreadyExists('role', name);
      const trust = await checkTrustPolicy(tx, call.account, given(input.AssumeRolePolicyDocument));
      if (boundaryArn !== undefined) await requireAttachable(tx, managedPolicies, call.account, boundaryArn);
      if ((await addToCount(tx, call.account, 'role', 1)) > rolesPerAccount) throw errors.quotaExceeded('RolesPerAccount', rolesPerAccount);
      const created: RoleRow = {
        kind: 'role',
        name,
        path: input.Path ?? '/',
        id,
        createdAtMs: call.nowMs,
        attached: [],
        inlineChars: 0,
        tags: mergeTags([], input.Tags),
        trustPolicy: trust.text,
        maxSessionSeconds: input.MaxSessionDuration ?? sessionSecondsDefault,
        ...(input.Description !== undefined && { description: input.Description }),
        ...(boundaryArn !== undefined && { boundaryArn }),
      };
      setEntity(tx, call.account, created);
      if (boundaryArn !== undefined) await countPolicyUse(tx, call.account, { policyArn: boundaryArn, use: 'boundary', row: created, delta: 1 });
      return created;
    });
    const { MaxSessionDuration, ...role } = describeRole(call.account, row);
    // CreateRole answers the duration only when it was given.
    return { Role: { ...role, ...(input.MaxSessionDuration !== undefined && { MaxSessionDuration }), ...describeDetails(row) } };
  },
});
