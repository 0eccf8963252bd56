import { parseArn } from '../base/arn.ts';
import { contextOf } from '../policy/context.ts';
import { decide } from '../policy/decide.ts';
import { createPolicyCache } from '../policy/policyCache.ts';

export interface ServiceAccessRequest {
  /** The resource's own policy, JSON text. */
  readonly document: string;
  /** Who asks, for example `s3.amazonaws.com`. */
  readonly service: string;
  readonly action: string;
  readonly resource: string;
  readonly nowMs: number;
  readonly region: string;
  /** What the service acts for, as condition keys: `aws:SourceArn`, `aws:SourceAccount` … */
  readonly conditions: Readonly<Record<string, string>>;
}

/** Answers whether a resource's own policy lets a service do something. A document that cannot be read allows nothing. */
export type ServiceAccess = (request: ServiceAccessRequest) => boolean;

/** With a cache of compiled documents. */
export function createServiceAccess(): ServiceAccess {
  const policies = createPolicyCache();
  return ({ document, service, action, resource, nowMs, region, conditions }) => {
    const principal = { kind: 'service', service } as const;
    const resourceAccount = parseArn(resource)?.account;
    const context = contextOf({ principal, nowMs, region, resourceAccount, keys: conditions });
    return decide(policies, { principal, action, resource, context }, { identity: [], resource: { source: resource, document } }).decision === 'allow';
  };
}
