// Refusals in SQS's words, as recorded from the service in public test suites and as the API reference gives them. The query protocol's
// codes differ for some; the codecs know them from the model.

import { ServiceError } from '../../base/errors.ts';

export const invalidParameter = (message: string): ServiceError => new ServiceError('InvalidParameterValueException', message, { status: 400 });

export const invalidValue = (value: unknown, parameter: string, reason: string): ServiceError =>
  invalidParameter(`Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`);

export const missingParameter = (name: string): ServiceError =>
  new ServiceError('MissingRequiredParameterException', `The request must contain the parameter ${name}.`, { status: 400 });

export const queueDoesNotExist = (): ServiceError => new ServiceError('QueueDoesNotExist', 'The specified queue does not exist.');

/** The text that the query protocol has kept. */
export const queueDoesNotExistInQuery = (): ServiceError =>
  new ServiceError('QueueDoesNotExist', 'The specified queue does not exist for this wsdl version.');

export const invalidAddress = (address: string): ServiceError =>
  new ServiceError('InvalidAddress', `The address ${address} is not valid for this endpoint.`);

export const queueNameExists = (attribute: string): ServiceError =>
  new ServiceError('QueueNameExists', `A queue already exists with the same name and a different value for attribute ${attribute}`);

export const queueDeletedRecently = (): ServiceError =>
  new ServiceError('QueueDeletedRecently', 'You must wait 60 seconds after deleting a queue before you can create another with the same name.');

export const purgeInProgress = (queueName: string): ServiceError =>
  new ServiceError('PurgeQueueInProgress', `Only one PurgeQueue operation on ${queueName} is allowed every 60 seconds.`);

export const unknownAttribute = (name: string): ServiceError => new ServiceError('InvalidAttributeName', `Unknown Attribute ${name}.`);

export const invalidAttributeName = (message: string): ServiceError => new ServiceError('InvalidAttributeName', message);

export const invalidAttributeValue = (name: string, reason?: string): ServiceError =>
  new ServiceError('InvalidAttributeValue', `Invalid value for the parameter ${name}.${reason === undefined ? '' : ` Reason: ${reason}`}`);

export const invalidMessageContents = (): ServiceError =>
  new ServiceError(
    'InvalidMessageContents',
    'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
  );

export const receiptHandleInvalid = (handle: string): ServiceError =>
  new ServiceError('ReceiptHandleIsInvalid', `The input receipt handle "${handle.slice(0, 1_024)}" is not a valid receipt handle.`);

export const receiptHandleExpired = (handle: string): ServiceError => invalidValue(handle, 'ReceiptHandle', 'The receipt handle has expired.');

export const messageGone = (handle: string): ServiceError =>
  invalidValue(handle, 'ReceiptHandle', 'Message does not exist or is not available for visibility timeout change.');

export const overLimit = (count: number): ServiceError =>
  new ServiceError('OverLimit', `Too many messages in flight: the limit of inflight messages (${count}) has been reached for this queue.`);

export const tooManyActions = (count: number, countMax: number): ServiceError => new ServiceError('OverLimit', `${count} Actions were found, maximum allowed is ${countMax}.`);

export const unsupportedOperation = (message: string): ServiceError => new ServiceError('UnsupportedOperation', message);

export const emptyBatch = (entryName: string): ServiceError =>
  new ServiceError('EmptyBatchRequest', `There should be at least one ${entryName} in the request.`);

export const tooManyEntries = (count: number): ServiceError =>
  new ServiceError('TooManyEntriesInBatchRequest', `Maximum number of entries per request are 10. You have sent ${count}.`);

export const invalidBatchEntryId = (): ServiceError =>
  new ServiceError(
    'InvalidBatchEntryId',
    'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
  );

export const entryIdsNotDistinct = (id: string): ServiceError => new ServiceError('BatchEntryIdsNotDistinct', `Id ${id} repeated.`);

export const batchTooLong = (bytesMax: number, bytes: number): ServiceError =>
  new ServiceError('BatchRequestTooLong', `Batch requests cannot be longer than ${bytesMax} bytes. You have sent ${bytes} bytes.`);

export const resourceNotFound = (message: string): ServiceError => new ServiceError('ResourceNotFoundException', message);

export const kmsNotFound = (message: string): ServiceError => new ServiceError('KmsNotFound', message);

/** What KMS refuses, under the names that SQS gives it (API reference, SendMessage, Errors). */
export const kmsErrors = {
  NotFoundException: (message: string, cause?: unknown) => kmsError('KmsNotFound', message, cause),
  DisabledException: (message: string, cause?: unknown) => kmsError('KmsDisabled', message, cause),
  KMSInvalidStateException: (message: string, cause?: unknown) => kmsError('KmsInvalidState', message, cause),
  InvalidKeyUsageException: (message: string, cause?: unknown) => kmsError('KmsInvalidKeyUsage', message, cause),
  AccessDeniedException: (message: string, cause?: unknown) => kmsError('KmsAccessDenied', message, cause),
  AccessDenied: (message: string, cause?: unknown) => kmsError('KmsAccessDenied', message, cause),
} as const;

function kmsError(code: string, message: string, cause: unknown): ServiceError {
  return new ServiceError(code, message, { status: 400, cause });
}
