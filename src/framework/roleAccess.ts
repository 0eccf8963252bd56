import { parseArn } from '../base/arn.ts';
import { contextOf } from '../policy/context.ts';
import { compileApplicable } from '../policy/decide.ts';
import { evaluate } from '../policy/evaluate.ts';
import { createPolicyCache } from '../policy/policyCache.ts';
import type { Caller, CredentialDirectory, RoleDirectory } from '../ports/identity.ts';
import type { ServiceDenials } from './serviceDenials.ts';

export interface RoleAccessRequest {
  /** In whose name a service acts: a function's execution role, the role of a rule. */
  readonly roleArn: string;
  readonly action: string;
  readonly resource: string;
  /** The resource's own policy, JSON text, where it has one. */
  readonly resourcePolicy?: string | undefined;
  readonly nowMs: number;
  readonly region: string;
  readonly conditions?: Readonly<Record<string, string>>;
}

/** Answers whether a role may do something, by its own policies and that of the resource. */
export type RoleAccess = (request: RoleAccessRequest) => Promise<boolean>;

export interface RoleAccessDeps {
  readonly roles: Pick<RoleDirectory, 'findRole'> & Pick<CredentialDirectory, 'policiesOf'>;
  /** Local mode: nothing is enforced on a role that does not exist. */
  readonly toleratesMissingRoles: boolean;
  /** Told of what is refused. */
  readonly denials?: ServiceDenials;
}

/** With a cache of compiled documents. */
export function createRoleAccess({ roles, toleratesMissingRoles, denials }: RoleAccessDeps): RoleAccess {
  const policies = createPolicyCache();
  return async ({ roleArn, action, resource, resourcePolicy, nowMs, region, conditions }) => {
    const role = await roles.findRole(roleArn);
    if (!role) return toleratesMissingRoles;
    const { account, roleName, roleId } = role;
    const sessionName = 'haneul';
    const principal: Caller = {
      kind: 'role-session',
      roleArn,
      roleName,
      sessionName,
      account,
      arn: `arn:aws:sts::${account}:assumed-role/${roleName}/${sessionName}`,
      userId: `${roleId}:${sessionName}`,
    };
    const own = await roles.policiesOf(principal, undefined);
    const resourceAccount = parseArn(resource)?.account;
    const context = contextOf({ principal, nowMs, region, temporary: true, resourceAccount, callerKeys: own.conditions, keys: conditions });
    const texts = { ...own, resource: resourcePolicy === undefined ? undefined : { source: resource, document: resourcePolicy } };
    const request = { principal, action, resource, context };
    const applicable = compileApplicable(policies, texts);
    const evaluation = evaluate(request, applicable);
    if (evaluation.decision !== 'allow') denials?.note({ nowMs, account, request, evaluation, texts, policies: applicable });
    return evaluation.decision === 'allow';
  };
}
