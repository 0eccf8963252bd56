// STS's errors in STS's words.

import { ServiceError } from '../../base/errors.ts';

export const errors = {
  accessDenied: (message: string) => new ServiceError('AccessDenied', message, { status: 403 }),
  missingToken: () => new ServiceError('MissingAuthenticationToken', 'Request is missing Authentication Token', { status: 403 }),
  invalidToken: () => new ServiceError('InvalidClientTokenId', 'The security token included in the request is invalid.', { status: 403 }),
  malformedPolicy: (message: string) => new ServiceError('MalformedPolicyDocumentException', message, { status: 400 }),
  validation: (message: string) => new ServiceError('ValidationError', message, { status: 400 }),
};
