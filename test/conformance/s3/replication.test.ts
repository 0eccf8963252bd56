// Replication between two buckets: versions with their ids, metadata, parts and delete markers, in the name of a role.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectVersionsCommand, PutBucketReplicationCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { uniqueName } from '../../support/functions.ts';
import { useServer } from '../../support/useServer.ts';
import { makeBucket } from './support.ts';

const scene = useServer();
const s3 = () => scene().aws.s3;

async function versioned(): Promise<string> {
  const Bucket = await makeBucket(s3());
  await s3().send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  return Bucket;
}

async function makeRole(statements: object[]): Promise<string> {
  const RoleName = uniqueName('replication');
  const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'sts:AssumeRole' }] };
  const { Role } = await scene().aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  await scene().aws.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: statements }) }));
  return Role?.Arn ?? '';
}

async function statusOf(Bucket: string, Key: string): Promise<string | undefined> {
  for (;;) {
    const { ReplicationStatus } = await s3().send(new HeadObjectCommand({ Bucket, Key }));
    if (ReplicationStatus !== 'PENDING') return ReplicationStatus;
  }
}

suite('replication', () => {
  test('copies new versions and delete markers with their ids', async () => {
    const [source, target] = [await versioned(), await versioned()];
    const Role = await makeRole([{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
    const rule = { Status: 'Enabled' as const, Priority: 1, Filter: { Prefix: 'a/' }, DeleteMarkerReplication: { Status: 'Enabled' as const }, Destination: { Bucket: `arn:aws:s3:::${target}`, StorageClass: 'STANDARD_IA' as const } };
    await s3().send(new PutBucketReplicationCommand({ Bucket: source, ReplicationConfiguration: { Role, Rules: [rule] } }));
    const Body = 'x'.repeat(100_000);
    const { VersionId } = await s3().send(new PutObjectCommand({ Bucket: source, Key: 'a/1', Body, Metadata: { m: '1' }, ContentType: 'text/plain' }));
    await s3().send(new PutObjectCommand({ Bucket: source, Key: 'b/1', Body: 'stays' }));
    assert.equal(await statusOf(source, 'a/1'), 'COMPLETED');
    assert.equal(await statusOf(source, 'b/1'), undefined);
    const copy = await s3().send(new GetObjectCommand({ Bucket: target, Key: 'a/1' }));
    assert.deepEqual([await copy.Body?.transformToString(), copy.VersionId, copy.ReplicationStatus, copy.Metadata, copy.ContentType, copy.StorageClass], [Body, VersionId, 'REPLICA', { m: '1' }, 'text/plain', 'STANDARD_IA']);
    const marker = await s3().send(new DeleteObjectCommand({ Bucket: source, Key: 'a/1' }));
    let markers: (string | undefined)[] = [];
    while (markers.length === 0) markers = ((await s3().send(new ListObjectVersionsCommand({ Bucket: target }))).DeleteMarkers ?? []).map((one) => one.VersionId);
    assert.deepEqual(markers, [marker.VersionId]);
    const { Versions } = await s3().send(new ListObjectVersionsCommand({ Bucket: target }));
    assert.deepEqual(Versions?.map((one) => [one.Key, one.VersionId, one.IsLatest]), [['a/1', VersionId, false]]);
  });
  test('fails where the role may not write', async () => {
    const [source, target] = [await versioned(), await versioned()];
    const Role = await makeRole([{ Effect: 'Allow', Action: 's3:GetObject*', Resource: '*' }]);
    const rule = { Status: 'Enabled' as const, Prefix: '', Destination: { Bucket: `arn:aws:s3:::${target}` } };
    await s3().send(new PutBucketReplicationCommand({ Bucket: source, ReplicationConfiguration: { Role, Rules: [rule] } }));
    await s3().send(new PutObjectCommand({ Bucket: source, Key: 'k', Body: 'x' }));
    assert.equal(await statusOf(source, 'k'), 'FAILED');
    assert.equal((await s3().send(new ListObjectVersionsCommand({ Bucket: target }))).Versions, undefined);
  });
});
