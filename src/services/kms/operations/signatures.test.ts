import assert from 'node:assert/strict';
import { constants, createHash, createPublicKey, diffieHellman, generateKeyPairSync, randomBytes, sign, verify, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { createSeededRandom } from '../../../base/random.ts';
import { signDigest, verifyDigest } from '../domain/ecdsaDigest.ts';
import { signPkcs1, signPss, verifyPkcs1, verifyPss } from '../domain/rsaDigest.ts';
import { createTestKms } from '../testKms.ts';

const message = Buffer.from('what is signed');
const hashOf = (algorithm: string): string => `sha${algorithm.slice(-3)}`;
const digestOf = (algorithm: string): Buffer => createHash(hashOf(algorithm)).update(message).digest();

/** By Node.js, from the public key alone. */
function verifies(publicKey: KeyObject, algorithm: string, signature: Uint8Array): boolean {
  const padding = algorithm.startsWith('RSASSA_PSS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : algorithm.startsWith('RSA') ? { padding: constants.RSA_PKCS1_PADDING } : {};
  return verify(hashOf(algorithm), message, { key: publicKey, ...padding }, signature);
}

const cases = [
  ['RSA_2048', ['RSASSA_PSS_SHA_256', 'RSASSA_PSS_SHA_512', 'RSASSA_PKCS1_V1_5_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_384']],
  ['ECC_NIST_P256', ['ECDSA_SHA_256']],
  ['ECC_NIST_P384', ['ECDSA_SHA_384']],
  ['ECC_NIST_P521', ['ECDSA_SHA_512']],
  ['ECC_SECG_P256K1', ['ECDSA_SHA_256']],
] as const;

for (const [KeySpec, algorithms] of cases) {
  test(`sign with ${KeySpec} makes signatures, of messages and of digests, that its public key verifies anywhere`, async () => {
    const { run, createKey } = createTestKms();
    const { id: KeyId } = await createKey({ KeySpec, KeyUsage: 'SIGN_VERIFY' });
    const { PublicKey } = await run('GetPublicKey', { KeyId });
    const publicKey = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
    for (const SigningAlgorithm of algorithms) {
      const raw = { KeyId, SigningAlgorithm, Message: message, MessageType: 'RAW' } as const;
      const digest = { KeyId, SigningAlgorithm, Message: digestOf(SigningAlgorithm), MessageType: 'DIGEST' } as const;
      for (const input of [raw, digest]) {
        const { Signature = new Uint8Array() } = await run('Sign', input);
        assert.ok(verifies(publicKey, SigningAlgorithm, Signature), `${SigningAlgorithm} ${input.MessageType}`);
        for (const check of [raw, digest]) assert.equal((await run('Verify', { ...check, Signature })).SignatureValid, true);
        const broken = Buffer.from(Signature);
        broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
        for (const check of [raw, digest]) await assert.rejects(run('Verify', { ...check, Signature: broken }), { code: 'KMSInvalidSignatureException', message: '' });
        for (const check of [raw, digest]) await assert.rejects(run('Verify', { ...check, Signature: Buffer.alloc(3) }), { code: 'KMSInvalidSignatureException' });
      }
      await assert.rejects(run('Sign', { ...digest, Message: Buffer.alloc(5) }), { code: 'ValidationException', message: `Digest is invalid length for algorithm ${SigningAlgorithm}.` });
    }
  });
}

test('sign refuses keys and algorithms that do not fit', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  await assert.rejects(run('Sign', { KeyId: id, Message: message, SigningAlgorithm: 'ECDSA_SHA_384' }), {
    code: 'InvalidKeyUsageException',
    message: 'Algorithm ECDSA_SHA_384 is incompatible with key spec ECC_NIST_P256.',
  });
  const { arn } = await createKey();
  await assert.rejects(run('Verify', { KeyId: arn, Message: message, Signature: message, SigningAlgorithm: 'ECDSA_SHA_256' }), {
    code: 'InvalidKeyUsageException',
    message: `${arn} key usage is ENCRYPT_DECRYPT which is not valid for Verify.`,
  });
  await assert.rejects(run('GetPublicKey', { KeyId: arn }), { code: 'UnsupportedOperationException' });
});

test('verify of digests agrees with Node.js on many keys, digests and damaged signatures', () => {
  const seed = 20_261_121;
  const random = createSeededRandom(seed);
  for (const [curve, hash] of [['prime256v1', 'sha256'], ['secp256k1', 'sha256'], ['secp384r1', 'sha384'], ['secp521r1', 'sha512']] as const) {
    for (let round = 0; round < 8; round += 1) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve });
      const text = random.bytes(round + 1);
      const digest = createHash(hash).update(text).digest();
      const theirs = sign(hash, text, privateKey);
      assert.ok(verifyDigest(publicKey, curve, digest, theirs), `${curve}, seed ${seed}`);
      assert.ok(verify(hash, text, publicKey, signDigest(privateKey, curve, digest, random)), `${curve}, seed ${seed}`);
      const other = Buffer.from(digest);
      other[round] = (other[round] ?? 0) ^ 0x10;
      assert.equal(verifyDigest(publicKey, curve, other, theirs), false);
      const { publicKey: stranger } = generateKeyPairSync('ec', { namedCurve: curve });
      assert.equal(verifyDigest(stranger, curve, digest, theirs), false);
    }
  }
});

test('verify of digests takes no RSA signature that Node.js would not make', () => {
  const random = createSeededRandom(3);
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const digest = createHash('sha256').update(message).digest();
  const pss = signPss(privateKey, 'sha256', digest, random);
  const pkcs1 = signPkcs1(privateKey, 'sha256', digest);
  assert.ok(verifyPss(publicKey, 'sha256', digest, pss) && verifyPkcs1(publicKey, 'sha256', digest, pkcs1));
  assert.ok(!verifyPss(publicKey, 'sha256', digest, pkcs1) && !verifyPkcs1(publicKey, 'sha256', digest, pss));
  assert.ok(!verifyPss(publicKey, 'sha256', Buffer.alloc(32), pss) && !verifyPkcs1(publicKey, 'sha256', Buffer.alloc(32), pkcs1));
  const shortSalt = sign('sha256', message, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 8 });
  assert.equal(verifyPss(publicKey, 'sha256', digest, shortSalt), false);
});

test('deriveSharedSecret agrees with whoever has the other key', async () => {
  const { run, createKey } = createTestKms();
  const { id: KeyId } = await createKey({ KeySpec: 'ECC_NIST_P384', KeyUsage: 'KEY_AGREEMENT' });
  const { PublicKey } = await run('GetPublicKey', { KeyId });
  const other = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
  const { SharedSecret } = await run('DeriveSharedSecret', { KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey: other.publicKey.export({ type: 'spki', format: 'der' }) });
  const publicKey = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
  assert.deepEqual(SharedSecret, diffieHellman({ privateKey: other.privateKey, publicKey }));
  const wrong = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({ type: 'spki', format: 'der' });
  for (const bytes of [wrong, randomBytes(50)]) {
    await assert.rejects(run('DeriveSharedSecret', { KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey: bytes }), { code: 'ValidationException' });
  }
});
