import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs } from '../limits.ts';
import { createTestKms } from '../testKms.ts';

const text = Buffer.from('x');
const there = { region: 'eu-west-1' };

test('replicateKey makes a key elsewhere that reads what this one encrypts', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey({ MultiRegion: true });
  assert.match(id, /^mrk-[0-9a-f]{32}$/);
  const { CiphertextBlob } = await run('Encrypt', { KeyId: id, Plaintext: text });
  const { ReplicaKeyMetadata: replica } = await run('ReplicateKey', { KeyId: id, ReplicaRegion: 'eu-west-1', Description: 'there' });
  assert.deepEqual([replica?.Arn, replica?.MultiRegionConfiguration?.MultiRegionKeyType], [`arn:aws:kms:eu-west-1:000000000000:key/${id}`, 'REPLICA']);
  assert.deepEqual((await run('Decrypt', { CiphertextBlob }, there)).Plaintext, text);
  assert.equal((await run('Decrypt', { CiphertextBlob, KeyId: id }, there)).KeyId, replica?.Arn);
  // What happens to the material happens to all of them.
  await run('RotateKeyOnDemand', { KeyId: id });
  const later = await run('Encrypt', { KeyId: id, Plaintext: text }, there);
  assert.deepEqual((await run('Decrypt', { CiphertextBlob: later.CiphertextBlob })).Plaintext, text);
  await assert.rejects(run('ReplicateKey', { KeyId: id, ReplicaRegion: 'eu-west-1' }), { code: 'AlreadyExistsException' });
  await assert.rejects(run('ReplicateKey', { KeyId: id, ReplicaRegion: 'us-west-2' }, there), { code: 'UnsupportedOperationException' });
  const single = await createKey();
  await assert.rejects(run('ReplicateKey', { KeyId: single.id, ReplicaRegion: 'eu-west-1' }), { code: 'UnsupportedOperationException' });
});

test('updatePrimaryRegion swaps the roles', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey({ MultiRegion: true });
  await assert.rejects(run('UpdatePrimaryRegion', { KeyId: id, PrimaryRegion: 'eu-west-1' }), { code: 'NotFoundException' });
  await run('ReplicateKey', { KeyId: id, ReplicaRegion: 'eu-west-1' });
  await run('UpdatePrimaryRegion', { KeyId: id, PrimaryRegion: 'eu-west-1' });
  const type = async (as?: typeof there) => (await run('DescribeKey', { KeyId: id }, as)).KeyMetadata?.MultiRegionConfiguration;
  assert.deepEqual([(await type())?.MultiRegionKeyType, (await type(there))?.MultiRegionKeyType], ['REPLICA', 'PRIMARY']);
  assert.deepEqual((await type())?.ReplicaKeys?.map(({ Region }) => Region), ['us-east-1']);
});

test('replicateKey keeps the primary from going before its replicas', async () => {
  const { run, createKey, clock } = createTestKms();
  const { id } = await createKey({ MultiRegion: true });
  await run('ReplicateKey', { KeyId: id, ReplicaRegion: 'eu-west-1' });
  assert.equal((await run('ScheduleKeyDeletion', { KeyId: id, PendingWindowInDays: 8 })).KeyState, 'PendingReplicaDeletion');
  await run('ScheduleKeyDeletion', { KeyId: id, PendingWindowInDays: 7 }, there);
  clock.advance(7 * dayMs);
  const state = async () => (await run('DescribeKey', { KeyId: id })).KeyMetadata;
  for (let turn = 0; turn < 10_000 && (await state())?.KeyState !== 'PendingDeletion'; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await state())?.DeletionDate?.getTime(), clock.now() + 8 * dayMs);
});
