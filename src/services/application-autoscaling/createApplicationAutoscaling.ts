import type { BoundService } from '../../framework/service.ts';
import type { ApplicationAutoscalingDeps } from './operation.ts';
import { fireScaling } from './scaling.ts';
import { applicationAutoscaling } from './service.ts';

/** Application Auto Scaling. Registers its timers, so it is made before they start. */
export function createApplicationAutoscaling(deps: ApplicationAutoscalingDeps): BoundService {
  deps.timers.handle('application-autoscaling', (tx, timer) => fireScaling(tx, timer, deps));
  return applicationAutoscaling.bind(deps);
}
