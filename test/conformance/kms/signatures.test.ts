// Asymmetric keys and MACs, checked by OpenSSL's command line where the machine has it.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { constants, createHash, createPublicKey, diffieHellman, generateKeyPairSync, publicEncrypt, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  CreateKeyCommand,
  DecryptCommand,
  DeriveSharedSecretCommand,
  EncryptCommand,
  GenerateMacCommand,
  GetPublicKeyCommand,
  SignCommand,
  VerifyCommand,
  VerifyMacCommand,
  type CreateKeyCommandInput,
} from '@aws-sdk/client-kms';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const Message = Buffer.from('what is signed');

async function createKey(input: CreateKeyCommandInput): Promise<string> {
  return (await scene().aws.kms.send(new CreateKeyCommand(input))).KeyMetadata?.KeyId ?? '';
}

async function publicKeyOf(KeyId: string): Promise<Buffer> {
  return Buffer.from((await scene().aws.kms.send(new GetPublicKeyCommand({ KeyId }))).PublicKey ?? []);
}

test('Sign and Verify', async () => {
  const { kms } = scene().aws;
  const KeyId = await createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  const publicKey = createPublicKey({ key: await publicKeyOf(KeyId), format: 'der', type: 'spki' });
  const digest = createHash('sha256').update(Message).digest();
  for (const input of [{ Message }, { Message: digest, MessageType: 'DIGEST' as const }]) {
    const { Signature = new Uint8Array() } = await kms.send(new SignCommand({ KeyId, SigningAlgorithm: 'ECDSA_SHA_256', ...input }));
    assert.ok(verify('sha256', Message, publicKey, Signature));
    assert.equal((await kms.send(new VerifyCommand({ KeyId, Message, Signature, SigningAlgorithm: 'ECDSA_SHA_256' }))).SignatureValid, true);
    await expectRefusal(kms.send(new VerifyCommand({ KeyId, Message: Buffer.from('else'), Signature, SigningAlgorithm: 'ECDSA_SHA_256' })), { name: 'KMSInvalidSignatureException', status: 400 });
  }
});

test('OpenSSL verifies what Sign made of a digest, with PSS', { skip: spawnSync('openssl', ['version']).status === 0 ? false : 'not run: there is no openssl' }, async () => {
  const KeyId = await createKey({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' });
  const digest = createHash('sha256').update(Message).digest();
  const { Signature } = await scene().aws.kms.send(new SignCommand({ KeyId, Message: digest, MessageType: 'DIGEST', SigningAlgorithm: 'RSASSA_PSS_SHA_256' }));
  const folder = mkdtempSync(join(tmpdir(), 'haneul-kms-'));
  try {
    writeFileSync(join(folder, 'key.der'), await publicKeyOf(KeyId));
    writeFileSync(join(folder, 'signature'), Signature ?? '');
    writeFileSync(join(folder, 'message'), Message);
    const args = ['dgst', '-sha256', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32', '-keyform', 'DER', '-verify', 'key.der', '-signature', 'signature', 'message'];
    const { stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
    assert.match(stdout, /Verified OK/, stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('GetPublicKey: what is encrypted with it outside, Decrypt opens', async () => {
  const { kms } = scene().aws;
  const KeyId = await createKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
  const key = createPublicKey({ key: await publicKeyOf(KeyId), format: 'der', type: 'spki' });
  const outside = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, Message);
  const inside = (await kms.send(new EncryptCommand({ KeyId, Plaintext: Message, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }))).CiphertextBlob;
  for (const CiphertextBlob of [outside, inside]) {
    const { Plaintext } = await kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }));
    assert.deepEqual(Buffer.from(Plaintext ?? []), Message);
  }
  await expectRefusal(kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.alloc(191), EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' })), {
    name: 'ValidationException',
    message: 'Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data larger than 190 bytes.',
  });
});

test('DeriveSharedSecret', async () => {
  const KeyId = await createKey({ KeySpec: 'ECC_NIST_P521', KeyUsage: 'KEY_AGREEMENT' });
  const other = generateKeyPairSync('ec', { namedCurve: 'secp521r1' });
  const PublicKey = other.publicKey.export({ type: 'spki', format: 'der' });
  const { SharedSecret } = await scene().aws.kms.send(new DeriveSharedSecretCommand({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey }));
  const publicKey = createPublicKey({ key: await publicKeyOf(KeyId), format: 'der', type: 'spki' });
  assert.deepEqual(Buffer.from(SharedSecret ?? []), diffieHellman({ privateKey: other.privateKey, publicKey }));
});

test('GenerateMac and VerifyMac', async () => {
  const { kms } = scene().aws;
  const KeyId = await createKey({ KeySpec: 'HMAC_384', KeyUsage: 'GENERATE_VERIFY_MAC' });
  const { Mac } = await kms.send(new GenerateMacCommand({ KeyId, Message, MacAlgorithm: 'HMAC_SHA_384' }));
  assert.equal((await kms.send(new VerifyMacCommand({ KeyId, Message, Mac, MacAlgorithm: 'HMAC_SHA_384' }))).MacValid, true);
  await expectRefusal(kms.send(new VerifyMacCommand({ KeyId, Message, Mac: Buffer.alloc(48), MacAlgorithm: 'HMAC_SHA_384' })), { name: 'KMSInvalidMacException', status: 400 });
});
