import { ServiceError } from '../../../base/errors.ts';
import { errors } from '../errors.ts';

const user = { Type: 'User' } as const;

/** What AWS says about event source mappings. */
export const mappingErrors = {
  exists: (sourceArn: string, functionName: string, uuid: string) =>
    new ServiceError(
      'ResourceConflictException',
      `An event source mapping with SQS arn (" ${sourceArn} ") and function (" ${functionName} ") already exists. Please update or delete the existing mapping with UUID ${uuid}`,
      { status: 409, members: user },
    ),
  notFound: () => new ServiceError('ResourceNotFoundException', 'The resource you requested does not exist.', { status: 404, members: user }),
  inUse: (verb: 'update' | 'delete') =>
    new ServiceError('ResourceInUseException', `Cannot ${verb} the event source mapping because it is in use.`, { status: 400, members: user }),
  streamMapped: (sourceArn: string, functionName: string, uuid: string) =>
    new ServiceError(
      'ResourceConflictException',
      `The event source arn (" ${sourceArn} ") and function (" ${functionName} ") provided mapping already exists. Please update or delete the existing mapping with UUID ${uuid}`,
      { status: 409, members: user },
    ),
  noStream: (sourceArn: string) => errors.invalidParameter(`Stream not found: ${sourceArn}`),
  streamNotPermitted: (sourceArn: string, calls: readonly string[]) =>
    errors.invalidParameter(`Cannot access stream ${sourceArn}. Please ensure the role can perform the ${calls.slice(0, -1).join(', ')}, and ${calls.at(-1) ?? ''} Actions on your stream in IAM.`),
  noStart: () => errors.validation('null', 'startingPosition', 'Member must not be null.'),
  unsupportedStart: (sourceArn: string) => errors.invalidParameter(`Unsupported starting position for arn type: ${sourceArn}`),
  timestampNeeded: () => errors.invalidParameter('StartingPositionTimestamp must be specified when StartingPosition is AT_TIMESTAMP.'),
  timestampUnneeded: () => errors.invalidParameter('StartingPositionTimestamp can only be specified when StartingPosition is AT_TIMESTAMP.'),
  streamBatch: (batchSize: number, batchMax: number) => errors.validation(batchSize, 'batchSize', `Member must have value less than or equal to ${batchMax}`),
  recordAge: (seconds: number) => errors.invalidParameter(`Invalid MaximumRecordAgeInSeconds: ${seconds}. It must be -1, or between 60 and 604800.`),
  windowOverTumbling: () => errors.invalidParameter('MaximumBatchingWindowInSeconds must not be greater than TumblingWindowInSeconds.'),
  notForStreams: (setting: string) => errors.invalidParameter(`Unsupported parameter for given event source mapping type: ${setting}.`),
  noSource: () => errors.invalidParameter('Unrecognized event source.'),
  noQueue: () =>
    errors.invalidParameter(
      'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist for this wsdl version.',
    ),
  notPermitted: (call: string, service: string) =>
    errors.invalidParameter(`The provided execution role does not have permissions to call ${call} on ${service}`),
  visibilityTooShort: (visibilitySeconds: number, timeoutSeconds: number) =>
    errors.invalidParameter(`Queue visibility timeout: ${visibilitySeconds} seconds is less than Function timeout: ${timeoutSeconds} seconds`),
  windowNeeded: () => errors.invalidParameter('Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10'),
  fifoWindow: () => errors.invalidParameter('Batching window is not supported for FIFO queues'),
  fifoBatch: (batchSize: number) => errors.validation(batchSize, 'batchSize', 'Member must have value less than or equal to 10'),
  invalidFilter: () => errors.invalidParameter('Invalid filter pattern definition.'),
  tooManyFilters: (filtersMax: number) => errors.invalidParameter(`Maximum number of filters (${filtersMax}) exceeded.`),
  filterKeyUnusable: (code: string, message: string) =>
    errors.invalidParameter(`Lambda was unable to encrypt the filter criteria. Please check your KMS key settings. KMS Exception: ${code} KMS Message: ${message}`),
  tooFewPollers: (pollersMin: number) => errors.invalidParameter(`MinimumPollers and MaximumPollers must be at least ${pollersMin} for SQS event sources.`),
  pollersReversed: () => errors.invalidParameter('MinimumPollers must not be greater than MaximumPollers.'),
  pollersAndConcurrency: () => errors.invalidParameter('MaximumConcurrency and ProvisionedPollerConfig cannot be set together.'),
  notForQueues: (setting: string) => errors.invalidParameter(`${setting} is not supported for SQS event sources.`),
} as const;
