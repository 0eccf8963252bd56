// Attaching managed policies to roles, users and groups: the same three operations for each.

import type { Operation } from '../../../framework/service.ts';
import { parsePolicyArn } from '../domain/names.ts';
import { pageOfList, type PageInput } from '../domain/paging.ts';
import { errors } from '../errors.ts';
import { attachedPoliciesMax } from '../limits.ts';
import { changeEntity, given, viewEntity } from '../onEntity.ts';
import { operation, type IamDeps } from '../operation.ts';
import { requireAttachable } from '../policies.ts';
import { countPolicyUse, setEntity, type EntityKind } from '../store.ts';

export const attachedPolicyOperations = {
  AttachRolePolicy: operation('AttachRolePolicy', attach('AttachRolePolicy', 'role', (input) => input.RoleName)),
  AttachUserPolicy: operation('AttachUserPolicy', attach('AttachUserPolicy', 'user', (input) => input.UserName)),
  AttachGroupPolicy: operation('AttachGroupPolicy', attach('AttachGroupPolicy', 'group', (input) => input.GroupName)),
  DetachRolePolicy: operation('DetachRolePolicy', detach('DetachRolePolicy', 'role', (input) => input.RoleName)),
  DetachUserPolicy: operation('DetachUserPolicy', detach('DetachUserPolicy', 'user', (input) => input.UserName)),
  DetachGroupPolicy: operation('DetachGroupPolicy', detach('DetachGroupPolicy', 'group', (input) => input.GroupName)),
  ListAttachedRolePolicies: operation('ListAttachedRolePolicies', list('ListAttachedRolePolicies', 'role', (input) => input.RoleName)),
  ListAttachedUserPolicies: operation('ListAttachedUserPolicies', list('ListAttachedUserPolicies', 'user', (input) => input.UserName)),
  ListAttachedGroupPolicies: operation('ListAttachedGroupPolicies', list('ListAttachedGroupPolicies', 'group', (input) => input.GroupName)),
};

interface PolicyInput {
  readonly PolicyArn: string | undefined;
}

const quotaNames: Readonly<Record<EntityKind, string>> = { role: 'PoliciesPerRole', user: 'PoliciesPerUser', group: 'PoliciesPerGroup' };

function attach<In extends PolicyInput>(action: string, kind: EntityKind, nameOf: (input: In) => string | undefined): Operation<In, object, IamDeps> {
  return changeEntity({ action, kind, nameOf, conditions: policyCondition }, async ({ tx, row, input, call, deps }) => {
    const policyArn = given(input.PolicyArn);
    await requireAttachable(tx, deps.managedPolicies, call.account, policyArn);
    if (row.attached.includes(policyArn)) return {};
    if (row.attached.length >= attachedPoliciesMax[kind]) throw errors.quotaExceeded(quotaNames[kind], attachedPoliciesMax[kind]);
    setEntity(tx, call.account, { ...row, attached: [...row.attached, policyArn] });
    await countPolicyUse(tx, call.account, { policyArn, use: 'attached', row, delta: 1 });
    return {};
  });
}

function detach<In extends PolicyInput>(action: string, kind: EntityKind, nameOf: (input: In) => string | undefined): Operation<In, object, IamDeps> {
  return changeEntity({ action, kind, nameOf, conditions: policyCondition }, async ({ tx, row, input, call }) => {
    const policyArn = given(input.PolicyArn);
    if (!parsePolicyArn(policyArn)) throw errors.invalidArn(policyArn);
    if (!row.attached.includes(policyArn)) throw errors.noSuchPolicy(policyArn);
    setEntity(tx, call.account, { ...row, attached: row.attached.filter((arn) => arn !== policyArn) });
    await countPolicyUse(tx, call.account, { policyArn, use: 'attached', row, delta: -1 });
    return {};
  });
}

function list<In extends PageInput & { readonly PathPrefix?: string | undefined }>(
  action: string,
  kind: EntityKind,
  nameOf: (input: In) => string | undefined,
) {
  return viewEntity({ action, kind, nameOf }, async ({ row, input }) => {
    const policies = row.attached.flatMap((PolicyArn) => {
      const { path = '/', name: PolicyName = '', account } = parsePolicyArn(PolicyArn) ?? {};
      return path.startsWith(input.PathPrefix ?? '/') ? [{ PolicyName, PolicyArn, account }] : [];
    });
    // AWS and the customer may each have a policy of one name.
    const page = await pageOfList(input, policies, ({ PolicyName, account }) => `${PolicyName} ${account}`);
    return { AttachedPolicies: page.items.map(({ PolicyName, PolicyArn }) => ({ PolicyName, PolicyArn })), ...page.position };
  });
}

function policyCondition({ PolicyArn }: PolicyInput) {
  return { 'iam:PolicyARN': given(PolicyArn) };
}
