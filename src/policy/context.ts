// The condition keys that every request has, whatever the service (IAM user guide, "AWS global condition context keys").

import type { ConditionContext, RequestPrincipal } from './types.ts';

export interface RequestFacts {
  readonly principal: RequestPrincipal;
  /** Product time, milliseconds. */
  readonly nowMs: number;
  readonly region?: string;
  readonly sourceIp?: string;
  readonly userAgent?: string;
  readonly secureTransport?: boolean;
  /** True for temporary credentials, when MFA is a question that can be answered. */
  readonly temporary?: boolean;
  readonly resourceAccount?: string;
  /** The service's own keys; they win over the global ones of the same name. */
  readonly keys?: Readonly<Record<string, string | readonly string[]>>;
}

/** Gathers the condition keys of one request. */
export function contextOf(facts: RequestFacts): ConditionContext {
  const context = new Map<string, readonly string[]>();
  const put = (key: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') context.set(key, [value]);
  };
  put('aws:currenttime', new Date(facts.nowMs).toISOString().replace(/\.\d{3}Z$/, 'Z'));
  put('aws:epochtime', String(Math.floor(facts.nowMs / 1_000)));
  put('aws:requestedregion', facts.region);
  put('aws:sourceip', facts.sourceIp);
  put('aws:useragent', facts.userAgent);
  put('aws:securetransport', facts.secureTransport === undefined ? undefined : String(facts.secureTransport));
  put('aws:resourceaccount', facts.resourceAccount);
  // Long-term keys carry no MFA key at all, which is why policies ask with BoolIfExists.
  if (facts.temporary) put('aws:multifactorauthpresent', 'false');
  putPrincipal(put, facts.principal);
  for (const [key, value] of Object.entries(facts.keys ?? {})) context.set(key.toLowerCase(), typeof value === 'string' ? [value] : value);
  return context;
}

function putPrincipal(put: (key: string, value: string | undefined) => void, principal: RequestPrincipal): void {
  put('aws:principalisawsservice', String(principal.kind === 'service'));
  switch (principal.kind) {
    case 'root':
      put('aws:principaltype', 'Account');
      break;
    case 'user':
      put('aws:principaltype', 'User');
      put('aws:username', principal.userName);
      break;
    case 'role-session':
      put('aws:principaltype', 'AssumedRole');
      break;
    case 'service':
      put('aws:principalservicename', principal.service);
      return;
    case 'federated':
      put('aws:federatedprovider', principal.provider);
      return;
    case 'anonymous':
      put('aws:principaltype', 'Anonymous');
      return;
  }
  // For a session this is the role's ARN (same page, "aws:PrincipalArn").
  put('aws:principalarn', principal.kind === 'role-session' ? principal.roleArn : principal.arn);
  put('aws:principalaccount', principal.account);
  put('aws:userid', principal.userId);
}
