import { ServiceError } from '../../base/errors.ts';

// Texts as the service answers them (recorded in public test suites against AWS; see README.md).

export const invalidParameter = (message: string): ServiceError => new ServiceError('InvalidParameterException', message);

export const groupNotFound = (): ServiceError => new ServiceError('ResourceNotFoundException', 'The specified log group does not exist.');

export const streamNotFound = (): ServiceError => new ServiceError('ResourceNotFoundException', 'The specified log stream does not exist.');

export const resourceNotFound = (): ServiceError => new ServiceError('ResourceNotFoundException', 'The specified resource does not exist.');

export const groupExists = (): ServiceError =>
  new ServiceError('ResourceAlreadyExistsException', 'The specified log group already exists');

export const streamExists = (): ServiceError =>
  new ServiceError('ResourceAlreadyExistsException', 'The specified log stream already exists');

export const filterNotFound = (kind: 'subscription' | 'metric'): ServiceError => new ServiceError('ResourceNotFoundException', `The specified ${kind} filter does not exist.`);

export const limitExceeded = (): ServiceError => new ServiceError('LimitExceededException', 'Resource limit exceeded.');

export const queryNotFound = (): ServiceError => new ServiceError('ResourceNotFoundException', 'The specified query does not exist.');

export const malformedQuery = (message: string, start: number, end: number): ServiceError =>
  new ServiceError('MalformedQueryException', message, { members: { queryCompileError: { location: { startCharOffset: start, endCharOffset: end }, message } } });

export const invalidNextToken = (): ServiceError => invalidParameter('The specified nextToken is invalid.');

export const bothGroupMembers = (): ServiceError =>
  new ServiceError('ValidationException', 'LogGroup name and LogGroup ARN are mutually exclusive parameters.');

export const noGroupMember = (): ServiceError =>
  new ServiceError('ValidationException', 'Either LogGroup name or LogGroup ARN must be specified.');

export const tooManyTags = (resourceName: string): ServiceError =>
  new ServiceError('TooManyTagsException', 'The resource can have no more than 50 tags.', { members: { resourceName } });

export const tooManyLiveTails = (): ServiceError =>
  new ServiceError('LimitExceededException', 'You have reached the maximum number of concurrent Live Tail sessions.');

export const sessionTimedOut = (): ServiceError => new ServiceError('SessionTimeoutException', 'The Live Tail session has timed out.');

export const sessionFailed = (): ServiceError => new ServiceError('SessionStreamingException', 'An unknown error occurred in the Live Tail session.');

/** A setting that Haneul does not have: refused, never ignored. */
export const unsupported = (what: string): ServiceError => invalidParameter(`${what} is not supported.`);
