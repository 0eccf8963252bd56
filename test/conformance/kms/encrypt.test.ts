// Keys, aliases, encryption and data keys.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateRandomCommand,
  ListAliasesCommand,
  paginateListKeys,
  ReEncryptCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { uniqueName } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();

async function createKey(): Promise<{ id: string; arn: string }> {
  const { KeyMetadata } = await scene().aws.kms.send(new CreateKeyCommand({}));
  return { id: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' };
}

test('CreateKey, DescribeKey and ListKeys', async () => {
  const { kms } = scene().aws;
  const { id, arn } = await createKey();
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: arn }));
  assert.deepEqual([KeyMetadata?.KeyId, KeyMetadata?.KeyManager, KeyMetadata?.Origin, KeyMetadata?.AWSAccountId], [id, 'CUSTOMER', 'AWS_KMS', '000000000000']);
  const listed: (string | undefined)[] = [];
  for await (const page of paginateListKeys({ client: kms, pageSize: 1 }, {})) listed.push(...(page.Keys ?? []).map(({ KeyArn }) => KeyArn));
  assert.ok(listed.includes(arn));
  const KeyId = '11111111-2222-4333-8444-555555555555';
  await expectRefusal(kms.send(new DescribeKeyCommand({ KeyId })), {
    name: 'NotFoundException',
    status: 400,
    message: `Key 'arn:aws:kms:us-east-1:000000000000:key/${KeyId}' does not exist`,
  });
});

test('Encrypt, Decrypt and ReEncrypt', async () => {
  const { kms } = scene().aws;
  const [one, two] = [await createKey(), await createKey()];
  const Plaintext = Buffer.alloc(4_096, 'x');
  const EncryptionContext = { tenant: 'blue' };
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: one.id, Plaintext, EncryptionContext }));
  assert.deepEqual(Buffer.from((await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }))).Plaintext ?? []), Plaintext);
  await expectRefusal(kms.send(new DecryptCommand({ CiphertextBlob })), { name: 'InvalidCiphertextException', status: 400 });
  await expectRefusal(kms.send(new EncryptCommand({ KeyId: one.id, Plaintext: Buffer.alloc(4_097) })), {
    name: 'ValidationException',
    message: "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
  });
  const moved = await kms.send(new ReEncryptCommand({ CiphertextBlob, SourceEncryptionContext: EncryptionContext, DestinationKeyId: two.arn }));
  assert.equal((await kms.send(new DecryptCommand({ CiphertextBlob: moved.CiphertextBlob }))).KeyId, two.arn);
});

test('CreateAlias, UpdateAlias, ListAliases and DeleteAlias', async () => {
  const { kms } = scene().aws;
  const [one, two] = [await createKey(), await createKey()];
  const AliasName = `alias/${uniqueName('name')}`;
  await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: one.id }));
  await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId: two.id }));
  const { Aliases } = await kms.send(new ListAliasesCommand({ KeyId: two.id }));
  assert.deepEqual(Aliases?.map((alias) => [alias.AliasName, alias.AliasArn]), [[AliasName, `arn:aws:kms:us-east-1:000000000000:${AliasName}`]]);
  await kms.send(new DeleteAliasCommand({ AliasName }));
  await expectRefusal(kms.send(new DescribeKeyCommand({ KeyId: AliasName })), { name: 'NotFoundException', message: /^Alias arn:.* is not found\.$/ });
});

test('GenerateDataKey, GenerateDataKeyPair, both without plaintext, and GenerateRandom', async () => {
  const { kms } = scene().aws;
  const { id: KeyId } = await createKey();
  const made = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
  assert.deepEqual((await kms.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob }))).Plaintext, made.Plaintext);
  assert.ok((await kms.send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId, NumberOfBytes: 24 }))).CiphertextBlob);
  const pair = await kms.send(new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec: 'ECC_NIST_P256' }));
  assert.deepEqual((await kms.send(new DecryptCommand({ CiphertextBlob: pair.PrivateKeyCiphertextBlob }))).Plaintext, pair.PrivateKeyPlaintext);
  assert.ok((await kms.send(new GenerateDataKeyPairWithoutPlaintextCommand({ KeyId, KeyPairSpec: 'ECC_SECG_P256K1' }))).PublicKey);
  assert.equal((await kms.send(new GenerateRandomCommand({ NumberOfBytes: 12 }))).Plaintext?.length, 12);
});

test("a user may use a key as its own policies say, because the key's default policy leaves it to the account", async () => {
  const { id, arn } = await createKey();
  const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'kms:Encrypt', Resource: arn }]);
  const { CiphertextBlob } = await user.clients.kms.send(new EncryptCommand({ KeyId: id, Plaintext: Buffer.from('x') }));
  await expectRefusal(user.clients.kms.send(new DecryptCommand({ CiphertextBlob })), {
    name: 'AccessDeniedException',
    status: 400,
    message: `User: ${user.arn} is not authorized to perform: kms:Decrypt on resource: ${arn} because no identity-based policy allows the kms:Decrypt action`,
  });
  user.clients.destroy();
});
