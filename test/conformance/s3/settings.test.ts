// The settings of a bucket: each as it was given, taken away again, and what is answered where there is none.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  DeleteBucketCorsCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketReplicationCommand,
  DeleteBucketTaggingCommand,
  DeleteBucketWebsiteCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAbacCommand,
  GetBucketAccelerateConfigurationCommand,
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetBucketReplicationCommand,
  GetBucketRequestPaymentCommand,
  GetBucketWebsiteCommand,
  GetObjectAclCommand,
  GetPublicAccessBlockCommand,
  HeadObjectCommand,
  PutBucketAbacCommand,
  PutBucketAccelerateConfigurationCommand,
  PutBucketAclCommand,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutBucketRequestPaymentCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutBucketWebsiteCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { makeBucket, readObject } from './support.ts';

const scene = useServer();
const s3 = () => scene().aws.s3;

suite('documents of a bucket come back as they were put and go as they came', () => {
  test('cors', async () => {
    const Bucket = await makeBucket(s3());
    const absent = { name: 'NoSuchCORSConfiguration', status: 404, message: 'The CORS configuration does not exist' };
    await expectRefusal(s3().send(new GetBucketCorsCommand({ Bucket })), absent);
    const CORSRules = [{ ID: 'one', AllowedHeaders: ['*'], AllowedMethods: ['GET', 'PUT'], AllowedOrigins: ['https://example.com'], ExposeHeaders: ['ETag'], MaxAgeSeconds: 60 }];
    await s3().send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
    assert.deepEqual((await s3().send(new GetBucketCorsCommand({ Bucket }))).CORSRules, CORSRules);
    await s3().send(new DeleteBucketCorsCommand({ Bucket }));
    await expectRefusal(s3().send(new GetBucketCorsCommand({ Bucket })), absent);
  });
  test('lifecycle', async () => {
    const Bucket = await makeBucket(s3());
    const absent = { name: 'NoSuchLifecycleConfiguration', status: 404, message: 'The lifecycle configuration does not exist' };
    await expectRefusal(s3().send(new GetBucketLifecycleConfigurationCommand({ Bucket })), absent);
    const Rules = [{ ID: 'old', Status: 'Enabled' as const, Filter: { Prefix: 'logs/' }, Expiration: { Days: 30 }, NoncurrentVersionExpiration: { NoncurrentDays: 3, NewerNoncurrentVersions: 2 } }];
    await s3().send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
    assert.deepEqual((await s3().send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules, Rules);
    await s3().send(new DeleteBucketLifecycleCommand({ Bucket }));
    await expectRefusal(s3().send(new GetBucketLifecycleConfigurationCommand({ Bucket })), absent);
  });
  test('replication', async () => {
    const Bucket = await makeBucket(s3());
    const target = await makeBucket(s3());
    for (const one of [Bucket, target]) await s3().send(new PutBucketVersioningCommand({ Bucket: one, VersioningConfiguration: { Status: 'Enabled' } }));
    const absent = { name: 'ReplicationConfigurationNotFoundError', status: 404, message: 'The replication configuration was not found' };
    await expectRefusal(s3().send(new GetBucketReplicationCommand({ Bucket })), absent);
    const Rules = [{ ID: 'r', Status: 'Enabled' as const, Priority: 1, Filter: { Prefix: 'a/' }, DeleteMarkerReplication: { Status: 'Disabled' as const }, Destination: { Bucket: `arn:aws:s3:::${target}` } }];
    await s3().send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration: { Role: scene().roleArn, Rules } }));
    assert.deepEqual((await s3().send(new GetBucketReplicationCommand({ Bucket }))).ReplicationConfiguration, { Role: scene().roleArn, Rules });
    await s3().send(new DeleteBucketReplicationCommand({ Bucket }));
    await expectRefusal(s3().send(new GetBucketReplicationCommand({ Bucket })), absent);
  });
  test('website', async () => {
    const Bucket = await makeBucket(s3());
    const absent = { name: 'NoSuchWebsiteConfiguration', status: 404, message: 'The specified bucket does not have a website configuration' };
    await expectRefusal(s3().send(new GetBucketWebsiteCommand({ Bucket })), absent);
    const WebsiteConfiguration = { IndexDocument: { Suffix: 'index.html' }, ErrorDocument: { Key: 'error.html' }, RoutingRules: [{ Condition: { KeyPrefixEquals: 'docs/' }, Redirect: { ReplaceKeyPrefixWith: 'documents/' } }] };
    await s3().send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration }));
    const { IndexDocument, ErrorDocument, RoutingRules } = await s3().send(new GetBucketWebsiteCommand({ Bucket }));
    assert.deepEqual({ IndexDocument, ErrorDocument, RoutingRules }, WebsiteConfiguration);
    await s3().send(new DeleteBucketWebsiteCommand({ Bucket }));
    await expectRefusal(s3().send(new GetBucketWebsiteCommand({ Bucket })), absent);
  });
  test('encryption, which goes back to SSE-S3', async () => {
    const Bucket = await makeBucket(s3());
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const }, BucketKeyEnabled: true }];
    await s3().send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
    const algorithm = async () => (await s3().send(new GetBucketEncryptionCommand({ Bucket }))).ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
    assert.equal(await algorithm(), 'aws:kms');
    await s3().send(new DeleteBucketEncryptionCommand({ Bucket }));
    assert.equal(await algorithm(), 'AES256');
  });
});

suite('who owns and who gets in', () => {
  test('ownership decides whether lists count', async () => {
    const Bucket = await makeBucket(s3());
    const ownership = async () => (await s3().send(new GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls?.Rules?.[0]?.ObjectOwnership;
    assert.equal(await ownership(), 'BucketOwnerEnforced');
    await s3().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    await expectRefusal(s3().send(new PutObjectAclCommand({ Bucket, Key: 'k', ACL: 'public-read' })), { name: 'AccessControlListNotSupported', status: 400, message: 'The bucket does not allow ACLs' });
    await s3().send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] } }));
    assert.equal(await ownership(), 'ObjectWriter');
    await s3().send(new DeletePublicAccessBlockCommand({ Bucket }));
    await s3().send(new PutObjectAclCommand({ Bucket, Key: 'k', ACL: 'public-read' }));
    const { Grants, Owner } = await s3().send(new GetObjectAclCommand({ Bucket, Key: 'k' }));
    assert.deepEqual(Grants?.map(({ Grantee, Permission }) => [Grantee?.URI ?? Grantee?.ID, Permission]), [[Owner?.ID, 'FULL_CONTROL'], ['http://acs.amazonaws.com/groups/global/AllUsers', 'READ']]);
    assert.equal(await (await fetch(`${scene().server.endpoint}/${Bucket}/k`)).text(), 'x');
    const group = 'uri="http://acs.amazonaws.com/groups/s3/LogDelivery"';
    await s3().send(new PutBucketAclCommand({ Bucket, GrantWrite: group, GrantReadACP: group }));
    const bucketAcl = await s3().send(new GetBucketAclCommand({ Bucket }));
    assert.deepEqual(bucketAcl.Grants?.map(({ Grantee, Permission }) => [Grantee?.URI, Permission]), [
      ['http://acs.amazonaws.com/groups/s3/LogDelivery', 'READ_ACP'],
      ['http://acs.amazonaws.com/groups/s3/LogDelivery', 'WRITE'],
    ]);
    await s3().send(new DeleteBucketOwnershipControlsCommand({ Bucket }));
    await expectRefusal(s3().send(new GetBucketOwnershipControlsCommand({ Bucket })), { name: 'OwnershipControlsNotFoundError', status: 404 });
  });
  test('the public access block is all on at first, and keeps a public policy out', async () => {
    const Bucket = await makeBucket(s3());
    const block = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
    assert.deepEqual((await s3().send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration, block);
    const open = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` }] });
    await expectRefusal(s3().send(new PutBucketPolicyCommand({ Bucket, Policy: open })), { name: 'AccessDenied', status: 403, message: /BlockPublicPolicy/ });
    await s3().send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: { ...block, BlockPublicPolicy: false } }));
    await s3().send(new PutBucketPolicyCommand({ Bucket, Policy: open }));
    assert.equal((await s3().send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus?.IsPublic, true);
    assert.equal((await s3().send(new GetBucketPolicyCommand({ Bucket }))).Policy, open);
    await s3().send(new DeleteBucketPolicyCommand({ Bucket }));
    await expectRefusal(s3().send(new GetBucketPolicyCommand({ Bucket })), { name: 'NoSuchBucketPolicy', status: 404, message: 'The bucket policy does not exist' });
    await expectRefusal(s3().send(new GetBucketPolicyStatusCommand({ Bucket })), { name: 'NoSuchBucketPolicy', status: 404 });
    await s3().send(new DeletePublicAccessBlockCommand({ Bucket }));
    await expectRefusal(s3().send(new GetPublicAccessBlockCommand({ Bucket })), { name: 'NoSuchPublicAccessBlockConfiguration', status: 404 });
  });
  test('tags of a bucket decide where they may (ABAC), and are then not put the old way', async () => {
    const Bucket = await makeBucket(s3());
    await s3().send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'team', Value: 'blue' }] } }));
    await s3().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*', Condition: { StringEquals: { 's3:BucketTag/team': 'blue' } } }]);
    assert.equal((await s3().send(new GetBucketAbacCommand({ Bucket }))).AbacStatus?.Status, 'Disabled');
    await expectRefusal(readObject(user.clients.s3, Bucket, 'k'), { name: 'AccessDenied', status: 403 });
    await s3().send(new PutBucketAbacCommand({ Bucket, AbacStatus: { Status: 'Enabled' } }));
    assert.equal((await s3().send(new GetBucketAbacCommand({ Bucket }))).AbacStatus?.Status, 'Enabled');
    assert.equal(await readObject(user.clients.s3, Bucket, 'k'), 'x');
    await expectRefusal(s3().send(new DeleteBucketTaggingCommand({ Bucket })), { name: 'InvalidRequest', status: 400 });
    await s3().send(new PutBucketAbacCommand({ Bucket, AbacStatus: { Status: 'Disabled' } }));
    await expectRefusal(readObject(user.clients.s3, Bucket, 'k'), { name: 'AccessDenied', status: 403 });
  });
});

suite('what is billed', () => {
  test('the payer of requests is kept, and anonymous requests do not pay', async () => {
    const Bucket = await makeBucket(s3());
    assert.equal((await s3().send(new GetBucketRequestPaymentCommand({ Bucket }))).Payer, 'BucketOwner');
    await s3().send(new PutBucketRequestPaymentCommand({ Bucket, RequestPaymentConfiguration: { Payer: 'Requester' } }));
    assert.equal((await s3().send(new GetBucketRequestPaymentCommand({ Bucket }))).Payer, 'Requester');
    await s3().send(new DeletePublicAccessBlockCommand({ Bucket }));
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` }] });
    await s3().send(new PutBucketPolicyCommand({ Bucket, Policy }));
    await s3().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'paid' }));
    const anonymous = async () => (await fetch(`${scene().server.endpoint}/${Bucket}/k`)).status;
    assert.equal(await anonymous(), 403);
    const other = new S3Client({ ...sdkConfig(scene().server.endpoint, { accessKeyId: '222222222222', secretAccessKey: 'test' }), forcePathStyle: true });
    await expectRefusal(readObject(other, Bucket, 'k'), { name: 'AccessDenied', status: 403 });
    assert.equal(await readObject(other, Bucket, 'k', { RequestPayer: 'requester' }), 'paid');
    other.destroy();
    await s3().send(new PutBucketRequestPaymentCommand({ Bucket, RequestPaymentConfiguration: { Payer: 'BucketOwner' } }));
    assert.equal((await s3().send(new GetBucketRequestPaymentCommand({ Bucket }))).Payer, 'BucketOwner');
    assert.equal(await anonymous(), 200);
  });
  test('transfer acceleration cannot be enabled, in the words of the service', async () => {
    const Bucket = await makeBucket(s3());
    assert.equal((await s3().send(new GetBucketAccelerateConfigurationCommand({ Bucket }))).Status, undefined);
    const enable = new PutBucketAccelerateConfigurationCommand({ Bucket, AccelerateConfiguration: { Status: 'Enabled' } });
    await expectRefusal(s3().send(enable), { name: 'InvalidRequest', status: 400, message: /^S3 Transfer Acceleration cannot be enabled on this bucket/ });
    await s3().send(new PutBucketAccelerateConfigurationCommand({ Bucket, AccelerateConfiguration: { Status: 'Suspended' } }));
    assert.equal((await s3().send(new GetBucketAccelerateConfigurationCommand({ Bucket }))).Status, 'Suspended');
    await s3().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    assert.equal((await s3().send(new HeadObjectCommand({ Bucket, Key: 'k' }))).ContentLength, 1);
  });
});
