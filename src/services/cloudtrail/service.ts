import { defineService } from '../../framework/service.ts';
import type { CloudTrailDeps } from './operation.ts';
import { lookupEvents } from './operations/lookupEvents.ts';

/** The event history of CloudTrail; trails and lakes are not part of it. */
export const cloudTrail = defineService<CloudTrailDeps>({
  id: 'cloudtrail',
  validationErrorCode: 'ValidationException',
  operations: {
    LookupEvents: lookupEvents,
  },
});
