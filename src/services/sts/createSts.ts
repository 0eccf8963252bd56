import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { BoundService } from '../../framework/service.ts';
import { createPolicyCache } from '../../policy/policyCache.ts';
import type { StsDeps } from './operation.ts';
import { stsService } from './service.ts';
import { createIssuerKeys } from './web-identity/issuerKeys.ts';

export interface StsOptions extends Omit<StsDeps, 'issuerKeys' | 'policies'> {
  readonly wall: Clock;
  readonly log: Logger;
  /** Local mode: issuers of web identity tokens may be on this machine. */
  readonly localMode: boolean;
}

/** One per server. */
export function createSts({ wall, log, localMode, ...deps }: StsOptions): BoundService {
  return stsService.bind({ ...deps, issuerKeys: createIssuerKeys({ wall, log, allowsLoopback: localMode }), policies: createPolicyCache() });
}
