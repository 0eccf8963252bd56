import { formatArn, parseArn } from '../../base/arn.ts';
import type { AccessRequest, Call } from '../../framework/context.ts';
import { errors } from './errors.ts';
import type { LambdaContext } from './operation.ts';

const principal = 'lambda.amazonaws.com';

/** Checks the role that a function is to run in; see design.md §6 for roles that do not exist. */
export async function requireExecutionRole(roleArn: string, call: Call, { roles, localMode }: LambdaContext): Promise<void> {
  if (parseArn(roleArn)?.account !== call.account && !localMode) throw errors.crossAccountRole();
  const role = await roles.findRole(roleArn);
  if (role !== undefined) {
    if (!roles.trustsService(role, principal)) throw errors.roleNotAssumable();
    return;
  }
  if (!localMode) throw errors.roleNotAssumable();
  roles.reportMissing({ roleArn, account: call.account });
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
