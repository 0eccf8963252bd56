import { ServiceError } from '../../base/errors.ts';

const make = (code: string, message: string): ServiceError => new ServiceError(code, message);

/** What the service answers. Codes are names of shapes; the query protocol has its own for them (`InvalidParameterValue`). */
export const errors = {
  invalidValue: (message: string) => make('InvalidParameterValueException', message),
  invalidCombination: (message: string) => make('InvalidParameterCombinationException', message),
  missing: (name: string) => make('MissingRequiredParameterException', `The parameter ${name} is required.`),
  validation: (message: string) => new ServiceError('ValidationError', message, { status: 400 }),
  notSupported: (what: string) => make('InvalidParameterValueException', `Haneul does not implement ${what} yet.`),
  notFound: (message = '') => make('ResourceNotFound', message),
  resourceNotFound: (type: string, id: string) => new ServiceError('ResourceNotFoundException', `The resource ${id} does not exist.`, { members: { ResourceType: type, ResourceId: id } }),
  limitExceeded: (message: string) => make('LimitExceededFault', message),
  invalidFormat: (message: string) => make('InvalidFormatFault', message),
  invalidToken: () => make('InvalidNextToken', 'The next token specified is invalid.'),
} as const;
