import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createTestS3, type TestS3 } from '../testing/testS3.ts';

const Bucket = 'my-bucket';
const dayMs = 86_400_000;

async function withBucket(more: object = {}): Promise<TestS3> {
  const s3 = createTestS3();
  await s3.run('CreateBucket', { Bucket, ...more });
  return s3;
}

const policy = (Resource: string, Principal: unknown = '*') => JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action: 's3:GetObject', Resource }] });

test('putBucketPolicy, getBucketPolicy, getBucketPolicyStatus, deleteBucketPolicy and the block of public access', async () => {
  const s3 = await withBucket();
  const Policy = policy(`arn:aws:s3:::${Bucket}/*`);
  await assert.rejects(s3.run('GetBucketPolicy', { Bucket }), { code: 'NoSuchBucketPolicy' });
  await assert.rejects(s3.run('PutBucketPolicy', { Bucket, Policy }), { code: 'AccessDenied', message: /BlockPublicPolicy/ });
  assert.equal((await s3.run('GetPublicAccessBlock', { Bucket })).PublicAccessBlockConfiguration?.BlockPublicPolicy, true);
  await s3.run('DeletePublicAccessBlock', { Bucket });
  await assert.rejects(s3.run('GetPublicAccessBlock', { Bucket }), { code: 'NoSuchPublicAccessBlockConfiguration' });
  await s3.run('PutBucketPolicy', { Bucket, Policy });
  assert.deepEqual([await s3.run('GetBucketPolicy', { Bucket }), await s3.run('GetBucketPolicyStatus', { Bucket })], [{ Policy }, { PolicyStatus: { IsPublic: true } }]);
  await s3.run('PutPublicAccessBlock', { Bucket, PublicAccessBlockConfiguration: { BlockPublicPolicy: true } });
  await s3.run('PutBucketPolicy', { Bucket, Policy: policy(`arn:aws:s3:::${Bucket}/*`, { AWS: 'arn:aws:iam::000000000000:root' }) });
  assert.equal((await s3.run('GetBucketPolicyStatus', { Bucket })).PolicyStatus?.IsPublic, false);
  await s3.run('DeleteBucketPolicy', { Bucket });
  for (const [text, message] of [['[]', /first byte/], ['{', /invalid Json/i], [policy('arn:aws:s3:::other/*'), 'Policy has invalid resource']] as const) {
    await assert.rejects(s3.run('PutBucketPolicy', { Bucket, Policy: text }), { code: 'MalformedPolicy', message });
  }
});

test('putBucketPolicy sees a public policy in one that shuts out some, or whose condition everybody meets', async () => {
  const s3 = await withBucket();
  const isRefused = async (statement: object) => {
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*`, ...statement }] });
    return await s3.run('PutBucketPolicy', { Bucket, Policy }).then(() => false, ({ code }: { code: string }) => code === 'AccessDenied');
  };
  assert.equal(await isRefused({ NotPrincipal: { AWS: 'arn:aws:iam::111122223333:root' } }), true);
  for (const Condition of [
    { StringEqualsIfExists: { 'aws:SourceArn': 'arn:aws:sns:us-east-1:111122223333:topic' } },
    { 'ForAllValues:StringEquals': { 'aws:PrincipalAccount': '111122223333' } },
    { StringLike: { 'aws:PrincipalArn': '**' } },
    { IpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '203.0.113.0/0'] } },
  ]) {
    assert.equal(await isRefused({ Principal: '*', Condition }), true, JSON.stringify(Condition));
  }
  assert.equal(await isRefused({ Principal: '*', Condition: { StringEquals: { 'aws:PrincipalAccount': '111122223333' } } }), false);
});

test('putBucketAcl and putObjectAcl count only where ownership lets them (getBucketAcl, getObjectAcl, putBucketOwnershipControls, getBucketOwnershipControls, deleteBucketOwnershipControls)', async () => {
  const s3 = await withBucket();
  assert.equal((await s3.run('GetBucketOwnershipControls', { Bucket })).OwnershipControls?.Rules?.[0]?.ObjectOwnership, 'BucketOwnerEnforced');
  await assert.rejects(s3.run('PutBucketAcl', { Bucket, ACL: 'public-read' }), { code: 'AccessControlListNotSupported' });
  await s3.run('PutBucketOwnershipControls', { Bucket, OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] } });
  await assert.rejects(s3.run('PutBucketAcl', { Bucket, ACL: 'public-read' }), { code: 'AccessDenied' });
  await s3.run('DeletePublicAccessBlock', { Bucket });
  await s3.run('PutBucketAcl', { Bucket, ACL: 'public-read' });
  assert.equal((await s3.run('GetBucketAcl', { Bucket })).Grants?.length, 2);
  await s3.run('PutObject', { Bucket, Key: 'a', Body: 'x', ACL: 'public-read' });
  assert.equal((await s3.run('GetObjectAcl', { Bucket, Key: 'a' })).Grants?.[1]?.Grantee?.URI, 'http://acs.amazonaws.com/groups/global/AllUsers');
  await s3.run('PutObjectAcl', { Bucket, Key: 'a', ACL: 'private' });
  assert.equal((await s3.run('GetObjectAcl', { Bucket, Key: 'a' })).Grants?.length, 1);
  const acl = await s3.run('GetBucketAcl', { Bucket });
  await s3.run('PutBucketAcl', { Bucket, AccessControlPolicy: { Owner: acl.Owner, Grants: acl.Grants } });
  await assert.rejects(s3.run('PutBucketOwnershipControls', { Bucket, OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] } }), { code: 'InvalidBucketAclWithObjectOwnership' });
  await s3.run('DeleteBucketOwnershipControls', { Bucket });
  await assert.rejects(s3.run('GetBucketOwnershipControls', { Bucket }), { code: 'OwnershipControlsNotFoundError' });
});

test('putBucketEncryption, getBucketEncryption and deleteBucketEncryption', async () => {
  const s3 = await withBucket();
  const rule = (SSEAlgorithm: 'AES256' | 'aws:kms') => ({ ServerSideEncryptionConfiguration: { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm }, BucketKeyEnabled: true }] } });
  await s3.run('PutBucketEncryption', { Bucket, ...rule('AES256') });
  assert.equal((await s3.run('GetBucketEncryption', { Bucket })).ServerSideEncryptionConfiguration?.Rules?.[0]?.BucketKeyEnabled, true);
  await assert.rejects(s3.run('PutBucketEncryption', { Bucket, ...rule('aws:kms') }), { code: 'NotImplemented' });
  await s3.run('DeleteBucketEncryption', { Bucket });
  assert.equal((await s3.run('GetBucketEncryption', { Bucket })).ServerSideEncryptionConfiguration?.Rules?.[0]?.BucketKeyEnabled, false);
});

test('putBucketCors, getBucketCors and deleteBucketCors', async () => {
  const s3 = await withBucket();
  const CORSRules = [{ ID: 'one', AllowedMethods: ['GET'], AllowedOrigins: ['https://*.example.com'], AllowedHeaders: ['*'], ExposeHeaders: ['ETag'], MaxAgeSeconds: 60 }];
  await assert.rejects(s3.run('GetBucketCors', { Bucket }), { code: 'NoSuchCORSConfiguration' });
  await s3.run('PutBucketCors', { Bucket, CORSConfiguration: { CORSRules } });
  assert.deepEqual(await s3.run('GetBucketCors', { Bucket }), { CORSRules });
  await assert.rejects(s3.run('PutBucketCors', { Bucket, CORSConfiguration: { CORSRules: [{ ...CORSRules[0], AllowedMethods: ['PATCH'], AllowedOrigins: ['*'] }] } }), { code: 'InvalidRequest', message: /PATCH/ });
  await s3.run('DeleteBucketCors', { Bucket });
});

test('putBucketWebsite, getBucketWebsite and deleteBucketWebsite', async () => {
  const s3 = await withBucket();
  const WebsiteConfiguration = { IndexDocument: { Suffix: 'index.html' }, ErrorDocument: { Key: 'error.html' } };
  await s3.run('PutBucketWebsite', { Bucket, WebsiteConfiguration });
  assert.deepEqual(await s3.run('GetBucketWebsite', { Bucket }), WebsiteConfiguration);
  await assert.rejects(s3.run('PutBucketWebsite', { Bucket, WebsiteConfiguration: { IndexDocument: { Suffix: 'a/b' } } }), { code: 'InvalidArgument' });
  await s3.run('DeleteBucketWebsite', { Bucket });
  await assert.rejects(s3.run('GetBucketWebsite', { Bucket }), { code: 'NoSuchWebsiteConfiguration' });
});

test('putBucketAbac lets the tags of a bucket count, which are then not put the old way (getBucketAbac)', async () => {
  const s3 = await withBucket();
  assert.deepEqual(await s3.run('GetBucketAbac', { Bucket }), { AbacStatus: { Status: 'Disabled' } });
  await s3.run('PutBucketAbac', { Bucket, AbacStatus: { Status: 'Enabled' } });
  assert.deepEqual(await s3.run('GetBucketAbac', { Bucket }), { AbacStatus: { Status: 'Enabled' } });
  await assert.rejects(s3.run('PutBucketTagging', { Bucket, Tagging: { TagSet: [] } }), { code: 'InvalidRequest' });
  await assert.rejects(s3.run('PutBucketAbac', { Bucket, AbacStatus: {} }), { code: 'MalformedXML' });
});

test('updateObjectEncryption takes nothing but a key of KMS, by its ARN, of the same account', async () => {
  const s3 = await withBucket();
  await s3.run('PutObject', { Bucket, Key: 'k', Body: 'x' });
  const update = (ObjectEncryption: object) => s3.run('UpdateObjectEncryption', { Bucket, Key: 'k', ObjectEncryption: ObjectEncryption as never });
  await assert.rejects(update({}), { code: 'InvalidRequest', message: /Valid values are SSEKMS/ });
  await assert.rejects(update({ SSEKMS: { KMSKeyArn: 'alias/aws/s3' } }), { code: 'InvalidRequest', message: /valid AWS KMS key/ });
  await assert.rejects(update({ SSEKMS: { KMSKeyArn: 'arn:aws:kms:us-east-1:111122223333:key/k' } }), { code: 'AccessDenied', message: /same account/ });
  // This test has no KMS.
  await assert.rejects(update({ SSEKMS: { KMSKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/k' } }), { code: 'NotImplemented' });
  await s3.run('PutObject', { Bucket, Key: 'k', Body: 'x', SSECustomerAlgorithm: 'AES256', SSECustomerKey: Buffer.alloc(32).toString('base64'), SSECustomerKeyMD5: 'cLyPS3KoaSFGi/joRB3OUQ==' });
  await assert.rejects(update({ SSEKMS: { KMSKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/k' } }), { code: 'InvalidRequest', message: /DSSE-KMS or SSE-C/ });
});

test('putBucketRequestPayment is kept; putBucketAccelerateConfiguration is refused by name, putBucketLogging without a target that is there', async () => {
  const s3 = await withBucket();
  await s3.run('PutBucketRequestPayment', { Bucket, RequestPaymentConfiguration: { Payer: 'Requester' } });
  assert.deepEqual(await s3.run('GetBucketRequestPayment', { Bucket }), { Payer: 'Requester' });
  assert.deepEqual([await s3.run('GetBucketAccelerateConfiguration', { Bucket }), await s3.run('GetBucketLogging', { Bucket })], [{}, {}]);
  await assert.rejects(s3.run('PutBucketAccelerateConfiguration', { Bucket, AccelerateConfiguration: { Status: 'Enabled' } }), { code: 'InvalidRequest', message: /Transfer Acceleration/ });
  await assert.rejects(s3.run('PutBucketLogging', { Bucket, BucketLoggingStatus: { LoggingEnabled: { TargetBucket: 'absent', TargetPrefix: '' } } }), { code: 'InvalidTargetBucketForLogging' });
});

test('putObjectRetention, putObjectLegalHold and putObjectLockConfiguration keep versions from being removed (getObjectRetention, getObjectLegalHold, getObjectLockConfiguration)', async () => {
  const s3 = await withBucket({ ObjectLockEnabledForBucket: true });
  await s3.run('PutObjectLockConfiguration', { Bucket, ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 10 } } } });
  assert.equal((await s3.run('GetObjectLockConfiguration', { Bucket })).ObjectLockConfiguration?.Rule?.DefaultRetention?.Days, 10);
  const { VersionId } = await s3.run('PutObject', { Bucket, Key: 'k', Body: 'x' });
  const version = { Bucket, Key: 'k', VersionId };
  assert.equal((await s3.run('GetObjectRetention', version)).Retention?.Mode, 'GOVERNANCE');
  await s3.run('PutObjectLegalHold', { ...version, LegalHold: { Status: 'ON' } });
  assert.equal((await s3.run('GetObjectLegalHold', version)).LegalHold?.Status, 'ON');
  const refused = { code: 'AccessDenied', message: 'Access Denied because object protected by object lock.' };
  await assert.rejects(s3.run('DeleteObject', { ...version, BypassGovernanceRetention: true }), refused);
  await s3.run('PutObjectLegalHold', { ...version, LegalHold: { Status: 'OFF' } });
  await assert.rejects(s3.run('DeleteObject', version), refused);
  const until = new Date(s3.clock.now() + dayMs);
  await assert.rejects(s3.run('PutObjectRetention', { ...version, Retention: { Mode: 'GOVERNANCE', RetainUntilDate: until } }), refused);
  await s3.run('PutObjectRetention', { ...version, Retention: { Mode: 'GOVERNANCE', RetainUntilDate: until }, BypassGovernanceRetention: true });
  await s3.run('DeleteObject', { Bucket, Key: 'k' });
  s3.clock.advance(dayMs);
  await s3.run('DeleteObject', version);
  await assert.rejects(s3.run('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Suspended' } }), { code: 'InvalidBucketState' });
});

test('putBucketReplication, getBucketReplication and deleteBucketReplication ask for versioning on both sides', async () => {
  const s3 = await withBucket();
  await s3.run('CreateBucket', { Bucket: 'other-bucket' });
  const Role = 'arn:aws:iam::000000000000:role/replication';
  const rule = { ID: 'one', Status: 'Enabled' as const, Priority: 1, Filter: { Prefix: 'a/' }, DeleteMarkerReplication: { Status: 'Enabled' as const }, Destination: { Bucket: 'arn:aws:s3:::other-bucket' } };
  const put = (more: object = {}) => s3.run('PutBucketReplication', { Bucket, ReplicationConfiguration: { Role, Rules: [{ ...rule, ...more }] } });
  await assert.rejects(s3.run('GetBucketReplication', { Bucket }), { code: 'ReplicationConfigurationNotFoundError' });
  await assert.rejects(put(), { code: 'InvalidRequest', message: /Versioning must be 'Enabled'/ });
  await s3.run('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
  await assert.rejects(put(), { code: 'InvalidRequest', message: 'Destination bucket must have versioning enabled.' });
  await s3.run('PutBucketVersioning', { Bucket: 'other-bucket', VersioningConfiguration: { Status: 'Enabled' } });
  await assert.rejects(put({ ExistingObjectReplication: { Status: 'Enabled' } }), { code: 'NotImplemented' });
  await put();
  assert.deepEqual((await s3.run('GetBucketReplication', { Bucket })).ReplicationConfiguration, { Role, Rules: [rule] });
  await s3.run('PutObject', { Bucket, Key: 'a/1', Body: 'x' });
  assert.equal((await s3.run('HeadObject', { Bucket, Key: 'a/1' })).ReplicationStatus, 'PENDING');
  assert.deepEqual(s3.told.map(({ draft }) => [draft.target, draft.callingPrincipal]), [['arn:aws:s3:::other-bucket', Role]]);
  await s3.run('DeleteBucketReplication', { Bucket });
  await s3.run('PutObject', { Bucket, Key: 'a/1', Body: 'x' });
  assert.equal(s3.told.length, 1);
});

test('restoreObject makes an archived object readable for so many days', async () => {
  const s3 = await withBucket();
  await s3.run('PutObject', { Bucket, Key: 'k', Body: 'cold', StorageClass: 'GLACIER' });
  await assert.rejects(s3.run('GetObject', { Bucket, Key: 'k' }), { code: 'InvalidObjectState' });
  await s3.run('RestoreObject', { Bucket, Key: 'k', RestoreRequest: { Days: 2 } });
  assert.equal((await s3.run('HeadObject', { Bucket, Key: 'k' })).Restore, 'ongoing-request="true"');
  s3.clock.advance(3 * 3_600_000);
  assert.match((await s3.run('HeadObject', { Bucket, Key: 'k' })).Restore ?? '', /ongoing-request="false"/);
  assert.equal(String((await s3.run('GetObject', { Bucket, Key: 'k' })).Body), 'cold');
  s3.clock.advance(3 * dayMs);
  await assert.rejects(s3.run('GetObject', { Bucket, Key: 'k' }), { code: 'InvalidObjectState' });
});

suite('putBucketLifecycleConfiguration', () => {
  const rules = (...Rules: object[]) => ({ Bucket, LifecycleConfiguration: { Rules: Rules.map((rule) => ({ Status: 'Enabled' as const, ...rule })) } });

  async function advance(s3: TestS3, days: number): Promise<void> {
    const id = await s3.lifecycleTimerOf(Bucket);
    for (let day = 0; day < days; day += 1) {
      s3.clock.advance(dayMs);
      // The run of this day is over when the timer is set for the next.
      for (;;) {
        const due = await s3.store.read((tx) => s3.timers.find(tx, { service: 's3', id }));
        if (due === undefined || due.dueMs > s3.clock.now()) break;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  test('is told by getBucketLifecycleConfiguration as it was given, and taken away by deleteBucketLifecycle', async () => {
    const s3 = await withBucket();
    const Rules = [
      { ID: 'one', Status: 'Enabled' as const, Filter: { And: { Prefix: 'logs/', Tags: [{ Key: 'a', Value: 'b' }] } }, Expiration: { Days: 3 }, Transitions: [{ Days: 1, StorageClass: 'GLACIER' as const }] },
      { ID: 'two', Status: 'Disabled' as const, Filter: { Prefix: '' }, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 }, NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 2 } },
    ];
    await s3.run('PutBucketLifecycleConfiguration', { Bucket, LifecycleConfiguration: { Rules } });
    assert.deepEqual((await s3.run('GetBucketLifecycleConfiguration', { Bucket })).Rules, Rules);
    await s3.run('DeleteBucketLifecycle', { Bucket });
    await assert.rejects(s3.run('GetBucketLifecycleConfiguration', { Bucket }), { code: 'NoSuchLifecycleConfiguration' });
    await assert.rejects(s3.run('PutBucketLifecycleConfiguration', rules({ Filter: { Prefix: '' } })), { code: 'InvalidRequest', message: 'At least one action needs to be specified in a rule' });
  });

  test('expires objects, moves them to colder classes and gives up uploads as days pass', async () => {
    const s3 = await withBucket();
    for (let index = 0; index < 250; index += 1) await s3.run('PutObject', { Bucket, Key: `logs/${index}`, Body: 'x' });
    await s3.run('PutObject', { Bucket, Key: 'kept', Body: Buffer.alloc(200_000) });
    await s3.run('CreateMultipartUpload', { Bucket, Key: 'unfinished' });
    await s3.run(
      'PutBucketLifecycleConfiguration',
      rules({ ID: 'a', Filter: { Prefix: 'logs/' }, Expiration: { Days: 2 } }, { ID: 'b', Filter: { Prefix: '' }, Transitions: [{ Days: 1, StorageClass: 'STANDARD_IA' }], AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }),
    );
    assert.match((await s3.run('HeadObject', { Bucket, Key: 'logs/1' })).Expiration ?? '', /rule-id="a"/);
    s3.timers.start();
    await advance(s3, 1);
    assert.equal((await s3.run('ListObjectsV2', { Bucket })).KeyCount, 251);
    assert.equal((await s3.run('HeadObject', { Bucket, Key: 'kept' })).StorageClass, 'STANDARD_IA');
    assert.equal((await s3.run('ListMultipartUploads', { Bucket })).Uploads?.length, 0);
    await advance(s3, 1);
    assert.deepEqual((await s3.run('ListObjectsV2', { Bucket })).Contents?.map(({ Key }) => Key), ['kept']);
    await s3.timers.stop();
  });

  test('removes older versions and delete markers that hide nothing', async () => {
    const s3 = await withBucket();
    await s3.run('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
    for (const Body of ['1', '2', '3', '4']) await s3.run('PutObject', { Bucket, Key: 'many', Body });
    await s3.run('PutObject', { Bucket, Key: 'gone', Body: 'x' });
    await s3.run('DeleteObject', { Bucket, Key: 'gone' });
    await s3.run(
      'PutBucketLifecycleConfiguration',
      rules({ Filter: { Prefix: '' }, Expiration: { ExpiredObjectDeleteMarker: true }, NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 1 } }, { Filter: { Prefix: 'gone' }, NoncurrentVersionExpiration: { NoncurrentDays: 1 } }),
    );
    s3.timers.start();
    await advance(s3, 3);
    const left = await s3.run('ListObjectVersions', { Bucket });
    assert.deepEqual([left.Versions?.map(({ Key, IsLatest }) => [Key, IsLatest]), left.DeleteMarkers], [[['many', true], ['many', false]], []]);
    await s3.timers.stop();
  });
});
