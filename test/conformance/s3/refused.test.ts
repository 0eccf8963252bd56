// What is out of scope is refused by name. Of configurations that cannot be made a listing is empty, and each one asked for is not there,
// as in a bucket of AWS that nobody configured.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  CreateBucketMetadataConfigurationCommand,
  CreateBucketMetadataTableConfigurationCommand,
  CreateSessionCommand,
  DeleteBucketAnalyticsConfigurationCommand,
  DeleteBucketIntelligentTieringConfigurationCommand,
  DeleteBucketInventoryConfigurationCommand,
  DeleteBucketMetadataConfigurationCommand,
  DeleteBucketMetadataTableConfigurationCommand,
  DeleteBucketMetricsConfigurationCommand,
  DeleteObjectAnnotationCommand,
  GetBucketAnalyticsConfigurationCommand,
  GetBucketIntelligentTieringConfigurationCommand,
  GetBucketInventoryConfigurationCommand,
  GetBucketMetadataConfigurationCommand,
  GetBucketMetadataTableConfigurationCommand,
  GetBucketMetricsConfigurationCommand,
  GetObjectAnnotationCommand,
  GetObjectTorrentCommand,
  ListBucketAnalyticsConfigurationsCommand,
  ListBucketIntelligentTieringConfigurationsCommand,
  ListBucketInventoryConfigurationsCommand,
  ListBucketMetricsConfigurationsCommand,
  ListDirectoryBucketsCommand,
  ListObjectAnnotationsCommand,
  PutBucketAnalyticsConfigurationCommand,
  PutBucketIntelligentTieringConfigurationCommand,
  PutBucketInventoryConfigurationCommand,
  PutBucketMetricsConfigurationCommand,
  PutObjectAnnotationCommand,
  PutObjectCommand,
  RenameObjectCommand,
  S3Client,
  SelectObjectContentCommand,
  UpdateBucketMetadataAnnotationTableConfigurationCommand,
  UpdateBucketMetadataInventoryTableConfigurationCommand,
  UpdateBucketMetadataJournalTableConfigurationCommand,
  WriteGetObjectResponseCommand,
} from '@aws-sdk/client-s3';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { makeBucket } from './support.ts';

const scene = useServer();
const s3 = () => scene().aws.s3;
const Id = 'one';
const notImplemented = (feature: string) => ({ name: 'NotImplemented', status: 501, message: `A header you provided implies functionality that is not implemented: ${feature} is not there.` });
const noConfiguration = { name: 'NoSuchConfiguration', status: 404, message: 'The specified configuration does not exist.' };
const noMetadata = { name: 'MetadataConfigurationNotFound', status: 404 };

suite('refused by name', () => {
  test('inventory, analytics, request metrics and intelligent-tiering configurations', async () => {
    const Bucket = await makeBucket(s3());
    const Destination = { S3BucketDestination: { Bucket: `arn:aws:s3:::${Bucket}`, Format: 'CSV' as const } };
    const inventory = { Id, IsEnabled: true, IncludedObjectVersions: 'All' as const, Schedule: { Frequency: 'Daily' as const }, Destination };
    await expectRefusal(s3().send(new PutBucketInventoryConfigurationCommand({ Bucket, Id, InventoryConfiguration: inventory })), notImplemented('S3 Inventory'));
    await expectRefusal(s3().send(new PutBucketAnalyticsConfigurationCommand({ Bucket, Id, AnalyticsConfiguration: { Id, StorageClassAnalysis: {} } })), notImplemented('S3 Analytics storage class analysis'));
    await expectRefusal(s3().send(new PutBucketMetricsConfigurationCommand({ Bucket, Id, MetricsConfiguration: { Id } })), notImplemented('S3 request metrics'));
    const tiering = { Id, Status: 'Enabled' as const, Tierings: [{ Days: 90, AccessTier: 'ARCHIVE_ACCESS' as const }] };
    await expectRefusal(s3().send(new PutBucketIntelligentTieringConfigurationCommand({ Bucket, Id, IntelligentTieringConfiguration: tiering })), notImplemented('S3 Intelligent-Tiering archive configurations'));
    for (const asked of [
      s3().send(new GetBucketInventoryConfigurationCommand({ Bucket, Id })),
      s3().send(new GetBucketAnalyticsConfigurationCommand({ Bucket, Id })),
      s3().send(new GetBucketMetricsConfigurationCommand({ Bucket, Id })),
      s3().send(new GetBucketIntelligentTieringConfigurationCommand({ Bucket, Id })),
      s3().send(new DeleteBucketInventoryConfigurationCommand({ Bucket, Id })),
      s3().send(new DeleteBucketAnalyticsConfigurationCommand({ Bucket, Id })),
      s3().send(new DeleteBucketMetricsConfigurationCommand({ Bucket, Id })),
      s3().send(new DeleteBucketIntelligentTieringConfigurationCommand({ Bucket, Id })),
    ]) {
      await expectRefusal(asked, noConfiguration);
    }
    assert.deepEqual((await s3().send(new ListBucketInventoryConfigurationsCommand({ Bucket }))).InventoryConfigurationList, undefined);
    assert.equal((await s3().send(new ListBucketAnalyticsConfigurationsCommand({ Bucket }))).IsTruncated, false);
    assert.equal((await s3().send(new ListBucketMetricsConfigurationsCommand({ Bucket }))).IsTruncated, false);
    assert.equal((await s3().send(new ListBucketIntelligentTieringConfigurationsCommand({ Bucket }))).IsTruncated, false);
    await expectRefusal(s3().send(new ListBucketMetricsConfigurationsCommand({ Bucket, ContinuationToken: 'made-up' })), { name: 'MalformedContinuationToken', status: 400 });
    await expectRefusal(s3().send(new ListBucketMetricsConfigurationsCommand({ Bucket: `${Bucket}-not` })), { name: 'NoSuchBucket', status: 404 });
  });
  test('S3 Select and torrents', async () => {
    const Bucket = await makeBucket(s3());
    await s3().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'a,b\n' }));
    const select = { Bucket, Key: 'k', ExpressionType: 'SQL' as const, Expression: 'SELECT * FROM s3object', InputSerialization: { CSV: {} }, OutputSerialization: { CSV: {} } };
    const refusal = { name: 'MethodNotAllowed', status: 405, message: 'The specified method is not allowed against this resource.' };
    assert.equal((await expectRefusal(s3().send(new SelectObjectContentCommand(select)), refusal))['ResourceType'], 'SELECT');
    assert.equal((await expectRefusal(s3().send(new GetObjectTorrentCommand({ Bucket, Key: 'k' })), refusal))['ResourceType'], 'TORRENT');
  });
  test('metadata tables', async () => {
    const Bucket = await makeBucket(s3());
    const table = { S3TablesDestination: { TableBucketArn: `arn:aws:s3tables:us-east-1:000000000000:bucket/${Bucket}`, TableName: 't' } };
    await expectRefusal(s3().send(new CreateBucketMetadataTableConfigurationCommand({ Bucket, MetadataTableConfiguration: table })), notImplemented('S3 Metadata'));
    await expectRefusal(s3().send(new CreateBucketMetadataConfigurationCommand({ Bucket, MetadataConfiguration: { JournalTableConfiguration: { RecordExpiration: { Expiration: 'DISABLED' } } } })), notImplemented('S3 Metadata'));
    for (const asked of [
      s3().send(new GetBucketMetadataConfigurationCommand({ Bucket })),
      s3().send(new GetBucketMetadataTableConfigurationCommand({ Bucket })),
      s3().send(new DeleteBucketMetadataConfigurationCommand({ Bucket })),
      s3().send(new DeleteBucketMetadataTableConfigurationCommand({ Bucket })),
      s3().send(new UpdateBucketMetadataInventoryTableConfigurationCommand({ Bucket, InventoryTableConfiguration: { ConfigurationState: 'DISABLED' } })),
      s3().send(new UpdateBucketMetadataJournalTableConfigurationCommand({ Bucket, JournalTableConfiguration: { RecordExpiration: { Expiration: 'DISABLED' } } })),
      s3().send(new UpdateBucketMetadataAnnotationTableConfigurationCommand({ Bucket, AnnotationTableConfiguration: { ConfigurationState: 'DISABLED' } })),
    ]) {
      await expectRefusal(asked, noMetadata);
    }
  });
  test('annotations of objects', async () => {
    const Bucket = await makeBucket(s3());
    const about = { Bucket, Key: 'k', AnnotationName: 'note' };
    await s3().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    await expectRefusal(s3().send(new PutObjectAnnotationCommand({ ...about, AnnotationPayload: 'text' })), notImplemented('Object annotations'));
    await expectRefusal(s3().send(new GetObjectAnnotationCommand(about)), notImplemented('Object annotations'));
    await expectRefusal(s3().send(new ListObjectAnnotationsCommand({ Bucket, Key: 'k' })), notImplemented('Object annotations'));
    await expectRefusal(s3().send(new DeleteObjectAnnotationCommand(about)), notImplemented('Object annotations'));
  });
  test('directory buckets and Object Lambda', async () => {
    const Bucket = await makeBucket(s3());
    await expectRefusal(s3().send(new ListDirectoryBucketsCommand({})), notImplemented('A directory bucket'));
    await expectRefusal(s3().send(new CreateSessionCommand({ Bucket })), notImplemented('A directory bucket'));
    await expectRefusal(s3().send(new RenameObjectCommand({ Bucket, Key: 'b', RenameSource: `${Bucket}/a` })), { name: 'NotImplemented', status: 501, message: /directory bucket/ });
    const plain = new S3Client({ ...sdkConfig(scene().server.endpoint), forcePathStyle: true, disableHostPrefix: true });
    await expectRefusal(plain.send(new WriteGetObjectResponseCommand({ RequestRoute: 'r', RequestToken: 't', Body: 'x' })), notImplemented('S3 Object Lambda'));
    plain.destroy();
  });
});
