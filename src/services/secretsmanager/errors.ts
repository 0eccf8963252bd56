import { ServiceError } from '../../base/errors.ts';

const make = (code: string, message: string): ServiceError => new ServiceError(code, message, { status: 400 });

export const invalidParameter = (message: string): ServiceError => make('InvalidParameterException', message);
export const invalidRequest = (message: string): ServiceError => make('InvalidRequestException', message);
export const limitExceeded = (message: string): ServiceError => make('LimitExceededException', message);
const notFound = (message: string): ServiceError => make('ResourceNotFoundException', message);

export const secretNotFound = (): ServiceError => notFound("Secrets Manager can't find the specified secret.");
export const stageNotFound = (stage: string): ServiceError => notFound(`Secrets Manager can't find the specified secret value for staging label: ${stage}`);
export const versionNotFound = (versionId: string): ServiceError => notFound(`Secrets Manager can't find the specified secret value for VersionId: ${versionId}`);

export const invalidName = (): ServiceError =>
  make('ValidationException', 'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!');

export const secretExists = (name: string): ServiceError => make('ResourceExistsException', `The operation failed because the secret ${name} already exists.`);

export const tokenInUse = (token: string, arn: string): ServiceError =>
  make('ResourceExistsException', `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${arn}.`);

export const scheduledForDeletion = (): ServiceError =>
  invalidRequest("You can't create this secret because a secret with this name is already scheduled for deletion.");

export const markedForDeletion = (): ServiceError => invalidRequest("You can't perform this operation on the secret because it was marked for deletion.");

const tokenText = 'You must provide a ClientRequestToken value. We recommend a UUID-type value.';
/** What AWS answers to requests that no SDK made; RotateSecret has another code for it than the others. */
export const tokenMissing = (): ServiceError => invalidRequest(tokenText);
export const rotationTokenMissing = (): ServiceError => invalidParameter(tokenText);

export const bothValues = (): ServiceError => invalidParameter("You can't specify both a binary secret value and a string secret value in the same secret.");
export const noValue = (): ServiceError => invalidParameter('You must provide either SecretString or SecretBinary.');
export const valueTooLong = (): ServiceError =>
  make(
    'ValidationException',
    "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536",
  );

export const invalidToken = (): ServiceError => make('InvalidNextTokenException', 'The NextToken value is invalid.');

export const onReplica = (): ServiceError =>
  invalidRequest("Operation not permitted on a replica secret. Call must be made in primary secret's region.");

export const decryptionFailure = (): ServiceError =>
  make('DecryptionFailure', "Secrets Manager can't decrypt the protected secret text using the provided KMS key.");
export const encryptionFailure = (reason: string): ServiceError =>
  make(
    'EncryptionFailure',
    `Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is available, enabled, and not in an invalid state. ${reason}`,
  );
export const keyAccessDenied = (): ServiceError => make('AccessDeniedException', 'Access to KMS is not allowed');
export const foreignDefaultKey = (): ServiceError =>
  invalidRequest("You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.");

export const cannotInvoke = (): ServiceError =>
  make(
    'AccessDeniedException',
    'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
  );

export const malformedPolicy = (message: string): ServiceError => make('MalformedPolicyDocumentException', message);
export const publicPolicy = (): ServiceError =>
  make('PublicPolicyException', 'You can\'t attach this resource policy because it grants broad access: the principal is "*" and no condition narrows it.');

/** For members of the API that Haneul does not act on. */
export const unsupported = (what: string): ServiceError => invalidParameter(`${what} is not supported by Haneul yet.`);
