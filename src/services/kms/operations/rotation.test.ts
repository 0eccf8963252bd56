import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs, onDemandRotationsMax } from '../limits.ts';
import { createTestKms, type TestKms } from '../testKms.ts';

const text = Buffer.from('x');

async function rotationsOf({ run }: TestKms, KeyId: string, wanted: number) {
  for (let turn = 0; turn < 10_000; turn += 1) {
    const { Rotations = [] } = await run('ListKeyRotations', { KeyId });
    if (Rotations.length >= wanted) return Rotations;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return assert.fail(`there are no ${wanted} rotations`);
}

test('rotateKeyOnDemand encrypts with new material and decrypts with all of it', async () => {
  const kms = createTestKms();
  const { run, createKey } = kms;
  const { id, arn } = await createKey();
  const before = await run('Encrypt', { KeyId: id, Plaintext: text });
  const first = (await run('DescribeKey', { KeyId: id })).KeyMetadata?.CurrentKeyMaterialId;
  assert.deepEqual(await run('RotateKeyOnDemand', { KeyId: id }), { KeyId: arn });
  const second = (await run('DescribeKey', { KeyId: id })).KeyMetadata?.CurrentKeyMaterialId;
  assert.notEqual(first, second);
  const after = await run('Encrypt', { KeyId: id, Plaintext: text });
  assert.equal((await run('Decrypt', { CiphertextBlob: before.CiphertextBlob })).KeyMaterialId, first);
  assert.equal((await run('Decrypt', { CiphertextBlob: after.CiphertextBlob })).KeyMaterialId, second);
  const { Rotations } = await run('ListKeyRotations', { KeyId: id, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' });
  assert.deepEqual(Rotations?.map((entry) => [entry.KeyMaterialState, entry.RotationType]), [['NON_CURRENT', undefined], ['CURRENT', 'ON_DEMAND']]);
});

test('rotateKeyOnDemand has an end', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey();
  for (let count = 0; count < onDemandRotationsMax; count += 1) await run('RotateKeyOnDemand', { KeyId: id });
  await assert.rejects(run('RotateKeyOnDemand', { KeyId: id }), { code: 'LimitExceededException' });
});

test('enableKeyRotation rotates by the clock, disableKeyRotation ends it', async () => {
  const kms = createTestKms();
  const { run, createKey, clock } = kms;
  const { id, arn } = await createKey();
  const startMs = clock.now();
  assert.deepEqual(await run('GetKeyRotationStatus', { KeyId: id }), { KeyId: arn, KeyRotationEnabled: false });
  await run('EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 90 });
  assert.equal((await run('GetKeyRotationStatus', { KeyId: id })).NextRotationDate?.getTime(), startMs + 90 * dayMs);
  const { CiphertextBlob } = await run('Encrypt', { KeyId: id, Plaintext: text });
  clock.advance(185 * dayMs);
  const rotations = await rotationsOf(kms, id, 2);
  assert.deepEqual(rotations.map(({ RotationDate, RotationType }) => [Number(RotationDate?.getTime()) - startMs, RotationType]), [[90 * dayMs, 'AUTOMATIC'], [180 * dayMs, 'AUTOMATIC']]);
  assert.deepEqual((await run('Decrypt', { CiphertextBlob })).Plaintext, text);
  await run('DisableKeyRotation', { KeyId: id });
  assert.equal((await run('GetKeyRotationStatus', { KeyId: id })).KeyRotationEnabled, false);
});

test('enableKeyRotation is for symmetric keys that are enabled and whose material KMS made', async () => {
  const { run, createKey } = createTestKms();
  const signing = await createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  await assert.rejects(run('EnableKeyRotation', { KeyId: signing.id }), { code: 'UnsupportedOperationException' });
  const { id, arn } = await createKey();
  await run('DisableKey', { KeyId: id });
  await assert.rejects(run('EnableKeyRotation', { KeyId: id }), { code: 'DisabledException', message: `${arn} is disabled.` });
});

test('enableKey makes up for a rotation that came due while the key was disabled', async () => {
  const kms = createTestKms();
  const { run, createKey, clock } = kms;
  const { id } = await createKey();
  await run('EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 90 });
  await run('DisableKey', { KeyId: id });
  clock.advance(100 * dayMs);
  assert.deepEqual((await run('ListKeyRotations', { KeyId: id })).Rotations, []);
  await run('EnableKey', { KeyId: id });
  const [made] = await rotationsOf(kms, id, 1);
  assert.equal(made?.RotationDate?.getTime(), clock.now());
  assert.equal((await run('GetKeyRotationStatus', { KeyId: id })).NextRotationDate?.getTime(), clock.now() + 90 * dayMs);
});
