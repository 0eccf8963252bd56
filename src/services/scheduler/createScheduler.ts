import type { BoundService } from '../../framework/service.ts';
import type { DeliveryTarget } from '../../ports/outbox.ts';
import { createDeliveryTarget } from './delivery.ts';
import { parseDeliveryArn } from './domain/names.ts';
import { fire } from './firing.ts';
import type { SchedulerDeps } from './operation.ts';
import { schedulerService } from './service.ts';

export interface RunningScheduler {
  readonly service: BoundService;
  /** Where occurrences of schedules are delivered; undefined for other ARNs. */
  eventTarget(arn: string): DeliveryTarget | undefined;
}

/** The whole of EventBridge Scheduler. To be made before the timers start. */
export function createScheduler(options: SchedulerDeps): RunningScheduler {
  const deps: SchedulerDeps = { ...options, log: options.log.with({ service: 'scheduler' }) };
  const target = createDeliveryTarget(deps);
  deps.timers.handle('scheduler', (tx, timer) => fire(tx, timer, deps));
  return { service: schedulerService.bind(deps), eventTarget: (arn) => (parseDeliveryArn(arn) === undefined ? undefined : target) };
}
