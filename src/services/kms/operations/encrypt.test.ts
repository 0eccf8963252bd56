import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestKms, testUser } from '../testKms.ts';

const text = Buffer.from('attack at dawn');

test('encrypt and decrypt need the same encryption context, in whatever order', async () => {
  const { run, createKey } = createTestKms();
  const { id, arn } = await createKey();
  const { CiphertextBlob } = await run('Encrypt', { KeyId: id, Plaintext: text, EncryptionContext: { a: '1', b: '2' } });
  const opened = await run('Decrypt', { CiphertextBlob, EncryptionContext: { b: '2', a: '1' } });
  assert.deepEqual(opened.Plaintext, text);
  assert.equal(opened.KeyId, arn);
  for (const EncryptionContext of [undefined, { a: '1' }, { a: '1', b: '3' }, { a: '1', b: '2', c: '' }, { a1: '', b: '2' }]) {
    await assert.rejects(run('Decrypt', { CiphertextBlob, EncryptionContext }), { code: 'InvalidCiphertextException', message: '' });
  }
});

test('decrypt refuses a ciphertext with any bit changed', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey();
  const { CiphertextBlob = new Uint8Array() } = await run('Encrypt', { KeyId: id, Plaintext: text });
  for (let at = 0; at < CiphertextBlob.length; at += 1) {
    const changed = Buffer.from(CiphertextBlob);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await assert.rejects(run('Decrypt', { CiphertextBlob: changed }), { name: 'ServiceError' }, `byte ${at}`);
  }
  await assert.rejects(run('Decrypt', { CiphertextBlob: CiphertextBlob.subarray(0, 60) }), { code: 'InvalidCiphertextException' });
});

test('decrypt tells when the key it is given is another one', async () => {
  const { run, createKey } = createTestKms();
  const [one, two, signing] = [await createKey(), await createKey(), await createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })];
  const { CiphertextBlob } = await run('Encrypt', { KeyId: one.id, Plaintext: text });
  await assert.rejects(run('Decrypt', { CiphertextBlob, KeyId: two.id }), {
    code: 'IncorrectKeyException',
    message: 'The key ID in the request does not match the key ID that was used to encrypt the ciphertext.',
  });
  await assert.rejects(run('Decrypt', { CiphertextBlob, KeyId: signing.id }), {
    code: 'IncorrectKeyException',
    message: 'The key ID in the request does not identify a CMK that can perform this operation.',
  });
  await assert.rejects(run('Decrypt', { CiphertextBlob }, { region: 'eu-west-1' }), { code: 'AccessDeniedException', message: /^The ciphertext refers to a customer master key/ });
  await assert.rejects(run('Encrypt', { KeyId: signing.id, Plaintext: text }), {
    code: 'InvalidKeyUsageException',
    message: `${signing.arn} key usage is SIGN_VERIFY which is not valid for Encrypt.`,
  });
});

test('reEncrypt changes the key and the context, and asks for both', async () => {
  const { run, createKey } = createTestKms();
  const [one, two] = [await createKey(), await createKey()];
  const { CiphertextBlob } = await run('Encrypt', { KeyId: one.id, Plaintext: text, EncryptionContext: { from: 'x' } });
  const again = await run('ReEncrypt', { CiphertextBlob, SourceEncryptionContext: { from: 'x' }, DestinationKeyId: two.id, DestinationEncryptionContext: { to: 'y' } });
  assert.deepEqual([again.SourceKeyId, again.KeyId], [one.arn, two.arn]);
  assert.deepEqual((await run('Decrypt', { CiphertextBlob: again.CiphertextBlob, KeyId: two.arn, EncryptionContext: { to: 'y' } })).Plaintext, text);
  const user = testUser('ann', [{ Effect: 'Allow', Action: 'kms:ReEncryptFrom', Resource: one.arn }]);
  await assert.rejects(run('ReEncrypt', { CiphertextBlob, SourceEncryptionContext: { from: 'x' }, DestinationKeyId: two.id }, { user }), { code: 'AccessDeniedException', message: /kms:ReEncryptTo/ });
});

test('encrypt with DryRun checks everything and does nothing', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey();
  await assert.rejects(run('Encrypt', { KeyId: id, Plaintext: text, DryRun: true }), {
    code: 'DryRunOperationException',
    message: 'The request would have succeeded, but the DryRun option is set.',
  });
  await assert.rejects(run('Encrypt', { KeyId: id, Plaintext: text, EncryptionAlgorithm: 'RSAES_OAEP_SHA_1', DryRun: true }), { code: 'InvalidKeyUsageException' });
  await assert.rejects(run('Encrypt', { KeyId: id, Plaintext: text, GrantTokens: ['nonsense'] }), { code: 'InvalidGrantTokenException' });
});

test('encrypt with conditions on the encryption context is allowed for that context only', async () => {
  const { run, createKey } = createTestKms();
  const { id, arn } = await createKey();
  const user = testUser('ann', [{ Effect: 'Allow', Action: 'kms:Encrypt', Resource: arn, Condition: { StringEquals: { 'kms:EncryptionContext:team': 'blue' } } }]);
  await run('Encrypt', { KeyId: id, Plaintext: text, EncryptionContext: { team: 'blue' } }, { user });
  await assert.rejects(run('Encrypt', { KeyId: id, Plaintext: text, EncryptionContext: { team: 'red' } }, { user }), {
    code: 'AccessDeniedException',
    message: `User: arn:aws:iam::000000000000:user/ann is not authorized to perform: kms:Encrypt on resource: ${arn} because no identity-based policy allows the kms:Encrypt action`,
  });
});

test('decrypt is not talked into using the material of another key', async () => {
  const { run, createKey } = createTestKms();
  const [mine, other] = [await createKey(), await createKey()];
  const { CiphertextBlob = new Uint8Array() } = await run('Encrypt', { KeyId: other.id, Plaintext: text });
  const forged = Buffer.from(Buffer.from(CiphertextBlob).toString('latin1').replace(other.id, mine.id), 'latin1');
  await assert.rejects(run('Decrypt', { CiphertextBlob: forged, KeyId: mine.id }), { code: 'InvalidCiphertextException' });
});
