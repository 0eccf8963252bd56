// STS's errors in STS's words.

import { ServiceError } from '../../base/errors.ts';

export const errors = {
  accessDenied: (message: string) => new ServiceError('AccessDenied', message, { status: 403 }),
  missingToken: () => new ServiceError('MissingAuthenticationToken', 'Request is missing Authentication Token', { status: 403 }),
  invalidToken: () => new ServiceError('InvalidClientTokenId', 'The security token included in the request is invalid.', { status: 403 }),
  malformedPolicy: (message: string) => new ServiceError('MalformedPolicyDocumentException', message, { status: 400 }),
  invalidAuthorizationMessage: () => new ServiceError('InvalidAuthorizationMessageException', 'Message is not valid', { status: 400 }),
  packedPolicyTooLarge: (percent: number) =>
    new ServiceError('PackedPolicyTooLargeException', `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`, { status: 400 }),
  wrongMfaCode: () => new ServiceError('AccessDenied', 'MultiFactorAuthentication failed with invalid MFA one time pass code. ', { status: 403 }),
  invalidParameterValue: (message: string) => new ServiceError('InvalidParameterValue', message, { status: 400 }),
  /** AWS has no words for this: the member is served there. */
  notSupported: (member: string) => new ServiceError('ValidationError', `Haneul does not support ${member} yet.`, { status: 400 }),
  validation: (message: string) => new ServiceError('ValidationError', message, { status: 400 }),
};
