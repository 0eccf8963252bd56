// KMS's errors in KMS's words. Most are on record in public test suites against the service, or in the developer guide ("Key states").

import { ServiceError } from '../../base/errors.ts';

const invalidState = (message: string): ServiceError => new ServiceError('KMSInvalidStateException', message);
const unsupported = (message: string): ServiceError => new ServiceError('UnsupportedOperationException', message);
const validation = (message: string): ServiceError => new ServiceError('ValidationException', message, { status: 400 });

export const errors = {
  validation,
  invalidState,
  unsupported,

  noSuchKey: (arn: string) => new ServiceError('NotFoundException', `Key '${arn}' does not exist`),
  invalidKeyId: (keyId: string) => new ServiceError('NotFoundException', `Invalid keyId '${keyId}'`),
  /** The region of a key's ARN is not the one that was asked. */
  wrongRegion: (region: string) => new ServiceError('NotFoundException', `Invalid arn ${region}`),
  invalidArn: (arn: string) => new ServiceError('InvalidArnException', `Invalid arn ${arn}`),
  noSuchAlias: (arn: string) => new ServiceError('NotFoundException', `Alias ${arn} is not found.`),
  aliasExists: (arn: string) => new ServiceError('AlreadyExistsException', `An alias with the name ${arn} already exists`),
  aliasPrefix: () =>
    validation('Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html'),
  aliasName: (name: string) => new ServiceError('InvalidAliasNameException', `${name} contains invalid characters for an alias`),
  reservedAlias: () => new ServiceError('NotAuthorizedException', '', { status: 400 }),

  disabled: (arn: string) => new ServiceError('DisabledException', `${arn} is disabled.`),
  pendingDeletion: (arn: string) => invalidState(`${arn} is pending deletion.`),
  notPendingDeletion: (arn: string) => invalidState(`${arn} is not pending deletion.`),
  pendingImport: (arn: string) => invalidState(`${arn} is pending import.`),
  pendingReplicaDeletion: (arn: string) => invalidState(`${arn} is pending replica deletion.`),

  wrongUsage: (arn: string, usage: string, operation: string) =>
    new ServiceError('InvalidKeyUsageException', `${arn} key usage is ${usage} which is not valid for ${operation}.`),
  wrongSpec: (arn: string, spec: string, operation: string) =>
    new ServiceError('InvalidKeyUsageException', `${arn} key spec is ${spec} which is not valid for ${operation}.`),
  wrongAlgorithm: (algorithm: string, spec: string) =>
    new ServiceError('InvalidKeyUsageException', `Algorithm ${algorithm} is incompatible with key spec ${spec}.`),
  wrongOrigin: (arn: string, origin: string) => unsupported(`${arn} origin is ${origin} which is not valid for this operation.`),
  notMultiRegion: (arn: string) => unsupported(`${arn} is not a multi-region key.`),
  notPrimary: (arn: string) => unsupported(`${arn} is not a multi-region primary key.`),
  awsManaged: (arn: string) => new ServiceError('AccessDeniedException', `${arn} is an AWS managed key, which only AWS can change.`, { status: 400 }),

  invalidCiphertext: () => new ServiceError('InvalidCiphertextException', ''),
  /** Of Decrypt and ReEncrypt without a key id. */
  foreignCiphertext: () =>
    new ServiceError(
      'AccessDeniedException',
      'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
      { status: 400 },
    ),
  incorrectKey: () => new ServiceError('IncorrectKeyException', 'The key ID in the request does not identify a CMK that can perform this operation.'),
  incorrectKeyForCiphertext: () =>
    new ServiceError('IncorrectKeyException', 'The key ID in the request does not match the key ID that was used to encrypt the ciphertext.'),
  invalidSignature: () => new ServiceError('KMSInvalidSignatureException', ''),
  invalidMac: () => new ServiceError('KMSInvalidMacException', ''),
  tooLargeFor: (algorithm: string, spec: string, bytesMax: number) =>
    validation(`Algorithm ${algorithm} and key spec ${spec} cannot encrypt data larger than ${bytesMax} bytes.`),
  digestLength: (algorithm: string) => validation(`Digest is invalid length for algorithm ${algorithm}.`),

  malformedPolicy: (message: string) => new ServiceError('MalformedPolicyDocumentException', message),
  lockOut: () =>
    new ServiceError('MalformedPolicyDocumentException', 'The new key policy will not allow you to update the key policy in the future.'),
  limitExceeded: (message: string) => new ServiceError('LimitExceededException', message),
  tag: (message: string) => new ServiceError('TagException', message),
  invalidMarker: () => new ServiceError('InvalidMarkerException', 'Could not deserialize marker. Invalid marker.'),
  dryRun: () => new ServiceError('DryRunOperationException', 'The request would have succeeded, but the DryRun option is set.'),

  noSuchPolicy: (name: string) => new ServiceError('NotFoundException', `No such policy exists: ${name}`),
  replicaExists: (arn: string) => new ServiceError('AlreadyExistsException', `Key '${arn}' already exists`),
  noSuchCluster: (id: string) => new ServiceError('CloudHsmClusterNotFoundException', `CloudHSM cluster ${id} was not found.`),
  unreachableProxy: (endpoint: string) => new ServiceError('XksProxyUriUnreachableException', `The external key store proxy at ${endpoint} cannot be reached.`),
  noSuchKeyStore: (id: string) => new ServiceError('CustomKeyStoreNotFoundException', `Custom key store ${id} was not found.`),

  noSuchGrant: (grantId: string) => new ServiceError('NotFoundException', `Grant ID ${grantId} not found`),
  invalidGrantToken: () => new ServiceError('InvalidGrantTokenException', 'Invalid grant token.'),

  invalidImportToken: () => new ServiceError('InvalidImportTokenException', 'The import token is not valid for this key.'),
  expiredImportToken: () => new ServiceError('ExpiredImportTokenException', 'The import token has expired.'),
  incorrectMaterial: () =>
    new ServiceError('IncorrectKeyMaterialException', 'The key material in the request does not match the key material that was previously imported into this KMS key.'),
};
