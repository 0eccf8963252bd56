import assert from 'node:assert/strict';
import { constants, createCipheriv, createPublicKey, generateKeyPairSync, publicEncrypt, randomBytes, verify } from 'node:crypto';
import { test } from 'node:test';
import { dayMs, importTokenMs } from '../limits.ts';
import { createTestKms, type TestKms } from '../testKms.ts';

const text = Buffer.from('x');

/** Wraps material as a client does it, and imports it. */
async function importInto({ run }: TestKms, KeyId: string, material: Buffer, more: { readonly ValidTo?: Date; readonly keyWrap?: boolean } = {}) {
  const WrappingAlgorithm = more.keyWrap === true ? 'RSA_AES_KEY_WRAP_SHA_256' : 'RSAES_OAEP_SHA_256';
  const { PublicKey, ImportToken } = await run('GetParametersForImport', { KeyId, WrappingAlgorithm, WrappingKeySpec: 'RSA_2048' });
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
  const oaep = (bytes: Buffer): Buffer => publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, bytes);
  let EncryptedKeyMaterial = oaep(more.keyWrap === true ? Buffer.alloc(32, 7) : material);
  if (more.keyWrap === true) {
    const cipher = createCipheriv('id-aes256-wrap-pad', Buffer.alloc(32, 7), Buffer.from('a65959a6', 'hex'));
    EncryptedKeyMaterial = Buffer.concat([EncryptedKeyMaterial, cipher.update(material), cipher.final()]);
  }
  const expiry = more.ValidTo ? ({ ValidTo: more.ValidTo, ExpirationModel: 'KEY_MATERIAL_EXPIRES' } as const) : ({ ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' } as const);
  return await run('ImportKeyMaterial', { KeyId, ImportToken, EncryptedKeyMaterial, ...expiry });
}

test('importKeyMaterial gives a key its material, deleteImportedKeyMaterial takes it, and only the same fits again', async () => {
  const kms = createTestKms();
  const { run, createKey } = kms;
  const { id, arn } = await createKey({ Origin: 'EXTERNAL' });
  await assert.rejects(run('Encrypt', { KeyId: id, Plaintext: text }), { code: 'KMSInvalidStateException', message: `${arn} is pending import.` });
  const material = randomBytes(32);
  await importInto(kms, id, material);
  const { KeyMetadata } = await run('DescribeKey', { KeyId: id });
  assert.deepEqual([KeyMetadata?.KeyState, KeyMetadata?.ExpirationModel], ['Enabled', 'KEY_MATERIAL_DOES_NOT_EXPIRE']);
  const { CiphertextBlob } = await run('Encrypt', { KeyId: id, Plaintext: text });
  await run('DeleteImportedKeyMaterial', { KeyId: id });
  await assert.rejects(run('Decrypt', { CiphertextBlob }), { message: `${arn} is pending import.` });
  await assert.rejects(importInto(kms, id, randomBytes(32)), { code: 'IncorrectKeyMaterialException' });
  await importInto(kms, id, material);
  assert.deepEqual((await run('Decrypt', { CiphertextBlob })).Plaintext, text);
});

test('importKeyMaterial with a date loses the material by the clock', async () => {
  const kms = createTestKms();
  const { run, createKey, clock } = kms;
  const { id, arn } = await createKey({ Origin: 'EXTERNAL' });
  const ValidTo = new Date(clock.now() + dayMs);
  await importInto(kms, id, randomBytes(32), { ValidTo });
  assert.deepEqual((await run('DescribeKey', { KeyId: id })).KeyMetadata?.ValidTo, ValidTo);
  clock.advance(dayMs);
  await assert.rejects(run('Encrypt', { KeyId: id, Plaintext: text }), { message: `${arn} is pending import.` });
});

test('importKeyMaterial takes key pairs wrapped in two layers', async () => {
  const kms = createTestKms();
  const { id } = await kms.createKey({ Origin: 'EXTERNAL', KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  await importInto(kms, id, privateKey.export({ type: 'pkcs8', format: 'der' }), { keyWrap: true });
  const { Signature } = await kms.run('Sign', { KeyId: id, Message: text, SigningAlgorithm: 'ECDSA_SHA_256' });
  assert.ok(verify('sha256', text, publicKey, Signature ?? new Uint8Array()));
  const other = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey.export({ type: 'pkcs8', format: 'der' });
  const { id: second } = await kms.createKey({ Origin: 'EXTERNAL', KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  await assert.rejects(importInto(kms, second, other, { keyWrap: true }), { code: 'InvalidCiphertextException' });
});

test('getParametersForImport is for keys with imported material, and its token for one key and one day', async () => {
  const { run, createKey, clock } = createTestKms();
  const { arn } = await createKey();
  const wrapping = { WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' } as const;
  await assert.rejects(run('GetParametersForImport', { KeyId: arn, ...wrapping }), {
    code: 'UnsupportedOperationException',
    message: `${arn} origin is AWS_KMS which is not valid for this operation.`,
  });
  const [one, two] = [await createKey({ Origin: 'EXTERNAL' }), await createKey({ Origin: 'EXTERNAL' })];
  const { ImportToken } = await run('GetParametersForImport', { KeyId: one.id, ...wrapping });
  const material = { ImportToken, EncryptedKeyMaterial: Buffer.alloc(256), ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' } as const;
  await assert.rejects(run('ImportKeyMaterial', { KeyId: two.id, ...material }), { code: 'InvalidImportTokenException' });
  await assert.rejects(run('ImportKeyMaterial', { KeyId: one.id, ...material }), { code: 'InvalidCiphertextException' });
  await assert.rejects(run('ImportKeyMaterial', { KeyId: one.id, ...material, ExpirationModel: 'KEY_MATERIAL_EXPIRES' }), {
    message: 'A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES',
  });
  clock.advance(importTokenMs);
  await assert.rejects(run('ImportKeyMaterial', { KeyId: one.id, ...material }), { code: 'ExpiredImportTokenException' });
});
