import { formatArn, parseArn } from '../../base/arn.ts';
import type { Logger } from '../../base/log.ts';
import type { AccessRequest, Call } from '../../framework/context.ts';
import type { RoleDirectory } from '../../ports/identity.ts';
import { errors } from './errors.ts';
import type { LambdaContext } from './operation.ts';
import type { VersionRow } from './store.ts';

const principal = 'lambda.amazonaws.com';

/** Checks the role that a function is to run in, and answers whether it exists: see design.md §6 for those that do not. */
export async function requireExecutionRole(roleArn: string, call: Call, { roles, localMode }: LambdaContext): Promise<boolean> {
  if (parseArn(roleArn)?.account !== call.account && !localMode) throw errors.crossAccountRole();
  const role = await roles.findRole(roleArn);
  if (role !== undefined) {
    if (!roles.trustsService(role, principal)) throw errors.roleNotAssumable();
    return true;
  }
  if (!localMode) throw errors.roleNotAssumable();
  roles.reportMissing({ roleArn, account: call.account });
  return false;
}

/** A function that traces sends its segments in the name of its role. */
export async function requireTracingRole(roleArn: string, call: Call, { roleAccess }: LambdaContext): Promise<void> {
  const about = { roleArn, resource: '*', nowMs: call.nowMs, region: call.region };
  if (!(await roleAccess({ ...about, action: 'xray:PutTraceSegments' }))) throw errors.invalidParameter('The provided execution role does not have permissions to call PutTraceSegments on XRAY');
}

export interface RoleCheckDeps {
  readonly roles: RoleDirectory;
  readonly localMode: boolean;
  readonly log: Logger;
}

/**
 * Checks that a function can still run in its role: AWS looks when it is invoked, not when the role is deleted or changed. A role
 * that never was, which only local mode accepts, is not missed.
 */
export async function requireAssumableRole({ roleArn, hadRole }: VersionRow, { roles, localMode, log }: RoleCheckDeps): Promise<void> {
  const role = await roles.findRole(roleArn);
  if (role === undefined ? localMode && hadRole !== true : roles.trustsService(role, principal)) return;
  const reason = role === undefined ? 'it does not exist any more' : 'it does not trust Lambda any more';
  log.warn('a function is not run: its role cannot be assumed', { roleArn, reason });
  throw errors.roleNotAssumed();
}

/** The permission to give a function this role. */
export function accessToPassRole(roleArn: string, call: Call, { localMode }: LambdaContext): AccessRequest {
  const arn = parseArn(roleArn);
  const isForeign = arn !== undefined && arn.account !== call.account;
  if (isForeign && !localMode) throw errors.crossAccountRole();
  // In local mode another account's role is one that does not exist here: its name is what a policy can be about.
  const resource = isForeign ? formatArn({ ...arn, account: call.account }) : roleArn;
  return { action: 'iam:PassRole', resource, conditions: { 'iam:PassedToService': principal } };
}
