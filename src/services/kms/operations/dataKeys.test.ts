import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import { createTestKms } from '../testKms.ts';

test('generateDataKey answers a key and its ciphertext, generateDataKeyWithoutPlaintext the ciphertext alone', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey();
  const EncryptionContext = { a: 'b' };
  const made = await run('GenerateDataKey', { KeyId: id, KeySpec: 'AES_256', EncryptionContext });
  assert.equal(made.Plaintext?.length, 32);
  assert.deepEqual((await run('Decrypt', { CiphertextBlob: made.CiphertextBlob, EncryptionContext })).Plaintext, made.Plaintext);
  assert.equal((await run('GenerateDataKey', { KeyId: id, NumberOfBytes: 100 })).Plaintext?.length, 100);
  const sealed = await run('GenerateDataKeyWithoutPlaintext', { KeyId: id, KeySpec: 'AES_128' });
  assert.equal((await run('Decrypt', { CiphertextBlob: sealed.CiphertextBlob })).Plaintext?.length, 16);
  await assert.rejects(run('GenerateDataKey', { KeyId: id }), { message: 'Please specify either number of bytes or key spec.' });
  await assert.rejects(run('GenerateDataKey', { KeyId: id, NumberOfBytes: 1, KeySpec: 'AES_128' }), { code: 'ValidationException' });
});

test('generateDataKeyPair answers a pair that works, generateDataKeyPairWithoutPlaintext one that Decrypt opens', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey();
  const pair = await run('GenerateDataKeyPair', { KeyId: id, KeyPairSpec: 'ECC_NIST_P384' });
  const opened = await run('Decrypt', { CiphertextBlob: pair.PrivateKeyCiphertextBlob });
  assert.deepEqual(opened.Plaintext, pair.PrivateKeyPlaintext);
  const privateKey = createPrivateKey({ key: Buffer.from(opened.Plaintext ?? []), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey({ key: Buffer.from(pair.PublicKey ?? []), format: 'der', type: 'spki' });
  assert.ok(verify('sha384', Buffer.from('x'), publicKey, sign('sha384', Buffer.from('x'), privateKey)));
  const sealed = await run('GenerateDataKeyPairWithoutPlaintext', { KeyId: id, KeyPairSpec: 'RSA_2048' });
  assert.equal(createPublicKey({ key: Buffer.from(sealed.PublicKey ?? []), format: 'der', type: 'spki' }).asymmetricKeyDetails?.modulusLength, 2_048);
});

test('generateRandom answers as many bytes as asked', async () => {
  const { run } = createTestKms();
  assert.equal((await run('GenerateRandom', { NumberOfBytes: 1_024 })).Plaintext?.length, 1_024);
  await assert.rejects(run('GenerateRandom', {}), { message: 'NumberOfBytes is required.' });
});
