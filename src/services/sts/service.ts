import { defineService } from '../../framework/service.ts';
import type { StsDeps } from './operation.ts';
import { getCallerIdentity } from './operations/getCallerIdentity.ts';

/** AWS Security Token Service. Its sessions are kept by IAM, with all other credentials. */
export const stsService = defineService<StsDeps>({
  id: 'sts',
  validationErrorCode: 'ValidationError',
  operations: {
    GetCallerIdentity: getCallerIdentity,
  },
});
