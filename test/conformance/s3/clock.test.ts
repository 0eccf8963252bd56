// What happens by the clock: access logs are delivered, archives restored, locks expire.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLoggingCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketLoggingCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketRequestPaymentCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  RestoreObjectCommand,
  UpdateObjectEncryptionCommand,
} from '@aws-sdk/client-s3';
import { uniqueName } from '../../support/functions.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { makeBucket, readObject } from './support.ts';

const scene = useServer();
const s3 = () => scene().aws.s3;
const minuteMs = 60_000;
const dayMs = 86_400_000;

async function letLogsIn(target: string, source: string): Promise<void> {
  const Condition = { ArnLike: { 'aws:SourceArn': `arn:aws:s3:::${source}` }, StringEquals: { 'aws:SourceAccount': '000000000000' } };
  const statement = { Effect: 'Allow', Principal: { Service: 'logging.s3.amazonaws.com' }, Action: 's3:PutObject', Resource: `arn:aws:s3:::${target}/logs/*`, Condition };
  await s3().send(new PutBucketPolicyCommand({ Bucket: target, Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) }));
}

/** The lines that have been delivered, once there is one that fits; each look lets time pass, since lines are written after their answers. */
async function deliveredLines(target: string, wanted: RegExp): Promise<{ readonly keys: string[]; readonly lines: string[] }> {
  for (;;) {
    await scene().server.clock.advance(6 * minuteMs);
    const keys = ((await s3().send(new ListObjectsV2Command({ Bucket: target }))).Contents ?? []).map(({ Key = '' }) => Key);
    const lines = (await Promise.all(keys.map((key) => readObject(s3(), target, key)))).flatMap((text) => text.trimEnd().split('\n'));
    if (lines.some((line) => wanted.test(line))) return { keys, lines };
  }
}

suite('server access logging', () => {
  test('delivers a line for each request, in the documented form, under the documented key', async () => {
    const [Bucket, target] = [await makeBucket(s3()), await makeBucket(s3())];
    assert.equal((await s3().send(new GetBucketLoggingCommand({ Bucket }))).LoggingEnabled, undefined);
    await letLogsIn(target, Bucket);
    const LoggingEnabled = { TargetBucket: target, TargetPrefix: 'logs/', TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: 'DeliveryTime' as const } } };
    await s3().send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: { LoggingEnabled } }));
    assert.deepEqual((await s3().send(new GetBucketLoggingCommand({ Bucket }))).LoggingEnabled, LoggingEnabled);
    await s3().send(new PutObjectCommand({ Bucket, Key: 'a b/ü"\n.txt', Body: 'hello' }));
    await readObject(s3(), Bucket, 'a b/ü"\n.txt', { Range: 'bytes=1-2' });
    await expectRefusal(s3().send(new GetObjectCommand({ Bucket, Key: 'absent' })), { name: 'NoSuchKey' });
    await fetch(`${scene().server.endpoint}/${Bucket}/secret`, { headers: { referer: 'https://example.com/"x', 'user-agent': 'browser 1.0' } });
    await s3().send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'one' }] } }));
    await s3().send(new DeleteObjectCommand({ Bucket, Key: 'last' }));
    const { keys, lines } = await deliveredLines(target, /REST\.DELETE\.OBJECT last/);
    for (const key of keys) assert.match(key, new RegExp(`^logs/000000000000/us-east-1/${Bucket}/\\d{4}/\\d\\d/\\d\\d/\\d{4}-\\d\\d-\\d\\d-\\d\\d-\\d\\d-\\d\\d-[0-9A-F]{16}$`));
    const field = /"[^"]*"|\[[^\]]*\]|\S+/g;
    const find = (wanted: RegExp): string[] => (lines.find((line) => wanted.test(line)) ?? assert.fail(`no ${wanted} in\n${lines.join('\n')}`)).match(field) ?? [];
    const put = find(/REST\.PUT\.OBJECT/);
    assert.equal(put.length, 27, put.join('|'));
    const [owner = '', name, time = '', ip, requester, , , key, uri, status, code, sent, size] = put;
    assert.match(owner, /^[0-9a-f]{64}$/);
    assert.match(time, /^\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\]$/);
    assert.deepEqual([name, requester, key, status, code, sent, size], [Bucket, owner, 'a%20b/%C3%BC%22%0A.txt', '200', '-', '-', '5']);
    assert.match(ip ?? '', /^(127\.0\.0\.1|::1|::ffff:127\.0\.0\.1)$/);
    assert.match(uri ?? '', new RegExp(`^"PUT /${Bucket}/a%20b/%C3%BC%22%0A.txt\\?x-id=PutObject HTTP/1.1"$`));
    assert.deepEqual(put.slice(19, 22), ['SigV4', '-', 'AuthHeader']);
    assert.equal(put.at(-1), 'us-east-1');
    const got = find(/REST\.GET\.OBJECT a%20b/);
    assert.deepEqual([got[9], got[11], got[12]], ['206', '2', '5']);
    assert.deepEqual(find(/REST\.GET\.OBJECT absent/).slice(9, 11), ['404', 'NoSuchKey']);
    const anonymous = find(/secret/);
    assert.deepEqual([anonymous[4], anonymous[9], anonymous[10], anonymous[15], anonymous[16], anonymous[19]], ['-', '403', 'AccessDenied', '"https://example.com/%22x"', '"browser 1.0"', '-']);
    assert.equal(find(/REST\.POST\.MULTI_OBJECT_DELETE/)[7], '-');
    assert.equal(find(/BATCH\.DELETE\.OBJECT/)[7], 'one');
    await s3().send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: {} }));
    assert.equal((await s3().send(new GetBucketLoggingCommand({ Bucket }))).LoggingEnabled, undefined);
  });
  test('delivers nothing that the target does not let in', async () => {
    const [Bucket, other, target] = [await makeBucket(s3()), await makeBucket(s3()), await makeBucket(s3())];
    await letLogsIn(target, other);
    for (const one of [Bucket, other]) await s3().send(new PutBucketLoggingCommand({ Bucket: one, BucketLoggingStatus: { LoggingEnabled: { TargetBucket: target, TargetPrefix: 'logs/' } } }));
    for (const one of [Bucket, other]) await s3().send(new PutObjectCommand({ Bucket: one, Key: 'k', Body: 'x' }));
    const { keys, lines } = await deliveredLines(target, /REST\.PUT\.OBJECT k/);
    assert.match(keys[0] ?? '', /^logs\/\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}$/);
    assert.ok(lines.every((line) => line.includes(` ${other} `)));
  });
  test('needs a target that can be one', async () => {
    const Bucket = await makeBucket(s3());
    const put = (TargetBucket: string, more: object = {}) => s3().send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: { LoggingEnabled: { TargetBucket, TargetPrefix: '', ...more } } }));
    await expectRefusal(put('there-is-no-such-bucket'), { name: 'InvalidTargetBucketForLogging', status: 400, message: 'The target bucket for logging does not exist' });
    const elsewhere = await makeBucket(s3(), { CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } });
    await expectRefusal(put(elsewhere), { name: 'CrossLocationLoggingProhibitted', status: 403 });
    const pays = await makeBucket(s3());
    await s3().send(new PutBucketRequestPaymentCommand({ Bucket: pays, RequestPaymentConfiguration: { Payer: 'Requester' } }));
    await expectRefusal(put(pays), { name: 'InvalidTargetBucketForLogging', status: 400, message: /Requester Pays/ });
    const lists = await makeBucket(s3());
    await expectRefusal(put(lists, { TargetGrants: [{ Grantee: { Type: 'Group', URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }, Permission: 'READ' }] }), { name: 'AccessControlListNotSupported', status: 400 });
    await s3().send(new PutBucketOwnershipControlsCommand({ Bucket: lists, OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerPreferred' }] } }));
    await expectRefusal(put(lists), { name: 'InvalidTargetBucketForLogging', status: 400, message: 'You must give the log-delivery group WRITE and READ_ACP permissions to the target bucket' });
  });
});

suite('archived objects', () => {
  test('are read once they have been restored, for so many days', async () => {
    const Bucket = await makeBucket(s3());
    await s3().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'cold', StorageClass: 'GLACIER' }));
    await s3().send(new PutObjectCommand({ Bucket, Key: 'deep', Body: 'colder', StorageClass: 'DEEP_ARCHIVE' }));
    await s3().send(new PutObjectCommand({ Bucket, Key: 'warm', Body: 'warm' }));
    await expectRefusal(readObject(s3(), Bucket, 'k'), { name: 'InvalidObjectState', status: 403, message: "The operation is not valid for the object's storage class" });
    const restore = (Key: string, Days: number, Tier: 'Expedited' | 'Standard' = 'Standard') => s3().send(new RestoreObjectCommand({ Bucket, Key, RestoreRequest: { Days, GlacierJobParameters: { Tier } } }));
    await expectRefusal(restore('warm', 1), { name: 'InvalidObjectState', status: 403, message: "Restore is not allowed for the object's current storage class" });
    await expectRefusal(restore('deep', 1, 'Expedited'), { name: 'InvalidArgument', status: 400 });
    assert.equal((await restore('k', 2)).$metadata.httpStatusCode, 202);
    const told = async () => (await s3().send(new HeadObjectCommand({ Bucket, Key: 'k' }))).Restore;
    assert.equal(await told(), 'ongoing-request="true"');
    await expectRefusal(readObject(s3(), Bucket, 'k'), { name: 'InvalidObjectState', status: 403 });
    await expectRefusal(restore('k', 2), { name: 'RestoreAlreadyInProgress', status: 409, message: 'Object restore is already in progress' });
    await scene().server.clock.advance(180 * minuteMs);
    assert.match((await told()) ?? '', /^ongoing-request="false", expiry-date="[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} 00:00:00 GMT"$/);
    assert.equal(await readObject(s3(), Bucket, 'k'), 'cold');
    assert.equal((await restore('k', 5)).$metadata.httpStatusCode, 200);
    await scene().server.clock.advance(4 * dayMs);
    assert.equal(await readObject(s3(), Bucket, 'k'), 'cold');
    await scene().server.clock.advance(3 * dayMs);
    await expectRefusal(readObject(s3(), Bucket, 'k'), { name: 'InvalidObjectState', status: 403 });
    assert.equal(await told(), undefined);
  });
});

suite('object lock', () => {
  test('keeps versions until a date, or until a hold is taken off', async () => {
    const Bucket = uniqueName('locked').toLowerCase();
    await s3().send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' as const, Rule: { DefaultRetention: { Mode: 'GOVERNANCE' as const, Days: 1 } } };
    await s3().send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    assert.deepEqual((await s3().send(new GetObjectLockConfigurationCommand({ Bucket }))).ObjectLockConfiguration, ObjectLockConfiguration);
    const { VersionId } = await s3().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    const remove = () => s3().send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId }));
    const retention = async () => (await s3().send(new GetObjectRetentionCommand({ Bucket, Key: 'k' }))).Retention;
    assert.equal((await retention())?.Mode, 'GOVERNANCE');
    await expectRefusal(remove(), { name: 'AccessDenied', status: 403 });
    const RetainUntilDate = new Date(Math.ceil(Date.now() / dayMs + 30) * dayMs);
    await s3().send(new PutObjectRetentionCommand({ Bucket, Key: 'k', Retention: { Mode: 'GOVERNANCE', RetainUntilDate } }));
    assert.deepEqual((await retention())?.RetainUntilDate, RetainUntilDate);
    await s3().send(new PutObjectLegalHoldCommand({ Bucket, Key: 'k', LegalHold: { Status: 'ON' } }));
    await scene().server.clock.advance(40 * dayMs);
    await expectRefusal(remove(), { name: 'AccessDenied', status: 403 });
    assert.equal((await s3().send(new GetObjectLegalHoldCommand({ Bucket, Key: 'k' }))).LegalHold?.Status, 'ON');
    await s3().send(new PutObjectLegalHoldCommand({ Bucket, Key: 'k', LegalHold: { Status: 'OFF' } }));
    await remove();
  });
});

suite('the key of an object', () => {
  test('is changed without changing the object', async () => {
    const { KeyMetadata } = await scene().aws.kms.send(new CreateKeyCommand({}));
    const Bucket = await makeBucket(s3());
    const Body = 'y'.repeat(200_000);
    const { ETag } = await s3().send(new PutObjectCommand({ Bucket, Key: 'k', Body, Metadata: { m: '1' } }));
    const before = await s3().send(new HeadObjectCommand({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' }));
    const update = (KMSKeyArn: string) => s3().send(new UpdateObjectEncryptionCommand({ Bucket, Key: 'k', ObjectEncryption: { SSEKMS: { KMSKeyArn } } }));
    await expectRefusal(update((KeyMetadata?.Arn ?? '').replace('000000000000', '111122223333')), { name: 'AccessDenied', status: 403, message: /must be owned by the same account as the bucket/ });
    await update(KeyMetadata?.Arn ?? '');
    const after = await s3().send(new HeadObjectCommand({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' }));
    assert.deepEqual([after.ServerSideEncryption, after.SSEKMSKeyId], ['aws:kms', KeyMetadata?.Arn]);
    assert.deepEqual([after.ETag, after.LastModified, after.Metadata, after.ChecksumCRC32], [ETag, before.LastModified, { m: '1' }, before.ChecksumCRC32]);
    assert.equal(await readObject(s3(), Bucket, 'k'), Body);
  });
});
