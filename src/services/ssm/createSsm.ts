import type { BoundService } from '../../framework/service.ts';
import { actOnPolicy } from './policyTimers.ts';
import type { SsmDeps } from './operation.ts';
import { ssm } from './service.ts';

/** Parameter Store. Registers its timers, so it is made before they start. */
export function createSsm(deps: SsmDeps): BoundService {
  deps.timers.handle('ssm', actOnPolicy(deps));
  return ssm.bind(deps);
}
