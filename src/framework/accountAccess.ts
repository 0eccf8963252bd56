import { parseArn } from '../base/arn.ts';
import { contextOf } from '../policy/context.ts';
import { decide } from '../policy/decide.ts';
import { createPolicyCache } from '../policy/policyCache.ts';
import type { Caller } from '../ports/identity.ts';

export interface AccountAccessRequest {
  /** The resource's own policy, JSON text. */
  readonly document: string;
  /** Which account asks, as a whole: a service acts for it without a role. */
  readonly account: string;
  readonly action: string;
  readonly resource: string;
  readonly nowMs: number;
  readonly region: string;
  readonly conditions?: Readonly<Record<string, string>>;
}

/** Answers whether a resource's own policy lets another account do something. A document that cannot be read allows nothing. */
export type AccountAccess = (request: AccountAccessRequest) => boolean;

/** With a cache of compiled documents. */
export function createAccountAccess(): AccountAccess {
  const policies = createPolicyCache();
  return ({ document, account, action, resource, nowMs, region, conditions }) => {
    const principal: Caller = { kind: 'root', account, arn: `arn:aws:iam::${account}:root`, userId: account };
    const context = contextOf({ principal, nowMs, region, resourceAccount: parseArn(resource)?.account, keys: conditions });
    // What it may do by itself is not in question: nobody but its root speaks for an account.
    const everything = { source: principal.arn, document: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}' };
    return decide(policies, { principal, action, resource, context }, { identity: [everything], resource: { source: resource, document } }).decision === 'allow';
  };
}
