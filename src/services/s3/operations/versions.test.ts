import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../../../base/random.ts';
import { createTestS3 } from '../testing/testS3.ts';

const Bucket = 'my-bucket';

interface Known {
  versionId: string;
  body: string | undefined;
}

// A model of one key: its versions, newest first.
test('putObject, deleteObject and putBucketVersioning in any order leave what a simple model has, and listObjectVersions tells it', async () => {
  const seed = 20_260_101;
  const random = createSeededRandom(seed);
  const s3 = createTestS3();
  await s3.run('CreateBucket', { Bucket });
  let status: 'Enabled' | 'Suspended' | undefined;
  let model: Known[] = [];
  const place = (entry: Known): void => {
    if (entry.versionId === 'null') model = model.filter(({ versionId }) => versionId !== 'null');
    model.unshift(entry);
  };
  for (let step = 0; step < 150; step += 1) {
    const what = random.fraction();
    s3.clock.advance(Math.floor(random.fraction() * 3));
    if (what < 0.05) {
      status = status === 'Enabled' ? 'Suspended' : 'Enabled';
      await s3.run('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: status } });
    } else if (what < 0.5) {
      const body = `body ${step}`;
      const { VersionId = 'null' } = await s3.run('PutObject', { Bucket, Key: 'k', Body: body });
      place({ versionId: VersionId, body });
    } else if (what < 0.75) {
      const { VersionId = 'null', DeleteMarker } = await s3.run('DeleteObject', { Bucket, Key: 'k' });
      if (DeleteMarker) place({ versionId: VersionId, body: undefined });
      else model = [];
    } else {
      const victim = model[Math.floor(random.fraction() * model.length)];
      if (!victim) continue;
      await s3.run('DeleteObject', { Bucket, Key: 'k', VersionId: victim.versionId });
      model = model.filter((entry) => entry !== victim);
    }
    const listed = await s3.run('ListObjectVersions', { Bucket });
    const rows = [...(listed.Versions ?? []), ...(listed.DeleteMarkers ?? [])];
    assert.deepEqual(new Set(rows.map(({ VersionId }) => VersionId)), new Set(model.map(({ versionId }) => versionId)), `seed ${seed}, step ${step}`);
    assert.deepEqual(rows.filter(({ IsLatest }) => IsLatest).map(({ VersionId }) => VersionId), model.slice(0, 1).map(({ versionId }) => versionId), `seed ${seed}, step ${step}`);
    const current = await s3.run('GetObject', { Bucket, Key: 'k' }).then(({ Body }) => String(Body), () => undefined);
    assert.equal(current, model[0]?.body, `seed ${seed}, step ${step}`);
  }
  for (const { versionId } of model) await s3.run('DeleteObject', { Bucket, Key: 'k', VersionId: versionId });
  await s3.run('DeleteBucket', { Bucket });
});

test('putBucketVersioning is told by getBucketVersioning, and cannot be undone, only suspended', async () => {
  const s3 = createTestS3();
  await s3.run('CreateBucket', { Bucket });
  assert.deepEqual(await s3.run('GetBucketVersioning', { Bucket }), {});
  await assert.rejects(s3.run('PutBucketVersioning', { Bucket, VersioningConfiguration: {} }), { code: 'InvalidRequest' });
  await s3.run('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Suspended' } });
  assert.deepEqual(await s3.run('GetBucketVersioning', { Bucket }), { Status: 'Suspended' });
});

test('putObjectTagging changes older versions too; getObjectTagging and deleteObjectTagging follow', async () => {
  const s3 = createTestS3();
  await s3.run('CreateBucket', { Bucket });
  await s3.run('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
  const { VersionId } = await s3.run('PutObject', { Bucket, Key: 'k', Body: '1' });
  await s3.run('PutObject', { Bucket, Key: 'k', Body: '2' });
  await s3.run('PutObjectTagging', { Bucket, Key: 'k', VersionId, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } });
  assert.deepEqual((await s3.run('GetObjectTagging', { Bucket, Key: 'k', VersionId })).TagSet, [{ Key: 'a', Value: 'b' }]);
  assert.deepEqual((await s3.run('GetObjectTagging', { Bucket, Key: 'k' })).TagSet, []);
  await s3.run('DeleteObjectTagging', { Bucket, Key: 'k', VersionId });
  assert.deepEqual((await s3.run('GetObjectTagging', { Bucket, Key: 'k', VersionId })).TagSet, []);
});

test('putBucketTagging, getBucketTagging and deleteBucketTagging keep at most 50 tags', async () => {
  const s3 = createTestS3();
  await s3.run('CreateBucket', { Bucket });
  const tags = (count: number) => ({ TagSet: Array.from({ length: count }, (_, index) => ({ Key: `k${index}`, Value: 'v' })) });
  await s3.run('PutBucketTagging', { Bucket, Tagging: tags(50) });
  await assert.rejects(s3.run('PutBucketTagging', { Bucket, Tagging: tags(51) }), { code: 'BadRequest' });
  assert.equal((await s3.run('GetBucketTagging', { Bucket })).TagSet?.length, 50);
  await s3.run('DeleteBucketTagging', { Bucket });
  await assert.rejects(s3.run('GetBucketTagging', { Bucket }), { code: 'NoSuchTagSet' });
});
