// KMS from the command line, as its own documentation shows it: files in and out, base64 by the CLI.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { findAwsCli, pointAt, type AwsCli } from '../support/awsCli.ts';
import { startTestServer, type TestServer } from '../support/testServer.ts';

type Json = Record<string, string>;

const program = await findAwsCli('v2');
const missing = 'missing' in program ? program.missing : undefined;

suite('AWS CLI: kms', { skip: missing ?? false, concurrency: 1 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-kms-cli-'));
  let server: TestServer | undefined;
  let aws: AwsCli | undefined;
  before(async () => {
    if ('missing' in program) return;
    server = await startTestServer();
    aws = pointAt(program, { endpoint: server.endpoint });
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server?.stop();
  });
  const kms = async (...args: string[]): Promise<Json> => {
    assert.ok(aws, 'the server did not start');
    return (await aws.json(['kms', ...args])) as Json;
  };
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content);
    return `fileb://${join(folder, name)}`;
  };

  test('encrypt and decrypt under an alias', async () => {
    const { KeyMetadata } = (await kms('create-key', '--description', 'for the walk')) as unknown as { KeyMetadata: Json };
    await kms('create-alias', '--alias-name', 'alias/walk', '--target-key-id', String(KeyMetadata['KeyId']));
    const context = ['--encryption-context', 'purpose=walk'];
    const sealed = await kms('encrypt', '--key-id', 'alias/walk', '--plaintext', file('plain', '하늘'), ...context);
    const blob = file('blob', Buffer.from(String(sealed['CiphertextBlob']), 'base64'));
    const opened = await kms('decrypt', '--ciphertext-blob', blob, ...context);
    assert.equal(Buffer.from(String(opened['Plaintext']), 'base64').toString('utf8'), '하늘');
    assert.equal(opened['KeyId'], KeyMetadata['Arn']);
    const refused = await aws?.run(['kms', 'decrypt', '--ciphertext-blob', blob]);
    assert.match(refused?.stderr ?? '', /\(InvalidCiphertextException\) when calling the Decrypt operation/);
  });

  test('a signature that OpenSSL verifies', async () => {
    const { KeyMetadata } = (await kms('create-key', '--key-spec', 'ECC_NIST_P256', '--key-usage', 'SIGN_VERIFY')) as unknown as { KeyMetadata: Json };
    const keyId = String(KeyMetadata['KeyId']);
    const signed = await kms('sign', '--key-id', keyId, '--message', file('message', 'sign this'), '--signing-algorithm', 'ECDSA_SHA_256');
    const { PublicKey } = await kms('get-public-key', '--key-id', keyId);
    file('signature', Buffer.from(String(signed['Signature']), 'base64'));
    file('key.der', Buffer.from(String(PublicKey), 'base64'));
    const checked = spawnSync('openssl', ['dgst', '-sha256', '-keyform', 'DER', '-verify', 'key.der', '-signature', 'signature', 'message'], { cwd: folder, encoding: 'utf8' });
    if (checked.error === undefined) assert.match(checked.stdout, /Verified OK/, checked.stderr);
  });

  test('scheduling a deletion, and taking it back', async () => {
    const { KeyMetadata } = (await kms('create-key')) as unknown as { KeyMetadata: Json };
    const keyId = String(KeyMetadata['KeyId']);
    assert.equal((await kms('schedule-key-deletion', '--key-id', keyId, '--pending-window-in-days', '7'))['KeyState'], 'PendingDeletion');
    const refused = await aws?.run(['kms', 'encrypt', '--key-id', keyId, '--plaintext', file('plain', 'x')]);
    assert.match(refused?.stderr ?? '', /\(KMSInvalidStateException\) when calling the Encrypt operation: arn:aws:kms:us-east-1:000000000000:key\/[0-9a-f-]+ is pending deletion\./);
    assert.equal((await kms('cancel-key-deletion', '--key-id', keyId))['KeyId'], KeyMetadata['Arn']);
  });
});
