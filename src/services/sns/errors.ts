import { ServiceError } from '../../base/errors.ts';

// Codes and messages as the service answers them (API reference, "Common errors" and each action; recorded answers of the service).

/** `Invalid parameter: TopicArn Reason: no value for required parameter`, and its like. */
export const invalidParameter = (what: string): ServiceError => new ServiceError('InvalidParameterException', `Invalid parameter: ${what}`);
export const missingParameter = (name: string): ServiceError => invalidParameter(`${name} Reason: no value for required parameter`);
export const invalidAttributeValue = (message: string): ServiceError => new ServiceError('InvalidParameterValueException', message);
export const topicNotFound = (): ServiceError => new ServiceError('NotFoundException', 'Topic does not exist');
export const subscriptionNotFound = (): ServiceError => new ServiceError('NotFoundException', 'Subscription does not exist');
export const notFound = (what: string): ServiceError => new ServiceError('NotFoundException', what);
export const resourceNotFound = (): ServiceError => new ServiceError('ResourceNotFoundException', 'Resource does not exist');
export const authorizationError = (message: string): ServiceError => new ServiceError('AuthorizationErrorException', message);
export const invalidState = (message: string): ServiceError => new ServiceError('InvalidStateException', message);
export const filterPolicyLimitExceeded = (): ServiceError => new ServiceError('FilterPolicyLimitExceededException', 'Filter policy limit exceeded');
export const subscriptionLimitExceeded = (): ServiceError => new ServiceError('SubscriptionLimitExceededException', 'Subscription limit exceeded');
export const tagLimitExceeded = (): ServiceError => new ServiceError('TagLimitExceededException', 'Could not complete request: tag quota of per resource exceeded');
export const userError = (message: string): ServiceError => new ServiceError('UserErrorException', message);
export const verificationFailed = (message: string): ServiceError =>
  new ServiceError('VerificationException', message, { status: 400, members: { Status: 'Pending' } });

export const batchErrors = {
  empty: () => new ServiceError('EmptyBatchRequestException', "The batch request doesn't contain any entries."),
  tooMany: () => new ServiceError('TooManyEntriesInBatchRequestException', 'The batch request contains more entries than permissible.'),
  notDistinct: () => new ServiceError('BatchEntryIdsNotDistinctException', 'Two or more batch entries in the request have the same Id.'),
  badId: () => new ServiceError('InvalidBatchEntryIdException', "The Id of a batch entry in a batch request doesn't abide by the specification."),
  tooLong: () => new ServiceError('BatchRequestTooLongException', 'The length of all the batch messages put together is more than the limit.'),
} as const;

// The names that SNS gives to what KMS refuses (API reference, Publish, Errors).
const kmsNames: Readonly<Record<string, string>> = {
  NotFoundException: 'KMSNotFoundException',
  DisabledException: 'KMSDisabledException',
  KMSInvalidStateException: 'KMSInvalidStateException',
  InvalidKeyUsageException: 'KMSInvalidStateException',
  AccessDeniedException: 'KMSAccessDeniedException',
  AccessDenied: 'KMSAccessDeniedException',
  AuthorizationErrorException: 'KMSAccessDeniedException',
};

/** What KMS refuses, in the words of SNS. */
export async function inOwnWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const name = error instanceof ServiceError ? kmsNames[error.code] : undefined;
    throw error instanceof ServiceError && name !== undefined ? new ServiceError(name, error.message, { status: 400, cause: error }) : error;
  }
}
