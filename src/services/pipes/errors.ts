import { ServiceError } from '../../base/errors.ts';

const validation = (message: string): ServiceError => new ServiceError('ValidationException', message);
const conflict = (name: string, message: string): ServiceError => new ServiceError('ConflictException', message, { status: 409, members: { resourceId: name, resourceType: 'pipe' } });

export const errors = {
  validation,
  unsupported: (what: string) => validation(`${what} is not supported by Haneul.`),
  missing: (name: string) => new ServiceError('NotFoundException', `Pipe ${name} does not exist.`, { status: 404 }),
  exists: (name: string) => conflict(name, `Pipe ${name} already exists.`),
  busy: (name: string, state: string) => conflict(name, `Pipe ${name} is in the state ${state}; try again when it has settled.`),
  quota: () =>
    new ServiceError('ServiceQuotaExceededException', 'The quota of pipes is exceeded.', { status: 402, members: { resourceId: '', resourceType: 'pipe', serviceCode: 'pipes', quotaCode: 'L-CC1F6FCB' } }),
} as const;
