import { ServiceError } from '../../base/errors.ts';

// Texts as the service has them, where they are known from its documentation, from messages quoted in public bug reports, or from
// recorded tests of others.

const validation = (message: string): ServiceError => new ServiceError('ValidationException', message);
const notFound = (message: string): ServiceError => new ServiceError('ResourceNotFoundException', message);
const exists = (message: string): ServiceError => new ServiceError('ResourceAlreadyExistsException', message);

export const errors = {
  validation,
  notFound,
  invalidParameter: (name: string, reason: string) => validation(`Parameter ${name} is not valid. Reason: ${reason}`),
  /** What AWS has and this server has not, said in words. */
  unsupported: (what: string) => validation(`${what} is not supported by Haneul.`),
  busMissing: (name: string) => notFound(`Event bus ${name} does not exist.`),
  busExists: (name: string) => exists(`Event bus ${name} already exists.`),
  ruleMissing: (rule: string, bus: string) => notFound(`Rule ${rule} does not exist on EventBus ${bus}.`),
  managedRule: (rule: string) => new ServiceError('ManagedRuleException', `Rule ${rule} is managed by an AWS service and can only be changed with Force.`),
  limit: (message = 'The requested resource exceeds the maximum number allowed.') => new ServiceError('LimitExceededException', message),
  invalidPattern: (reason: string) => new ServiceError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`),
  policyTooLong: () => new ServiceError('PolicyLengthExceededException', 'The policy is too long.'),
  archiveMissing: (name: string) => notFound(`Archive ${name} does not exist.`),
  archiveExists: (name: string) => exists(`Archive ${name} already exists.`),
  replayMissing: (name: string) => notFound(`Replay ${name} does not exist.`),
  replayExists: (name: string) => exists(`Replay ${name} already exists.`),
  replayState: (name: string) => new ServiceError('IllegalStatusException', `Replay ${name} is not in a valid state for this operation.`),
  connectionMissing: (name: string) => notFound(`Failed to describe the connection(s). Connection '${name}' does not exist.`),
  connectionExists: (name: string) => exists(`Connection ${name} already exists.`),
  apiDestinationMissing: (name: string) => notFound(`Failed to describe the api-destination(s). An api-destination '${name}' does not exist.`),
  apiDestinationExists: (name: string) => exists(`An api-destination '${name}' already exists.`),
} as const;
