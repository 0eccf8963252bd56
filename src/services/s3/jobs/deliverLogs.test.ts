import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestS3 } from '../testing/testS3.ts';
import { requireBucket } from '../store.ts';
import { logKey } from './deliverLogs.ts';

const source = { id: 'i', name: 'source', account: '111122223333', region: 'eu-west-1', createdAtMs: 0, ownership: 'BucketOwnerEnforced', settings: [] } as const;

test('logKey makes the keys of the documented formats', () => {
  const atMs = Date.UTC(2026, 10, 21, 9, 5, 7);
  const keyAs = (keyFormat: 'simple' | 'EventTime' | 'DeliveryTime' | undefined) => logKey(source, { targetBucket: 't', targetPrefix: 'logs/', keyFormat }, atMs, 'ABC');
  assert.equal(keyAs(undefined), 'logs/2026-11-21-09-05-07-ABC');
  assert.equal(keyAs('simple'), 'logs/2026-11-21-09-05-07-ABC');
  assert.equal(keyAs('DeliveryTime'), 'logs/111122223333/eu-west-1/source/2026/11/21/2026-11-21-09-05-07-ABC');
  assert.equal(keyAs('EventTime'), 'logs/111122223333/eu-west-1/source/2026/11/21/2026-11-21-00-00-00-ABC');
});

test('putBucketLogging is told by getBucketLogging as it was given, and goes with its bucket', async () => {
  const s3 = createTestS3();
  for (const Bucket of ['source', 'target']) await s3.run('CreateBucket', { Bucket });
  for (const TargetObjectKeyFormat of [undefined, { SimplePrefix: {} }, { PartitionedPrefix: { PartitionDateSource: 'EventTime' as const } }]) {
    const LoggingEnabled = { TargetBucket: 'target', TargetPrefix: 'p', ...(TargetObjectKeyFormat ? { TargetObjectKeyFormat } : {}) };
    await s3.run('PutBucketLogging', { Bucket: 'source', BucketLoggingStatus: { LoggingEnabled } });
    assert.deepEqual(await s3.run('GetBucketLogging', { Bucket: 'source' }), { LoggingEnabled });
  }
  const both = { SimplePrefix: {}, PartitionedPrefix: { PartitionDateSource: 'EventTime' as const } };
  await assert.rejects(s3.run('PutBucketLogging', { Bucket: 'source', BucketLoggingStatus: { LoggingEnabled: { TargetBucket: 'target', TargetPrefix: '', TargetObjectKeyFormat: both } } }), { code: 'MalformedXML' });
  await s3.run('DeleteBucket', { Bucket: 'source' });
  await s3.run('CreateBucket', { Bucket: 'source' });
  assert.deepEqual(await s3.run('GetBucketLogging', { Bucket: 'source' }), {});
  assert.equal((await s3.store.read((tx) => requireBucket(tx, 'source'))).settings.includes('logging'), false);
});
