import { defineService } from '../../framework/service.ts';
import type { SchedulerDeps } from './operation.ts';
import { groupOperations } from './operations/groups.ts';
import { scheduleOperations } from './operations/schedules.ts';

/** Amazon EventBridge Scheduler (REST, JSON). */
export const schedulerService = defineService<SchedulerDeps>({
  id: 'scheduler',
  validationErrorCode: 'ValidationException',
  operations: { ...groupOperations, ...scheduleOperations },
});
