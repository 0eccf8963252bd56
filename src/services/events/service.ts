import { defineService } from '../../framework/service.ts';
import { putEventsRequestBytesMax } from './limits.ts';
import type { EventsDeps } from './operation.ts';
import { apiDestinationOperations } from './operations/apiDestinations.ts';
import { archiveOperations } from './operations/archives.ts';
import { connectionOperations } from './operations/connections.ts';
import { busOperations } from './operations/eventBuses.ts';
import { permissionOperations } from './operations/permissions.ts';
import { putEventsOperations } from './operations/putEvents.ts';
import { replayOperations } from './operations/replays.ts';
import { ruleOperations } from './operations/rules.ts';
import { tagOperations } from './operations/tags.ts';
import { targetOperations } from './operations/targets.ts';
import { patternOperations } from './operations/testEventPattern.ts';

/** Amazon EventBridge (JSON 1.1, target `AWSEvents`). */
export const eventsService = defineService<EventsDeps>({
  id: 'events',
  validationErrorCode: 'ValidationException',
  requestBytesMax: { PutEvents: putEventsRequestBytesMax },
  operations: {
    ...apiDestinationOperations,
    ...archiveOperations,
    ...busOperations,
    ...connectionOperations,
    ...patternOperations,
    ...permissionOperations,
    ...putEventsOperations,
    ...replayOperations,
    ...ruleOperations,
    ...tagOperations,
    ...targetOperations,
  },
});
