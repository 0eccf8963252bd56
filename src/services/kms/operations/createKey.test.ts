import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestKms, root, testUser } from '../testKms.ts';

test('createKey answers what DescribeKey tells, and ListKeys lists it', async () => {
  const { run, createKey } = createTestKms();
  const { KeyMetadata: made } = await run('CreateKey', { Description: 'mine', Tags: [{ TagKey: 'a', TagValue: 'b' }] });
  assert.match(made?.KeyId ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual([made?.KeyState, made?.Enabled, made?.KeyUsage, made?.EncryptionAlgorithms, made?.MultiRegion], ['Enabled', true, 'ENCRYPT_DECRYPT', ['SYMMETRIC_DEFAULT'], false]);
  assert.deepEqual((await run('DescribeKey', { KeyId: made?.Arn })).KeyMetadata, made);
  await createKey();
  await createKey();
  const first = await run('ListKeys', { Limit: 2 });
  const rest = await run('ListKeys', { Limit: 2, Marker: first.NextMarker });
  assert.deepEqual([first.Keys?.length, first.Truncated, rest.Keys?.length, rest.Truncated], [2, true, 1, false]);
  await assert.rejects(run('ListKeys', { Marker: 'x' }), { code: 'InvalidMarkerException' });
});

test('createKey demands a usage for everything but symmetric encryption keys, and one that fits', async () => {
  const { run } = createTestKms();
  await assert.rejects(run('CreateKey', { KeySpec: 'HMAC_256' }), {
    code: 'ValidationException',
    message: 'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
  });
  await assert.rejects(run('CreateKey', { KeySpec: 'ECC_NIST_P256', KeyUsage: 'ENCRYPT_DECRYPT' }), {
    message: 'KeyUsage ENCRYPT_DECRYPT is not compatible with KeySpec ECC_NIST_P256',
  });
  for (const KeySpec of ['SM2', 'ML_DSA_65'] as const) {
    await assert.rejects(run('CreateKey', { KeySpec, KeyUsage: 'SIGN_VERIFY' }), { code: 'UnsupportedOperationException', message: new RegExp(KeySpec) });
  }
  await assert.rejects(run('CreateKey', { CustomKeyStoreId: 'cks-1', Origin: 'AWS_CLOUDHSM' }), { code: 'CustomKeyStoreNotFoundException' });
});

test('createKey refuses a policy that would lock its maker out', async () => {
  const { run } = createTestKms();
  const policyFor = (AWS: string) => JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'kms:*', Resource: '*' }] });
  const other = policyFor('arn:aws:iam::000000000000:user/somebody');
  await assert.rejects(run('CreateKey', { Policy: other }), {
    code: 'MalformedPolicyDocumentException',
    message: 'The new key policy will not allow you to update the key policy in the future.',
  });
  const { KeyMetadata } = await run('CreateKey', { Policy: other, BypassPolicyLockoutSafetyCheck: true });
  // Even root needs the key's policy on KMS.
  await assert.rejects(run('DescribeKey', { KeyId: KeyMetadata?.KeyId }), { code: 'AccessDeniedException', message: /because no resource-based policy allows the kms:DescribeKey action$/ });
  await run('CreateKey', { Policy: policyFor(root.kind === 'root' ? root.arn : '') });
  await assert.rejects(run('CreateKey', { Policy: '{"Statement": 1}' }), { code: 'MalformedPolicyDocumentException' });
});

test('describeKey tells strangers that they may not know, and others that there is no such key', async () => {
  const { run } = createTestKms();
  const KeyId = '11111111-2222-4333-8444-555555555555';
  const arn = `arn:aws:kms:us-east-1:000000000000:key/${KeyId}`;
  await assert.rejects(run('DescribeKey', { KeyId }), { code: 'NotFoundException', message: `Key '${arn}' does not exist` });
  await assert.rejects(run('DescribeKey', { KeyId }, { user: testUser('ann') }), { code: 'AccessDeniedException' });
  await assert.rejects(run('DescribeKey', { KeyId: 'fake-key-id' }), { code: 'NotFoundException', message: "Invalid keyId 'fake-key-id'" });
  await assert.rejects(run('DescribeKey', { KeyId: arn }, { region: 'ap-southeast-1' }), { code: 'NotFoundException', message: 'Invalid arn us-east-1' });
});

test('describeKey makes the AWS managed key of a service that it is asked for', async () => {
  const { run } = createTestKms();
  const { KeyMetadata } = await run('DescribeKey', { KeyId: 'alias/aws/s3' });
  assert.equal(KeyMetadata?.KeyManager, 'AWS');
  assert.equal((await run('DescribeKey', { KeyId: 'alias/aws/s3' })).KeyMetadata?.KeyId, KeyMetadata?.KeyId);
  // Its policy lets it be used through the service only.
  await assert.rejects(run('Encrypt', { KeyId: 'alias/aws/s3', Plaintext: Buffer.from('x') }), { code: 'AccessDeniedException' });
  await assert.rejects(run('DescribeKey', { KeyId: 'alias/aws/nonsense-service' }), { code: 'NotFoundException' });
});
