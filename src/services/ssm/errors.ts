import { ServiceError } from '../../base/errors.ts';

const make = (code: string, message: string): ServiceError => new ServiceError(code, message, { status: 400 });

export const validation = (message: string): ServiceError => make('ValidationException', message);

// AWS gives this one no text; clients show the code.
export const parameterNotFound = (): ServiceError => make('ParameterNotFound', '');

export const versionNotFound = (version: number | string, name: string): ServiceError =>
  make('ParameterVersionNotFound', `Systems Manager could not find version ${version} of ${name}. Verify the version and try again.`);
export const labelNotFound = (label: string, name: string): ServiceError =>
  make('ParameterVersionNotFound', `Systems Manager could not find label ${label} for parameter ${name}. Verify the label and try again.`);

export const parameterExists = (): ServiceError =>
  make('ParameterAlreadyExists', 'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.');

export const typeMismatch = (): ServiceError =>
  make(
    'HierarchyTypeMismatchException',
    "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a parameter from a String type to a SecureString type. You must create a new, unique parameter.",
  );

export const tooDeep = (levels: number): ServiceError =>
  make(
    'HierarchyLevelLimitExceededException',
    `Hierarchies can have a maximum of 15 levels. The parameter name has ${levels} levels. For more information, see Requirements and constraints for parameter names in the AWS Systems Manager User Guide.`,
  );

export const invalidPattern = (): ServiceError => make('InvalidAllowedPatternException', 'The request does not meet the regular expression requirement.');
export const patternMismatch = (pattern: string): ServiceError =>
  make('ParameterPatternMismatchException', `Parameter value, cannot be validated against allowedPattern: ${pattern}`);

export const invalidKeyId = (message: string): ServiceError => make('InvalidKeyId', message);

export const oldestIsLabelled = (name: string, version: number): ServiceError =>
  make(
    'ParameterMaxVersionLimitExceeded',
    `You attempted to create a new version of ${name} by calling the PutParameter API with the overwrite flag. Version ${version}, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.`,
  );

export const tooManyLabels = (): ServiceError =>
  make('ParameterVersionLabelLimitExceeded', 'A parameter version can have maximum 10 labels.Move one or more labels to another version and try again.');

export const tooManyParameters = (): ServiceError =>
  make('ParameterLimitExceeded', 'You have exceeded the number of parameters for this AWS account. Delete one or more parameters and try again.');

export const invalidNextToken = (): ServiceError => make('InvalidNextToken', 'The specified token is not valid.');
export const invalidFilterKey = (message: string): ServiceError => make('InvalidFilterKey', message);
export const invalidFilterOption = (message: string): ServiceError => make('InvalidFilterOption', message);
export const invalidFilterValue = (message: string): ServiceError => make('InvalidFilterValue', message);

export const invalidResourceType = (type: string): ServiceError =>
  make('InvalidResourceType', `${type} is not a valid resource type. Haneul has tags of parameters only (ResourceType Parameter).`);
export const invalidResourceId = (id: string): ServiceError => make('InvalidResourceId', `The resource ID "${id}" is not valid. Verify the ID and try again.`);
export const tooManyTags = (): ServiceError => make('TooManyTagsError', 'The Tags parameter includes too many tags. Remove one or more tags and try the command again.');

export const invalidPolicyType = (message: string): ServiceError => make('InvalidPolicyTypeException', message);
export const invalidPolicyAttribute = (message: string): ServiceError => make('InvalidPolicyAttributeException', message);
export const incompatiblePolicy = (message: string): ServiceError => make('IncompatiblePolicyException', message);
export const tooManyPolicies = (): ServiceError => make('PoliciesLimitExceededException', 'You specified more than the maximum number of allowed policies for the parameter. The maximum is 10.');

export const resourceNotFound = (): ServiceError => make('ResourceNotFoundException', 'The specified parameter to be shared could not be found.');
export const malformedResourcePolicy = (message: string): ServiceError => make('MalformedResourcePolicyDocumentException', message);
export const resourcePolicyConflict = (): ServiceError =>
  make('ResourcePolicyConflictException', "The hash provided in the call doesn't match the stored hash. This exception is thrown when trying to update an obsolete policy version or when multiple requests to update a policy are sent.");
export const resourcePolicyNotFound = (): ServiceError => make('ResourcePolicyNotFoundException', 'No policies with the specified policy ID and hash could be found.');
export const resourcePolicyInvalid = (message: string): ServiceError => make('ResourcePolicyInvalidParameterException', message);
export const tooManyResourcePolicies = (limit: number): ServiceError =>
  new ServiceError('ResourcePolicyLimitExceededException', 'The PutResourcePolicy API action enforces limits on the number of policies of a resource.', {
    status: 400,
    members: { Limit: limit, LimitType: 'ResourcePolicies' },
  });
