import { formatArn, parseArn } from '../../base/arn.ts';
import type { AccessRequest, Call } from '../../framework/context.ts';
import type { Deployment } from './environments/deployment.ts';
import { errors } from './errors.ts';
import type { LambdaContext } from './operation.ts';

const principal = 'lambda.amazonaws.com';

/** Checks the role that a function is to run in, and answers whether it exists: see design.md §6 for those that do not. */
export async function requireExecutionRole(roleArn: string, call: Call, { roles, localMode, log }: LambdaContext): Promise<boolean> {
  const isForeign = parseArn(roleArn)?.account !== call.account;
  if (isForeign && !localMode) throw errors.crossAccountRole();
  const role = isForeign ? undefined : await roles.findRole(roleArn);
  if (role !== undefined) {
    if (!roles.trustsService(role, principal)) throw errors.roleNotAssumable();
    return true;
  }
  if (!localMode) throw errors.roleNotAssumable();
  log.warn('the role of a function does not exist: the function runs with no policies of its own', { roleArn, account: call.account, remedy: remedyFor(roleArn) });
  return false;
}

/**
 * Checks that a function can still run in its role: AWS looks when it is invoked, not when the role is deleted or changed. A role
 * that never was, which only local mode accepts, is not missed.
 */
export async function requireAssumableRole({ row, place }: Deployment, { roles, localMode, log }: Pick<LambdaContext, 'roles' | 'localMode' | 'log'>): Promise<void> {
  const role = parseArn(row.roleArn)?.account === place.account ? await roles.findRole(row.roleArn) : undefined;
  if (role === undefined ? localMode && row.hadRole !== true : roles.trustsService(role, principal)) return;
  const why = role === undefined ? { reason: 'it does not exist any more', remedy: remedyFor(row.roleArn) } : { reason: 'it does not trust Lambda any more' };
  log.warn('a function is not run: its role cannot be assumed', { roleArn: row.roleArn, ...why });
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

function remedyFor(roleArn: string): string {
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: principal }, Action: 'sts:AssumeRole' }],
  });
  return `aws iam create-role --role-name ${roleArn.slice(roleArn.lastIndexOf('/') + 1)} --assume-role-policy-document '${trust}'`;
}
