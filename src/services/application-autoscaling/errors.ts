import { ServiceError } from '../../base/errors.ts';

const make = (code: string, message: string): ServiceError => new ServiceError(code, message, { status: 400 });

export interface TargetName {
  readonly namespace: string;
  readonly resourceId: string;
  readonly dimension: string;
}

const named = ({ namespace, resourceId, dimension }: TargetName): string => `service namespace: ${namespace}, resource ID: ${resourceId}, scalable dimension: ${dimension}`;

/** What the service answers, in AWS's words where they are known. */
export const errors = {
  validation: (message: string) => make('ValidationException', message),
  notSupported: (what: string) => make('ValidationException', `Haneul does not implement ${what} yet.`),
  unsupportedDimension: () => make('ValidationException', 'Unsupported service namespace, resource type or scalable dimension'),
  noTarget: (target: TargetName) => make('ObjectNotFoundException', `No scalable target registered for ${named(target)}`),
  noTargetFound: (target: TargetName) => make('ObjectNotFoundException', `No scalable target found for ${named(target)}`),
  noPolicy: (name: string, target: TargetName) => make('ObjectNotFoundException', `No scaling policy found for ${named(target)}, policy name: ${name}`),
  noAction: (name: string, target: TargetName) => make('ObjectNotFoundException', `No scheduled action found for ${named(target)}, scheduled action name: ${name}`),
  tooMany: (what: string) => make('LimitExceededException', `The limit for ${what} has been reached.`),
  invalidToken: () => make('InvalidNextTokenException', 'The next token supplied is invalid.'),
  noResource: (arn: string) => new ServiceError('ResourceNotFoundException', `ResourceARN: ${arn} not found.`, { status: 400, members: { ResourceName: arn } }),
  tooManyTags: (arn: string) => new ServiceError('TooManyTagsException', 'Too many tags.', { status: 400, members: { ResourceName: arn } }),
} as const;
