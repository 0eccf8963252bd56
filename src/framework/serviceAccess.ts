import { parseArn } from '../base/arn.ts';
import { contextOf } from '../policy/context.ts';
import { compileApplicable } from '../policy/decide.ts';
import { evaluate } from '../policy/evaluate.ts';
import { createPolicyCache } from '../policy/policyCache.ts';
import type { ServiceDenials } from './serviceDenials.ts';

export interface ServiceAccessRequest {
  /** The resource's own policy, JSON text; one that has none allows nothing. */
  readonly document: string | undefined;
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

/** With a cache of compiled documents. `denials` is told of what is refused: for those who deliver, not for those who only ask beforehand. */
export function createServiceAccess(denials?: ServiceDenials): ServiceAccess {
  const policies = createPolicyCache();
  return ({ document, service, action, resource, nowMs, region, conditions }) => {
    const principal = { kind: 'service', service } as const;
    const resourceAccount = parseArn(resource)?.account;
    const context = contextOf({ principal, nowMs, region, resourceAccount, keys: conditions });
    const request = { principal, action, resource, context };
    const texts = { identity: [], resource: document === undefined ? undefined : { source: resource, document }, resourceRequired: true };
    const applicable = compileApplicable(policies, texts);
    const evaluation = evaluate(request, applicable);
    if (evaluation.decision !== 'allow') denials?.note({ nowMs, account: conditions['aws:SourceAccount'] ?? resourceAccount ?? '', request, evaluation, texts, policies: applicable });
    return evaluation.decision === 'allow';
  };
}
