// What S3 has and this server does not, refused by name. Of configurations that cannot be made, none is there: a listing is empty and one
// that is asked for does not exist, as in a bucket that nobody configured.

import type { AnyOperation } from '../../../framework/service.ts';
import { bucketAccess, objectAccess } from '../access.ts';
import { errors } from '../errors.ts';
import { operation, type S3Deps } from '../operation.ts';
import { readSetting } from '../settings.ts';
import type { ServiceError } from '../../../base/errors.ts';

type Name = Parameters<typeof operation>[0];

interface Given {
  readonly Bucket?: string | undefined;
  readonly Key?: string | undefined;
  readonly ContinuationToken?: string | undefined;
}

/** Refused once it is known that the bucket is there and that the caller may ask. */
function refused(name: Name, action: string, refusal: () => ServiceError): AnyOperation<S3Deps> {
  return operation(name, {
    access: (input: Given, call, deps) => (input.Key === undefined ? bucketAccess(action, input, call, deps) : objectAccess([action], input, call, deps)),
    handle: () => {
      throw refusal();
    },
    refused: true,
  });
}

/** Refused to everybody alike: it is about no bucket of this kind. */
function refusedToAll(name: Name, feature: string): AnyOperation<S3Deps> {
  return operation(name, {
    access: 'public',
    handle: () => {
      throw errors.unsupported(feature);
    },
    refused: true,
  });
}

function emptyList(name: Name, action: string): AnyOperation<S3Deps> {
  return operation(name, {
    access: (input: Given, call, deps) => bucketAccess(action, input, call, deps),
    async handle(input: Given, _call, deps) {
      await readSetting(deps, input, name);
      if (input.ContinuationToken !== undefined && input.ContinuationToken !== '') throw errors.malformedContinuationToken();
      return { IsTruncated: false };
    },
    refused: true,
  });
}

// [family, plural of the listing, action, name in the documentation]
const families = [
  ['Analytics', 'AnalyticsConfigurations', 'AnalyticsConfiguration', 'S3 Analytics storage class analysis'],
  ['IntelligentTiering', 'IntelligentTieringConfigurations', 'IntelligentTieringConfiguration', 'S3 Intelligent-Tiering archive configurations'],
  ['Inventory', 'InventoryConfigurations', 'InventoryConfiguration', 'S3 Inventory'],
  ['Metrics', 'MetricsConfigurations', 'MetricsConfiguration', 'S3 request metrics'],
] as const;

const configurations = Object.fromEntries(
  families.flatMap(([family, plural, action, feature]): [string, AnyOperation<S3Deps>][] => [
    [`GetBucket${family}Configuration`, refused(`GetBucket${family}Configuration`, `Get${action}`, errors.noSuchNamedConfiguration)],
    [`PutBucket${family}Configuration`, refused(`PutBucket${family}Configuration`, `Put${action}`, () => errors.unsupported(feature))],
    [`DeleteBucket${family}Configuration`, refused(`DeleteBucket${family}Configuration`, `Put${action}`, errors.noSuchNamedConfiguration)],
    [`ListBucket${plural}`, emptyList(`ListBucket${plural}`, `Get${action}`)],
  ]),
);

const metadataTables = 'S3 Metadata';
const annotations = 'Object annotations';
const directoryBuckets = 'A directory bucket';

export const refusedOperations: Readonly<Record<string, AnyOperation<S3Deps>>> = {
  ...configurations,
  // S3 Select is closed to new customers, who get the error of a method that there is not.
  SelectObjectContent: refused('SelectObjectContent', 'GetObject', () => errors.methodNotAllowed('POST', 'SELECT')),
  GetObjectTorrent: refused('GetObjectTorrent', 'GetObjectTorrent', () => errors.methodNotAllowed('GET', 'TORRENT')),
  CreateBucketMetadataConfiguration: refused('CreateBucketMetadataConfiguration', 'CreateBucketMetadataTableConfiguration', () => errors.unsupported(metadataTables)),
  CreateBucketMetadataTableConfiguration: refused('CreateBucketMetadataTableConfiguration', 'CreateBucketMetadataTableConfiguration', () => errors.unsupported(metadataTables)),
  DeleteBucketMetadataConfiguration: refused('DeleteBucketMetadataConfiguration', 'DeleteBucketMetadataTableConfiguration', errors.noMetadataConfiguration),
  DeleteBucketMetadataTableConfiguration: refused('DeleteBucketMetadataTableConfiguration', 'DeleteBucketMetadataTableConfiguration', errors.noMetadataConfiguration),
  GetBucketMetadataConfiguration: refused('GetBucketMetadataConfiguration', 'GetBucketMetadataTableConfiguration', errors.noMetadataConfiguration),
  GetBucketMetadataTableConfiguration: refused('GetBucketMetadataTableConfiguration', 'GetBucketMetadataTableConfiguration', errors.noMetadataConfiguration),
  UpdateBucketMetadataAnnotationTableConfiguration: refused('UpdateBucketMetadataAnnotationTableConfiguration', 'UpdateBucketMetadataAnnotationTableConfiguration', errors.noMetadataConfiguration),
  UpdateBucketMetadataInventoryTableConfiguration: refused('UpdateBucketMetadataInventoryTableConfiguration', 'UpdateBucketMetadataInventoryTableConfiguration', errors.noMetadataConfiguration),
  UpdateBucketMetadataJournalTableConfiguration: refused('UpdateBucketMetadataJournalTableConfiguration', 'UpdateBucketMetadataJournalTableConfiguration', errors.noMetadataConfiguration),
  PutObjectAnnotation: { ...refused('PutObjectAnnotation', 'PutObjectAnnotation', () => errors.unsupported(annotations)), buffered: true },
  GetObjectAnnotation: refused('GetObjectAnnotation', 'GetObjectAnnotation', () => errors.unsupported(annotations)),
  ListObjectAnnotations: refused('ListObjectAnnotations', 'ListObjectAnnotations', () => errors.unsupported(annotations)),
  DeleteObjectAnnotation: refused('DeleteObjectAnnotation', 'DeleteObjectAnnotation', () => errors.unsupported(annotations)),
  CreateSession: refusedToAll('CreateSession', directoryBuckets),
  ListDirectoryBuckets: refusedToAll('ListDirectoryBuckets', directoryBuckets),
  RenameObject: refusedToAll('RenameObject', `${directoryBuckets}, which RenameObject needs,`),
  WriteGetObjectResponse: { ...refusedToAll('WriteGetObjectResponse', 'S3 Object Lambda'), buffered: true },
};
