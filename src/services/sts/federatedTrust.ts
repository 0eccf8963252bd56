import type { Call } from '../../framework/context.ts';
import { contextOf } from '../../policy/context.ts';
import { decide } from '../../policy/decide.ts';
import type { CarriedOver, RoleDescription } from '../../ports/identity.ts';
import { errors } from './errors.ts';
import type { StsDeps } from './operation.ts';

interface FederatedRequest {
  readonly action: 'sts:AssumeRoleWithWebIdentity' | 'sts:AssumeRoleWithSAML';
  /** The ARN of whoever vouches for the caller. */
  readonly provider: string;
  readonly tags: { readonly count: number; readonly carried: CarriedOver | undefined };
  readonly conditions: Readonly<Record<string, string | readonly string[]>>;
}

/** The role, if it trusts the provider to hand out its sessions; one that does not exist is refused in the same words. */
export function requireFederatedTrust(role: RoleDescription | undefined, { action, provider, tags, conditions }: FederatedRequest, call: Call, { policies }: Pick<StsDeps, 'policies'>): RoleDescription {
  const principal = { kind: 'federated', provider } as const;
  const { nowMs, region, sourceIp, head } = call;
  const secureTransport = call.endpoint.startsWith('https:');
  const trusts = (wanted: string): boolean => {
    if (!role) return false;
    const context = contextOf({ principal, nowMs, region, sourceIp, secureTransport, userAgent: head.headers['user-agent'], resourceAccount: role.account, keys: conditions });
    const request = { principal, action: wanted, resource: role.arn, context };
    return decide(policies, request, { identity: [], resource: { source: role.arn, document: role.trustPolicy }, resourceRequired: true }).decision === 'allow';
  };
  const actions = [action, ...(tags.count > 0 ? ['sts:TagSession'] : []), ...(tags.carried?.sourceIdentity !== undefined ? ['sts:SetSourceIdentity'] : [])];
  for (const wanted of actions) if (!trusts(wanted)) throw errors.notAuthorized(wanted);
  if (!role) throw errors.notAuthorized(action);
  return role;
}
