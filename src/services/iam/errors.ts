// IAM's errors in IAM's words, by the names of their shapes in the model.

import { ServiceError } from '../../base/errors.ts';
import type { EntityKind } from './store.ts';

const titles: Readonly<Record<EntityKind, string>> = { role: 'Role', user: 'User', group: 'Group' };

export const errors = {
  entityAlreadyExists: (kind: EntityKind, name: string) =>
    new ServiceError('EntityAlreadyExistsException', `${titles[kind]} with name ${name} already exists.`),
  policyAlreadyExists: (name: string) =>
    new ServiceError('EntityAlreadyExistsException', `A policy called ${name} already exists. Duplicate names are not allowed.`),

  noSuchEntity: (kind: EntityKind, name: string) => new ServiceError('NoSuchEntityException', `The ${kind} with name ${name} cannot be found.`),
  noSuchInlinePolicy: (kind: EntityKind, policyName: string) =>
    new ServiceError('NoSuchEntityException', `The ${kind} policy with name ${policyName} cannot be found.`),
  noSuchPolicy: (arn: string) => new ServiceError('NoSuchEntityException', `Policy ${arn} was not found.`),
  notAttachable: (arn: string) => new ServiceError('NoSuchEntityException', `Policy ${arn} does not exist or is not attachable.`),
  noSuchPolicyVersion: (arn: string, versionId: string) =>
    new ServiceError('NoSuchEntityException', `Policy ${arn} version ${versionId} does not exist or is not attachable.`),
  noSuchJob: (jobId: string) => new ServiceError('NoSuchEntityException', `No such job id: ${jobId}`),
  notInGroup: (user: string, group: string) => new ServiceError('NoSuchEntityException', `User ${user} not in group ${group}`),
  noSuchAccessKey: (id: string) => new ServiceError('NoSuchEntityException', `The Access Key with id ${id} cannot be found.`),

  noSuchOpenIdProvider: (arn: string) => new ServiceError('NoSuchEntityException', `OpenIDConnect Provider not found for arn ${arn}`),
  openIdProviderExists: (url: string) => new ServiceError('EntityAlreadyExistsException', `Provider with url ${url} already exists.`),
  noSuchSamlProvider: (arn: string) => new ServiceError('NoSuchEntityException', `Manifest not found for arn ${arn}`),
  samlProviderExists: (arn: string) => new ServiceError('EntityAlreadyExistsException', `SAMLProvider ${arn} already exists.`),
  unreadableMetadata: () => new ServiceError('InvalidInputException', 'Could not parse metadata'),
  noSuchMfaDevice: (serial: string) => new ServiceError('NoSuchEntityException', `VirtualMFADevice with serial number ${serial} does not exist.`),
  mfaDeviceExists: () => new ServiceError('EntityAlreadyExistsException', 'MFADevice entity at the same path and name already exists.'),
  mfaDeviceInUse: () => new ServiceError('EntityAlreadyExistsException', 'MFA Device is already in use.'),
  wrongMfaCode: () => new ServiceError('InvalidAuthenticationCodeException', 'Authentication code for device is not valid.'),
  deviceNotOfUser: (user: string, serial: string) => new ServiceError('NoSuchEntityException', `MFA device ${serial} is not assigned to user ${user}.`),

  noSuchSshKey: (id: string) => new ServiceError('NoSuchEntityException', `The Public Key with id ${id} cannot be found.`),
  invalidSshKey: () => new ServiceError('InvalidPublicKeyException', 'The public key is malformed or otherwise invalid.'),
  unrecognizedSshKey: () => new ServiceError('UnrecognizedPublicKeyEncodingException', 'The public key encoding format is unsupported or unrecognized.'),
  duplicateSshKey: () => new ServiceError('DuplicateSSHPublicKeyException', 'The SSH public key is already associated with the specified IAM user.'),
  noSuchCertificate: (id: string) => new ServiceError('NoSuchEntityException', `The Certificate with id ${id} cannot be found.`),
  duplicateCertificate: () => new ServiceError('DuplicateCertificateException', 'The same certificate is associated with an IAM user in the account.'),
  malformedCertificate: () => new ServiceError('MalformedCertificateException', 'Unable to parse certificate. Please ensure the certificate is in PEM format.'),
  malformedPrivateKey: () => new ServiceError('MalformedCertificateException', 'Unable to parse key. Please ensure the key is in PEM format.'),
  keyPairMismatch: () => new ServiceError('KeyPairMismatchException', 'Private key does not match certificate.'),
  noSuchServerCertificate: (name: string) => new ServiceError('NoSuchEntityException', `The Server Certificate with name ${name} cannot be found.`),
  serverCertificateExists: (name: string) => new ServiceError('EntityAlreadyExistsException', `The Server Certificate with name ${name} already exists.`),
  noSuchServiceCredential: (id: string) => new ServiceError('NoSuchEntityException', `No such credential ${id} exists`),
  serviceNotSupported: (service: string) => new ServiceError('ServiceNotSupportedException', `No such service ${service} supports service-specific credentials`),
  noSuchInstanceProfile: (name: string) => new ServiceError('NoSuchEntityException', `Instance Profile ${name} cannot be found.`),
  instanceProfileExists: (name: string) => new ServiceError('EntityAlreadyExistsException', `Instance Profile ${name} already exists.`),
  noSuchLoginProfile: (user: string) => new ServiceError('NoSuchEntityException', `Login Profile for User ${user} cannot be found.`),
  loginProfileExists: (user: string) => new ServiceError('EntityAlreadyExistsException', `Login Profile for user ${user} already exists.`),
  passwordPolicyViolation: (message: string) => new ServiceError('PasswordPolicyViolationException', message),
  noPasswordPolicy: (account: string) => new ServiceError('NoSuchEntityException', `The Password Policy with domain name ${account} cannot be found.`),
  invalidUserType: (message: string) => new ServiceError('InvalidUserTypeException', message),
  temporarilyUnmodifiable: (what: string, user: string) => new ServiceError('EntityTemporarilyUnmodifiableException', `${what} for User ${user} cannot be modified while it is being changed.`),
  noSuchTask: (id: string) => new ServiceError('NoSuchEntityException', `The deletion task with id ${id} cannot be found.`),
  noSuchAlias: (alias: string) => new ServiceError('NoSuchEntityException', `The account alias ${alias} cannot be found.`),
  aliasExists: (alias: string) => new ServiceError('EntityAlreadyExistsException', `The account alias ${alias} already exists.`),
  noReport: () => new ServiceError('CredentialReportNotPresentException', 'No report has been generated.'),
  reportExpired: () => new ServiceError('CredentialReportExpiredException', 'The report has expired. Generate a new one.'),
  protectedRole: (name: string) =>
    new ServiceError('UnmodifiableEntityException', `Cannot perform the operation on the protected role '${name}' - this role is only modifiable by AWS`),

  deleteConflict: (message: string) => new ServiceError('DeleteConflictException', message),
  quotaExceeded: (quota: string, limit: number) => new ServiceError('LimitExceededException', `Cannot exceed quota for ${quota}: ${limit}`),
  inlineSizeExceeded: (kind: EntityKind, name: string, limit: number) =>
    new ServiceError('LimitExceededException', `Maximum policy size of ${limit} bytes exceeded for ${kind} ${name}`),
  tooManyPolicyVersions: (limit: number) =>
    new ServiceError(
      'LimitExceededException',
      `A managed policy can have up to ${limit} versions. Before you create a new version, you must delete an existing version.`,
    ),
  tooManyTags: (limit: number) => new ServiceError('LimitExceededException', `Cannot exceed quota for TagsPerResource: ${limit}`),

  malformedPolicy: (message: string) => new ServiceError('MalformedPolicyDocumentException', message),
  invalidArn: (arn: string) => new ServiceError('InvalidInputException', `ARN ${arn} is not valid.`),
  invalidInput: (message: string) => new ServiceError('InvalidInputException', message),
  validation: (message: string) => new ServiceError('ValidationError', message, { status: 400 }),
  accessDenied: (message: string) => new ServiceError('AccessDenied', message, { status: 403 }),
};
