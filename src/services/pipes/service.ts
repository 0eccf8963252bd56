import { defineService } from '../../framework/service.ts';
import type { PipesDeps } from './operation.ts';
import { pipeOperations } from './operations/pipes.ts';
import { tagOperations } from './operations/tags.ts';

/** Amazon EventBridge Pipes (REST, JSON). */
export const pipesService = defineService<PipesDeps>({
  id: 'pipes',
  validationErrorCode: 'ValidationException',
  operations: { ...pipeOperations, ...tagOperations },
});
