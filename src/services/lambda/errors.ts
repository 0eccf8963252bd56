import { ServiceError } from '../../base/errors.ts';

// Lambda's error shapes carry a `Type` that says whose fault it was.
const user = { Type: 'User' } as const;

interface DecryptFailure {
  readonly name: string;
  readonly because: string;
}

/** API reference, TooManyRequestsException, Reason. */
export type ThrottleReason =
  | 'ConcurrentInvocationLimitExceeded'
  | 'ReservedFunctionConcurrentInvocationLimitExceeded'
  | 'FunctionInvocationRateLimitExceeded'
  | 'ReservedFunctionInvocationRateLimitExceeded';

const decryptFailures: Readonly<Record<string, DecryptFailure>> = {
  DisabledException: { name: 'KMSDisabledException', because: 'the KMS key used is disabled' },
  KMSInvalidStateException: { name: 'KMSInvalidStateException', because: 'the KMS key used is in an invalid state for Decrypt' },
  NotFoundException: { name: 'KMSNotFoundException', because: 'the KMS key was not found' },
};
const decryptDenied: DecryptFailure = { name: 'KMSAccessDeniedException', because: 'KMS access was denied' };

/** What the service answers to callers, in AWS's words where AWS has some. */
export const errors = {
  invalidParameter: (message: string) => new ServiceError('InvalidParameterValueException', message, { status: 400, members: user }),
  /** A setting that exists on AWS and not here: named, never ignored. */
  notSupported: (setting: string, advice = '') =>
    errors.invalidParameter(`Haneul does not implement ${setting} yet.${advice === '' ? '' : ` ${advice}`}`),
  validation: (value: unknown, member: string, constraint: string) =>
    new ServiceError(
      'ValidationException',
      `1 validation error detected: Value '${String(value)}' at '${member}' failed to satisfy constraint: ${constraint}`,
      { status: 400 },
    ),
  /** Of a KMS key, when a function is to have it. The words are those for a grant, which is what Lambda makes there. */
  keyNotConfigurable: (kmsCode: string, kmsMessage: string) =>
    errors.invalidParameter(
      `Lambda was unable to configure access to your environment variables because ${
        kmsCode === 'DisabledException' ? 'the KMS key used is disabled' : 'the KMS key is invalid for CreateGrant'
      }. Please check your KMS key settings. KMS Exception: ${kmsCode} KMS Message: ${kmsMessage}`,
    ),
  /** API reference, Invoke, Errors: four of them. */
  variablesNotDecrypted: (kmsCode: string, kmsMessage: string) => {
    const { name, because } = decryptFailures[kmsCode] ?? decryptDenied;
    const message = `Lambda was unable to decrypt the environment variables because ${because}. Please check the function's KMS key settings. KMS Exception: ${kmsCode}KMS Message: ${kmsMessage}`;
    return new ServiceError(name, message, { status: 502, members: user });
  },
  /** Not thrown: it stands where the variables would. */
  variablesNotShown: (kmsCode: string, kmsMessage: string) => {
    const failure = decryptFailures[kmsCode];
    const why = failure === undefined ? 'the KMS access was denied. Please check your KMS permissions.' : `${failure.because}. Please check your KMS key settings.`;
    return { ErrorCode: kmsCode, Message: `Lambda was unable to decrypt your environment variables because ${why} KMS Exception: ${kmsCode} KMS Message: ${kmsMessage}` };
  },
  updateInProgress: (arn: string) =>
    new ServiceError('ResourceConflictException', `The operation cannot be performed at this time. An update is in progress for resource: ${arn}`, { status: 409, members: user }),
  /** Of a function that is to have it … */
  signingConfigNotFound: (arn: string) => new ServiceError('CodeSigningConfigNotFoundException', `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${arn}.`, { status: 404, members: user }),
  /** … and when it is itself what the request is about. */
  signingConfigMissing: (arn: string) => new ServiceError('ResourceNotFoundException', `The code signing configuration ${arn} does not exist.`, { status: 404, members: user }),
  signingConfigInUse: () => new ServiceError('ResourceConflictException', 'Cannot delete the code signing configuration because it is used by at least one function.', { status: 409, members: user }),
  /** The words of the API reference, CodeVerificationFailedException. */
  codeNotVerified: () =>
    new ServiceError('CodeVerificationFailedException', 'The code signature failed one or more of the validation checks for signature mismatch or expiry, and the code signing policy is set to ENFORCE. Lambda blocks the deployment.', { status: 400, members: user }),
  capacityProviderMissing: (arn: string) => new ServiceError('ResourceNotFoundException', `Capacity provider not found: ${arn}`, { status: 404, members: user }),
  executionNotFound: (arn: string) => new ServiceError('ResourceNotFoundException', `Durable execution not found: ${arn}`, { status: 404, members: user }),
  durableExecutionAlreadyStarted: (name: string) =>
    new ServiceError('DurableExecutionAlreadyStartedException', `A durable execution with the name ${name} has already been started with a different payload.`, { status: 409, members: user }),
  callbackEnded: () => new ServiceError('CallbackTimeoutException', 'The callback has timed out or is no longer waiting.', { status: 400, members: user }),
  functionNotFound: (arn: string) => new ServiceError('ResourceNotFoundException', `Function not found: ${arn}`, { status: 404, members: user }),
  aliasExists: (arn: string) => new ServiceError('ResourceConflictException', `Alias already exists: ${arn}`, { status: 409, members: user }),
  /** GetAlias and the operations of resource policies say it so … */
  noAliasArn: (arn: string) => new ServiceError('ResourceNotFoundException', `Cannot find alias arn: ${arn}`, { status: 404, members: user }),
  /** … and UpdateAlias so. */
  aliasNotFound: (arn: string) => new ServiceError('ResourceNotFoundException', `Alias not found: ${arn}`, { status: 404, members: user }),
  versionInUse: (aliases: readonly string[]) =>
    new ServiceError('ResourceConflictException', `Unable to delete version because the following aliases reference it: [${aliases.join(', ')}]`, { status: 409, members: user }),
  otherRegion: (wanted: string, here: string) =>
    new ServiceError('ResourceNotFoundException', `Functions from '${wanted}' are not reachable in this region ('${here}')`, { status: 404, members: user }),
  otherAccount: (callerArn: string, action: string, resource: string) =>
    new ServiceError(
      'AccessDeniedException',
      `User: ${callerArn} is not authorized to perform: ${action} on resource: ${resource} because no resource-based policy allows the ${action} action`,
      { status: 403 },
    ),
  crossAccountRole: () => new ServiceError('AccessDeniedException', 'Cross-account pass role is not allowed.', { status: 403 }),
  functionExists: (name: string) => new ServiceError('ResourceConflictException', `Function already exist: ${name}`, { status: 409, members: user }),
  roleNotAssumable: () => errors.invalidParameter('The role defined for the function cannot be assumed by Lambda.'),
  /** The same when the function is invoked: then it is no parameter that is wrong. */
  roleNotAssumed: () => new ServiceError('AccessDeniedException', 'The role defined for the function cannot be assumed by Lambda.', { status: 403 }),
  revisionChanged: () =>
    new ServiceError(
      'PreconditionFailedException',
      'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
      { status: 412, members: user },
    ),
  policyRevisionChanged: () =>
    new ServiceError(
      'PreconditionFailedException',
      'The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id',
      { status: 412, members: user },
    ),
  statementExists: (id: string) =>
    new ServiceError('ResourceConflictException', `The statement id (${id}) provided already exists. Please provide a new statement id, or remove the existing statement.`, {
      status: 409,
      members: user,
    }),
  statementNotFound: (id: string) =>
    new ServiceError('ResourceNotFoundException', `Statement ${id} is not found in resource policy.`, { status: 404, members: user }),
  noPolicy: () => new ServiceError('ResourceNotFoundException', 'The resource you requested does not exist.', { status: 404, members: user }),
  noPolicyToChange: () => new ServiceError('ResourceNotFoundException', 'No policy is associated with the given resource.', { status: 404, members: user }),
  policyTooLarge: (bytes: number, bytesMax: number) =>
    new ServiceError('PolicyLengthExceededException', `The final policy size (${bytes}) is bigger than the limit (${bytesMax}).`, { status: 400, members: user }),
  layerVersionNotFound: (arn: string) => new ServiceError('ResourceNotFoundException', `Layer version ${arn} does not exist.`, { status: 404, members: user }),
  layerPolicyRevisionChanged: () =>
    new ServiceError(
      'PreconditionFailedException',
      'The Revision Id provided does not match the latest Revision Id. Call the GetLayerVersionPolicy API to retrieve the latest Revision Id',
      { status: 412, members: user },
    ),
  layerVersionMissing: (arn: string) => errors.invalidParameter(`Layer version ${arn} does not exist.`),
  codeStorageExceeded: () => new ServiceError('CodeStorageExceededException', 'Code storage limit exceeded.', { status: 400, members: user }),
  brokenArchive: () => errors.invalidParameter('Could not unzip uploaded file. Please check your file, then try to upload again.'),
  emptyArchive: () => errors.invalidParameter('Uploaded file must be a non-empty zip'),
  zippedTooLarge: (bytesMax: number) => errors.invalidParameter(`Zipped size must be smaller than ${bytesMax} bytes`),
  unzippedTooLarge: (bytesMax: number) => errors.invalidParameter(`Unzipped size must be smaller than ${bytesMax} bytes`),
  requestEntityTooLarge: (operationName: string, bytesMax: number) =>
    new ServiceError('RequestEntityTooLargeException', `Request must be smaller than ${bytesMax} bytes for the ${operationName} operation`, { status: 413 }),
  payloadTooLarge: (bytes: number, invocationType: string, bytesMax: number) =>
    new ServiceError(
      'RequestTooLargeException',
      `${bytes} byte payload is too large for the ${invocationType} invocation type (limit ${bytesMax} bytes)`,
      { status: 413, members: user },
    ),
  // 501, so that no client tries again; a request that is accepted here must never be lost.
  notImplemented: (what: string) => new ServiceError('NotImplemented', `Haneul does not implement ${what} yet.`, { status: 501 }),
  onlyWholeFunctions: () =>
    errors.invalidParameter(
      'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
    ),
  invalidRequestContent: (message: string) => new ServiceError('InvalidRequestContentException', message, { status: 400, members: user }),
  /** API reference, TooManyRequestsException: Retry-After is in seconds. */
  throttled: (reason: ThrottleReason, waitMs = 0) =>
    new ServiceError('TooManyRequestsException', 'Rate Exceeded.', {
      status: 429,
      members: { ...user, Reason: reason, retryAfterSeconds: String(Math.max(1, Math.ceil(waitMs / 1_000))) },
    }),
  provisionedUnpublished: () => errors.invalidParameter('Provisioned Concurrency Configs cannot be applied to unpublished function versions.'),
  provisionedQualifier: () => errors.invalidParameter('The function resource provided must be an alias or a published version.'),
  noProvisionedConfig: () =>
    new ServiceError('ProvisionedConcurrencyConfigNotFoundException', 'No Provisioned Concurrency Config found for this function', { status: 404, members: user }),
  versionProvisioned: () =>
    new ServiceError('ResourceConflictException', "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version", { status: 409, members: user }),
  versionProvisionedByAlias: () => new ServiceError('ResourceConflictException', 'Version is pointed by a Provisioned Concurrency alias', { status: 409, members: user }),
  /** The guide, "Configuring provisioned concurrency": settings of an alias stay as they are while it routes to two versions. */
  aliasRouted: () => errors.invalidParameter('Invalid alias configuration for Provisioned Concurrency'),
  /** API reference, Invoke, Errors: four of them. */
  snapStartNotReady: () =>
    new ServiceError('SnapStartNotReadyException', 'Lambda is initializing your function. It will be ready to invoke once your function state becomes ACTIVE.', { status: 409, members: user }),
  snapStartFailed: () =>
    new ServiceError('SnapStartException', 'The afterRestore() runtime hook encountered an error. For more information, check the Amazon CloudWatch logs.', { status: 400, members: user }),
  snapStartTimeout: () => new ServiceError('SnapStartTimeoutException', "Lambda couldn't restore the snapshot within the timeout limit.", { status: 408, members: user }),
  snapStartNotRegenerated: () =>
    new ServiceError('SnapStartRegenerationFailureException', "Lambda couldn't regenerate the SnapStart snapshot for the function.", { status: 400, members: user }),
  versionFailed: (arn: string) =>
    new ServiceError('ResourceConflictException', `The operation cannot be performed at this time. The function is currently in the following state: Failed: ${arn}`, { status: 409, members: user }),
  /** The words are those of the API model (Lambda API reference, Invoke, RecursiveInvocationException). */
  recursiveInvocation: () =>
    new ServiceError(
      'RecursiveInvocationException',
      "Lambda has detected your function being invoked in a recursive loop with other AWS resources and stopped your function's invocation.",
      { status: 400, members: user },
    ),
  invalidRuntime: (message: string) => new ServiceError('InvalidRuntimeException', message, { status: 502, members: user }),
  /** Lambda API reference, Invoke, "ServiceException". */
  serviceFailure: () => new ServiceError('ServiceException', 'The AWS Lambda service encountered an internal error.', { status: 500, fault: 'server', members: { Type: 'Service' } }),
  stopping: () => new ServiceError('ServiceException', 'The server is stopping.', { status: 503, members: { Type: 'Service' } }),
} as const;
