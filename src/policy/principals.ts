// Who a statement of a resource policy speaks about (IAM user guide, "Principal" and "NotPrincipal").

import type { PrincipalSet, RequestPrincipal } from './types.ts';

/**
 * How a statement names the caller. It matters which: only a name of the caller itself grants on its own within an
 * account; naming the account hands the decision to that account's own policies; naming the role leaves the role's
 * boundary and the session's policies in force.
 */
export type PrincipalMatch = 'none' | 'account' | 'everyone' | 'role' | 'itself';

export function matchPrincipal(set: PrincipalSet, principal: RequestPrincipal): PrincipalMatch {
  if (set.negated) return isExempt(set, principal) ? 'none' : 'everyone';
  switch (principal.kind) {
    case 'anonymous':
      return set.everyone ? 'everyone' : 'none';
    case 'service':
      return set.services.has(principal.service) ? 'itself' : set.everyone ? 'everyone' : 'none';
    case 'federated':
      return set.federated.has(principal.provider) ? 'itself' : set.everyone ? 'everyone' : 'none';
    case 'root':
      return set.accounts.has(principal.account) ? 'itself' : set.everyone ? 'everyone' : 'none';
    case 'user':
      return namesIdentity(set, principal) ? 'itself' : fallback(set, principal.account);
    case 'role-session':
      if (namesIdentity(set, principal)) return 'itself';
      return namesRole(set, principal) ? 'role' : fallback(set, principal.account);
    case 'federated-user':
      if (namesIdentity(set, principal)) return 'itself';
      // Like a role for its sessions: a grant to the user leaves the session's policies in force.
      return set.identities.has(principal.userArn) ? 'role' : fallback(set, principal.account);
  }
}

function fallback(set: PrincipalSet, account: string): PrincipalMatch {
  if (set.everyone) return 'everyone';
  return set.accounts.has(account) ? 'account' : 'none';
}

function namesIdentity(set: PrincipalSet, principal: { readonly arn: string; readonly userId?: string }): boolean {
  return set.identities.has(principal.arn) || (principal.userId !== undefined && set.identities.has(principal.userId));
}

function namesRole(set: PrincipalSet, principal: { readonly roleArn: string; readonly userId?: string }): boolean {
  // A session's user id is `<role id>:<session name>`.
  const roleId = principal.userId?.split(':', 1)[0];
  return set.identities.has(principal.roleArn) || (roleId !== undefined && set.identities.has(roleId));
}

// NotPrincipal spares only callers of whom every name is listed: a user needs its account listed as well, a role session
// its role and its account (IAM user guide, "NotPrincipal with Deny").
function isExempt(set: PrincipalSet, principal: RequestPrincipal): boolean {
  if (set.everyone) return true;
  switch (principal.kind) {
    case 'anonymous':
      return false;
    case 'service':
      return set.services.has(principal.service);
    case 'federated':
      return set.federated.has(principal.provider);
    case 'root':
      return set.accounts.has(principal.account);
    case 'user':
      return set.accounts.has(principal.account) && namesIdentity(set, principal);
    case 'role-session':
      return set.accounts.has(principal.account) && namesRole(set, principal) && namesIdentity(set, principal);
    case 'federated-user':
      return set.accounts.has(principal.account) && namesIdentity(set, principal);
  }
}
