import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestKms, testUser } from './testKms.ts';

const context = { SecretARN: 'arn:x' };
const text = Buffer.from('x');

test('generateDataKey of the port uses the AWS managed key of the service, for whoever may use the service', async () => {
  const { encryption, keyUser, run } = createTestKms();
  const user = keyUser('secretsmanager', testUser('ann'));
  const dataKey = await encryption.generateDataKey({ keyId: undefined, context, user });
  assert.equal(dataKey.plaintext.length, 32);
  assert.deepEqual(Buffer.from((await encryption.decrypt({ ciphertext: dataKey.ciphertext, context, user })).plaintext), Buffer.from(dataKey.plaintext));
  assert.equal((await run('DescribeKey', { KeyId: 'alias/aws/secretsmanager' })).KeyMetadata?.Arn, dataKey.keyArn);
  assert.deepEqual(await encryption.requireKey(undefined, user), { keyArn: dataKey.keyArn, awsManaged: true });
  // Not through another service, and not directly.
  await assert.rejects(encryption.decrypt({ ciphertext: dataKey.ciphertext, context, user: keyUser('s3', testUser('ann')) }), { code: 'AccessDeniedException' });
  await assert.rejects(run('Decrypt', { CiphertextBlob: dataKey.ciphertext, EncryptionContext: context }), { code: 'AccessDeniedException' });
});

test("decrypt of the port asks in the caller's name, with the service in kms:ViaService, and finds the caller's grants", async () => {
  const { encryption, keyUser, createKey, run } = createTestKms();
  const { id, arn } = await createKey();
  const via = testUser('ann', [{ Effect: 'Allow', Action: 'kms:*', Resource: arn, Condition: { StringEquals: { 'kms:ViaService': 'ssm.us-east-1.amazonaws.com' } } }]);
  const { ciphertext } = await encryption.encrypt({ keyId: id, plaintext: text, context, user: keyUser('ssm', via) });
  await encryption.decrypt({ ciphertext, context, user: keyUser('ssm', via) });
  await assert.rejects(encryption.decrypt({ ciphertext, context, user: keyUser('sqs', via) }), { code: 'AccessDeniedException', message: /user\/ann is not authorized to perform: kms:Decrypt/ });
  const bob = testUser('bob');
  await assert.rejects(encryption.decrypt({ ciphertext, context, user: keyUser('sqs', bob) }), { code: 'AccessDeniedException' });
  await run('CreateGrant', { KeyId: id, GranteePrincipal: 'arn:aws:iam::000000000000:user/bob', Operations: ['Decrypt'] });
  await encryption.decrypt({ ciphertext, context, user: keyUser('sqs', bob) });
});

test('encrypt of the port refuses keys that cannot protect data, in the words of KMS', async () => {
  const { encryption, createKey, run } = createTestKms();
  const user = { account: '000000000000', region: 'us-east-1', service: 'sqs' };
  const { id, arn } = await createKey();
  await run('DisableKey', { KeyId: id });
  await assert.rejects(encryption.encrypt({ keyId: id, plaintext: text, context, user }), { code: 'DisabledException', message: `${arn} is disabled.` });
  const signing = await createKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
  await assert.rejects(encryption.requireKey(signing.id, user), { code: 'InvalidKeyUsageException' });
  await assert.rejects(encryption.requireKey('alias/nothing', user), { code: 'NotFoundException' });
  await assert.rejects(encryption.decrypt({ ciphertext: Buffer.from('junk'), context, user }), { code: 'InvalidCiphertextException' });
});

test('requireKey of the port does not tell whether another account has a key', async () => {
  const { encryption, keyUser, createKey, run } = createTestKms();
  const { id, arn } = await createKey();
  const stranger = { ...keyUser('sqs', testUser('eve', [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }], '111122223333')), account: '111122223333' };
  for (const keyId of [arn, arn.replace(id, '00000000-1111-4222-8333-444444444444'), arn.replace(/key.*/, 'alias/nothing')]) {
    await assert.rejects(encryption.requireKey(keyId, stranger), { code: 'AccessDeniedException' });
  }
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [
    { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'kms:*', Resource: '*' },
    { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'kms:DescribeKey', Resource: '*' },
  ] });
  await run('PutKeyPolicy', { KeyId: id, Policy });
  assert.deepEqual(await encryption.requireKey(arn, stranger), { keyArn: arn, awsManaged: false });
});

test('no key material is in the store in the clear', async () => {
  const { encryption, createKey, run, store } = createTestKms();
  const { id } = await createKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
  const pair = await createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  await run('GenerateMac', { KeyId: id, MacAlgorithm: 'HMAC_SHA_256', Message: text });
  await encryption.generateDataKey({ keyId: undefined, context, user: { account: '000000000000', region: 'us-east-1', service: 's3' } });
  const { PublicKey = new Uint8Array() } = await run('GetPublicKey', { KeyId: pair.id });
  let rows = 0;
  for await (const page of store.exportRows()) {
    for (const { value } of page) {
      rows += 1;
      // A private key in PKCS #8 ends with its public point; and it begins with the name of the curve.
      assert.equal(Buffer.from(value).includes(Buffer.from(PublicKey).subarray(-64)), false);
      assert.equal(Buffer.from(value).includes(Buffer.from('2a8648ce3d030107', 'hex')), false);
    }
  }
  assert.ok(rows > 5);
});
