import { defineService } from '../../framework/service.ts';
import type { LogsDeps } from './operation.ts';
import { createLogGroup } from './operations/createLogGroup.ts';
import { createLogStream } from './operations/createLogStream.ts';
import { deleteLogGroup } from './operations/deleteLogGroup.ts';
import { deleteLogStream } from './operations/deleteLogStream.ts';
import { filterLogEvents } from './operations/filterLogEvents.ts';
import { getLogEvents } from './operations/getLogEvents.ts';
import { putLogEvents } from './operations/putLogEvents.ts';
import { putLogGroupDeletionProtection } from './operations/putLogGroupDeletionProtection.ts';

/** Amazon CloudWatch Logs (JSON 1.1, target `Logs_20140328`). */
export const logs = defineService<LogsDeps>({
  id: 'logs',
  validationErrorCode: 'InvalidParameterException',
  operations: {
    CreateLogGroup: createLogGroup,
    CreateLogStream: createLogStream,
    DeleteLogGroup: deleteLogGroup,
    DeleteLogStream: deleteLogStream,
    FilterLogEvents: filterLogEvents,
    GetLogEvents: getLogEvents,
    PutLogEvents: putLogEvents,
    PutLogGroupDeletionProtection: putLogGroupDeletionProtection,
  },
});
