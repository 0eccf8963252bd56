import { ServiceError } from '../../base/errors.ts';

// Codes, texts and statuses of the API reference, "Error responses"; texts that stand in no page are recorded in public clients' tests.

type Facts = Readonly<Record<string, string | number | undefined>>;

const refuse = (status: number, code: string, message: string, members: Facts = {}, headers?: Readonly<Record<string, string>>): ServiceError =>
  new ServiceError(code, message, { status, members, ...(headers ? { headers } : {}) });

export const errors = {
  noSuchBucket: (BucketName: string) => refuse(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName }),
  noSuchKey: (Key: string, headers?: Readonly<Record<string, string>>) => refuse(404, 'NoSuchKey', 'The specified key does not exist.', { Key }, headers),
  noSuchVersion: (Key: string, VersionId: string) => refuse(404, 'NoSuchVersion', 'The specified version does not exist.', { Key, VersionId }),
  noSuchUpload: (UploadId: string) =>
    refuse(404, 'NoSuchUpload', 'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.', { UploadId }),
  bucketAlreadyExists: (BucketName: string) =>
    refuse(409, 'BucketAlreadyExists', 'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.', { BucketName }),
  bucketAlreadyOwnedByYou: (BucketName: string) =>
    refuse(409, 'BucketAlreadyOwnedByYou', 'Your previous request to create the named bucket succeeded and you already own it.', { BucketName }),
  bucketNotEmpty: (BucketName: string, versions: boolean) =>
    refuse(409, 'BucketNotEmpty', `The bucket you tried to delete is not empty${versions ? '. You must delete all versions in the bucket.' : ''}`, { BucketName }),
  invalidBucketName: (BucketName: string) => refuse(400, 'InvalidBucketName', 'The specified bucket is not valid.', { BucketName }),
  tooManyBuckets: () => refuse(400, 'TooManyBuckets', 'You have attempted to create more buckets than allowed'),
  illegalLocation: (location: string) =>
    refuse(400, 'IllegalLocationConstraintException', `The ${location} location constraint is incompatible for the region specific endpoint this request was sent to.`),
  invalidLocation: (LocationConstraint: string) => refuse(400, 'InvalidLocationConstraint', 'The specified location-constraint is not valid', { LocationConstraint }),
  keyTooLong: (Size: number, MaxSizeAllowed: number) => refuse(400, 'KeyTooLongError', 'Your key is too long', { Size, MaxSizeAllowed }),
  accessDenied: () => refuse(403, 'AccessDenied', 'Access Denied'),
  accessDeniedBecause: (message: string) => refuse(403, 'AccessDenied', message),
  missingContentLength: () => refuse(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.'),
  entityTooLarge: (ProposedSize: number | undefined, MaxSizeAllowed: number) =>
    refuse(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', { ProposedSize, MaxSizeAllowed }),
  entityTooSmall: (PartNumber: number, ETag: string, ProposedSize: number, MinSizeAllowed: number) =>
    refuse(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', { ProposedSize, MinSizeAllowed, PartNumber, ETag }),
  preconditionFailed: (Condition: string) => refuse(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', { Condition }),
  notModified: (headers: Readonly<Record<string, string>>) => refuse(304, 'NotModified', 'Not Modified', {}, headers),
  invalidRange: (RangeRequested: string, ActualObjectSize: number) =>
    refuse(416, 'InvalidRange', 'The requested range is not satisfiable', { RangeRequested, ActualObjectSize }, { 'Content-Range': `bytes */${ActualObjectSize}` }),
  invalidPartNumber: (PartNumberRequested: number, ActualPartCount: number) =>
    refuse(416, 'InvalidPartNumber', 'The requested partnumber is not satisfiable', { PartNumberRequested, ActualPartCount }),
  invalidArgument: (message: string, ArgumentName?: string, ArgumentValue?: string) => refuse(400, 'InvalidArgument', message, { ArgumentName, ArgumentValue }),
  invalidRequest: (message: string) => refuse(400, 'InvalidRequest', message),
  malformedXml: () => refuse(400, 'MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema'),
  badDigest: (algorithm: string) => refuse(400, 'BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`),
  invalidPart: (UploadId: string, PartNumber: number, ETag: string | undefined) =>
    refuse(400, 'InvalidPart', "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.", { UploadId, PartNumber, ETag }),
  invalidPartOrder: (UploadId: string) => refuse(400, 'InvalidPartOrder', 'The list of parts was not in ascending order. Parts must be ordered by part number.', { UploadId }),
  metadataTooLarge: (Size: number, MaxSizeAllowed: number) =>
    refuse(400, 'MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', { Size, MaxSizeAllowed }),
  invalidStorageClass: (StorageClassRequested: string) => refuse(400, 'InvalidStorageClass', 'The storage class you specified is not valid', { StorageClassRequested }),
  invalidObjectState: (StorageClass: string) => refuse(403, 'InvalidObjectState', "The operation is not valid for the object's storage class", { StorageClass }),
  conflictingOperation: () => refuse(409, 'OperationAborted', 'A conflicting conditional operation is currently in progress against this resource. Please try again.'),
  restoreNotAllowed: (StorageClass: string) => refuse(403, 'InvalidObjectState', "Restore is not allowed for the object's current storage class", { StorageClass }),
  restoreAlreadyInProgress: () => refuse(409, 'RestoreAlreadyInProgress', 'Object restore is already in progress'),
  invalidTag: (message: string, TagKey?: string, TagValue?: string) => refuse(400, 'InvalidTag', message, { TagKey, TagValue }),
  badRequest: (message: string) => refuse(400, 'BadRequest', message),
  methodNotAllowed: (Method: string, ResourceType: string, headers?: Readonly<Record<string, string>>) =>
    refuse(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.', { Method, ResourceType }, headers),
  headerNotImplemented: (Header: string) => refuse(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented', { Header }),
  notImplemented: (what: string) => refuse(501, 'NotImplemented', `A request you made implies functionality that is not implemented: ${what}`),
  invalidBucketState: (message: string) => refuse(409, 'InvalidBucketState', message),
  aclsNotSupported: () => refuse(400, 'AccessControlListNotSupported', 'The bucket does not allow ACLs'),
  bucketAclWithOwnership: (BucketName: string) =>
    refuse(400, 'InvalidBucketAclWithObjectOwnership', "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting", { BucketName }),
  invalidEncryptionAlgorithm: () => refuse(400, 'InvalidEncryptionAlgorithmError', 'The encryption request you specified is not valid. The valid value is AES256.'),
  malformedAcl: () => refuse(400, 'MalformedACLError', 'The XML you provided was not well-formed or did not validate against our published schema'),
  malformedPolicy: (message: string) => refuse(400, 'MalformedPolicy', message),
  malformedPost: () => refuse(400, 'MalformedPOSTRequest', 'The body of your POST request is not well-formed multipart/form-data.'),
  maxPostPreDataLengthExceeded: () => refuse(400, 'MaxPostPreDataLengthExceeded', 'Your POST request fields preceding the upload file were too large.'),
  invalidPolicyDocument: (message: string) => refuse(400, 'InvalidPolicyDocument', message),
  entityTooSmallForm: (ProposedSize: number, MinSizeAllowed: number) =>
    refuse(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', { ProposedSize, MinSizeAllowed }),
  crossOriginForbidden: (Method: string, ResourceType: string) =>
    refuse(403, 'AccessForbidden', 'CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource\'s CORS spec.', { Method, ResourceType }),
  crossOriginDisabled: (Method: string, ResourceType: string) => refuse(403, 'AccessForbidden', 'CORSResponse: CORS is not enabled for this bucket.', { Method, ResourceType }),
  unsupportedChecksum: () =>
    refuse(400, 'InvalidRequest', 'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]'),
  malformedContinuationToken: () => refuse(400, 'MalformedContinuationToken', 'The continuation-token you provided invalid.'),
  noSuchNamedConfiguration: () => refuse(404, 'NoSuchConfiguration', 'The specified configuration does not exist.'),
  noMetadataConfiguration: () => refuse(404, 'MetadataConfigurationNotFound', 'The metadata configuration does not exist for this bucket.'),
  invalidLoggingTarget: (message: string, TargetBucket: string) => refuse(400, 'InvalidTargetBucketForLogging', message, { TargetBucket }),
  loggingAcrossRegions: (message: string, TargetBucketLocation: string, SourceBucketLocation: string) =>
    refuse(403, 'CrossLocationLoggingProhibitted', message, { TargetBucketLocation, SourceBucketLocation }),
  /** What S3 has and this server does not: by name, never ignored. */
  unsupported: (what: string) => refuse(501, 'NotImplemented', `A header you provided implies functionality that is not implemented: ${what} is not there.`),
} as const;

const noSuch = (code: string, message: string) => (BucketName: string): ServiceError => refuse(404, code, message, { BucketName });

/** Where a setting was never made, or taken away. */
export const absent = {
  cors: noSuch('NoSuchCORSConfiguration', 'The CORS configuration does not exist'),
  lifecycle: noSuch('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'),
  lock: noSuch('ObjectLockConfigurationNotFoundError', 'Object Lock configuration does not exist for this bucket'),
  lockOfObject: noSuch('NoSuchObjectLockConfiguration', 'The specified object does not have a ObjectLock configuration'),
  ownership: noSuch('OwnershipControlsNotFoundError', 'The bucket ownership controls were not found'),
  policy: noSuch('NoSuchBucketPolicy', 'The bucket policy does not exist'),
  publicAccessBlock: noSuch('NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found'),
  replication: noSuch('ReplicationConfigurationNotFoundError', 'The replication configuration was not found'),
  tags: noSuch('NoSuchTagSet', 'The TagSet does not exist'),
  website: noSuch('NoSuchWebsiteConfiguration', 'The specified bucket does not have a website configuration'),
} as const;
