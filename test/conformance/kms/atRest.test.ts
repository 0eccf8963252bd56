// What is on disk, in the log and in errors: no key, no plaintext. And the key of all keys, which the operator may keep.

import assert from 'node:assert/strict';
import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CreateKeyCommand, DecryptCommand, EncryptCommand, GenerateDataKeyCommand, GenerateDataKeyPairCommand, GetParametersForImportCommand, ImportKeyMaterialCommand } from '@aws-sdk/client-kms';
import { createLogger } from '../../../src/base/log.ts';
import { defaultOptions } from '../../../src/server/options.ts';
import { startServer, type RunningServer } from '../../../src/server/startServer.ts';
import { sdkClients } from '../../support/sdkClients.ts';

const folder = mkdtempSync(join(tmpdir(), 'haneul-kms-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const lines: string[] = [];
const log = createLogger((record) => lines.push(JSON.stringify(record)), 'debug');
const start = (dataFolder: string, sealKeyFile?: string): Promise<RunningServer> =>
  startServer({ ...defaultOptions, port: 0, offline: true, dataFolder: join(folder, dataFolder), sealKeyFile: sealKeyFile === undefined ? undefined : join(folder, sealKeyFile), log });

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true })
    .map((name) => join(path, String(name)))
    .filter((file) => statSync(file).isFile());
}

test('neither the data folder nor the log holds key material or plaintext, and errors do not tell it', async () => {
  const server = await start('data');
  const { kms, destroy } = sdkClients(server.endpoint);
  const secrets: Buffer[] = [];
  const hide = (bytes: Uint8Array | undefined): Buffer => {
    assert.ok(bytes && bytes.length > 0);
    secrets.push(Buffer.from(bytes));
    return Buffer.from(bytes);
  };
  try {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Origin: 'EXTERNAL' }));
    const KeyId = KeyMetadata?.KeyId;
    const { PublicKey, ImportToken } = await kms.send(new GetParametersForImportCommand({ KeyId, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' }));
    const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
    const EncryptedKeyMaterial = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, hide(randomBytes(32)));
    await kms.send(new ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }));
    const Plaintext = hide(Buffer.from('a plaintext that nobody may find'));
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
    const dataKey = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
    hide(dataKey.Plaintext);
    const pair = await kms.send(new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec: 'ECC_NIST_P256' }));
    hide(hide(pair.PrivateKeyPlaintext).subarray(36, 68));
    const refusal = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: { a: 'b' } })).catch((error: unknown) => error as Error);
    lines.push(String(refusal), JSON.stringify(refusal));
  } finally {
    destroy();
    await server.stop();
  }
  assert.ok(lines.length > 5);
  const files = filesBelow(join(folder, 'data'));
  assert.ok(files.some((file) => file.endsWith('.mdb')), files.join(' '));
  for (const secret of secrets) {
    for (const form of [secret, Buffer.from(secret.toString('hex')), Buffer.from(secret.toString('base64'))]) {
      for (const file of files) assert.equal(readFileSync(file).includes(form), false, file);
      assert.equal(lines.some((line) => Buffer.from(line).includes(form)), false, 'the log');
    }
  }
});

test('with a seal key of the operator nothing that opens the data lies beside it, and only that key does', async () => {
  writeFileSync(join(folder, 'right'), randomBytes(32));
  writeFileSync(join(folder, 'wrong'), `${randomBytes(32).toString('base64')}\n`);
  writeFileSync(join(folder, 'short'), 'too short');
  const first = await start('sealed', 'right');
  const one = sdkClients(first.endpoint);
  const { KeyMetadata } = await one.kms.send(new CreateKeyCommand({}));
  const { CiphertextBlob } = await one.kms.send(new EncryptCommand({ KeyId: KeyMetadata?.KeyId, Plaintext: Buffer.from('x') }));
  one.destroy();
  await first.stop();
  assert.equal(existsSync(join(folder, 'sealed', 'seal.key')), false);
  await assert.rejects(start('sealed', 'wrong'), { name: 'UserFacingError', message: /is not the one that .* was encrypted with/ });
  await assert.rejects(start('sealed', 'short'), { name: 'UserFacingError', message: /is not 32 bytes/ });
  await assert.rejects(start('sealed', 'absent'), { name: 'UserFacingError', message: /cannot be read \(ENOENT\)/ });
  await assert.rejects(start('sealed'), { name: 'UserFacingError', message: /was encrypted with a key that is not kept there/ });
  await assert.rejects(start('data', 'right'), { name: 'UserFacingError', message: /seal\.key, not with that in/ });
  const second = await start('sealed', 'right');
  const two = sdkClients(second.endpoint);
  assert.deepEqual(Buffer.from((await two.kms.send(new DecryptCommand({ CiphertextBlob }))).Plaintext ?? []), Buffer.from('x'));
  two.destroy();
  await second.stop();
});
