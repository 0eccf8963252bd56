import type { BoundService } from '../../framework/service.ts';
import { expireParameter } from './expiration.ts';
import type { SsmDeps } from './operation.ts';
import { ssm } from './service.ts';

/** Parameter Store. Registers its timers, so it is made before they start. */
export function createSsm(deps: SsmDeps): BoundService {
  deps.timers.handle('ssm', expireParameter);
  return ssm.bind(deps);
}
