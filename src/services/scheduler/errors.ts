import { ServiceError } from '../../base/errors.ts';

const validation = (message: string): ServiceError => new ServiceError('ValidationException', message);

export const errors = {
  validation,
  unsupported: (what: string) => validation(`${what} is not supported by Haneul.`),
  invalidExpression: (text: string) => validation(`Invalid Schedule Expression ${text}.`),
  scheduleMissing: (name: string) => new ServiceError('ResourceNotFoundException', `Schedule ${name} does not exist.`),
  scheduleExists: (name: string) => new ServiceError('ConflictException', `Schedule ${name} already exists.`),
  groupMissing: (name: string) => new ServiceError('ResourceNotFoundException', `Schedule group ${name} does not exist.`),
  groupExists: (name: string) => new ServiceError('ConflictException', `Schedule group ${name} already exists.`),
  groupDeleting: (name: string) => new ServiceError('ConflictException', `Schedule group ${name} is being deleted.`),
  quota: (what: string) => new ServiceError('ServiceQuotaExceededException', `The quota of ${what} is exceeded.`),
} as const;
