// Secrets and SecureStrings under keys of their owner: who may not use the key may not read, whatever else they may.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateSecretCommand, DescribeSecretCommand, GetSecretValueCommand, SecretsManagerClient, UpdateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { DescribeParametersCommand, GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { createLimitedUser, type Statement } from '../../support/limitedUser.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

let kms: KMSClient;
let secrets: SecretsManagerClient;
let ssm: SSMClient;
const scene = useServer({}, async ({ server }) => {
  const config = sdkConfig(server.endpoint);
  kms = new KMSClient(config);
  secrets = new SecretsManagerClient(config);
  ssm = new SSMClient(config);
});
after(() => [kms, secrets, ssm].forEach((client) => client.destroy()));

async function createKey(): Promise<{ id: string; arn: string }> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  return { id: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' };
}

async function withUser(statements: readonly Statement[], work: (secrets: SecretsManagerClient, ssm: SSMClient) => Promise<void>): Promise<void> {
  const user = await createLimitedUser(scene(), statements);
  const config = sdkConfig(scene().server.endpoint, await user.clients.iam.config.credentials());
  const clients = [new SecretsManagerClient(config), new SSMClient(config)] as const;
  await work(...clients).finally(() => clients.forEach((client) => client.destroy()));
}

const readAll: Statement = { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue', 'ssm:GetParameter'], Resource: '*' };

test('a secret under a key of the account is read by who may also decrypt with that key', async () => {
  const key = await createKey();
  await secrets.send(new CreateSecretCommand({ Name: 'keyed', SecretString: 'x', KmsKeyId: key.id }));
  await secrets.send(new CreateSecretCommand({ Name: 'plain', SecretString: 'y' }));
  assert.equal((await secrets.send(new DescribeSecretCommand({ SecretId: 'keyed' }))).KmsKeyId, key.id);
  await withUser([readAll], async (limited) => {
    // The key that AWS manages lets everybody of the account use it through the service.
    assert.equal((await limited.send(new GetSecretValueCommand({ SecretId: 'plain' }))).SecretString, 'y');
    await expectRefusal(limited.send(new GetSecretValueCommand({ SecretId: 'keyed' })), { name: 'AccessDeniedException', message: 'Access to KMS is not allowed' });
  });
  const viaService = { StringEquals: { 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com' } };
  await withUser([readAll, { Effect: 'Allow', Action: 'kms:Decrypt', Resource: key.arn, Condition: viaService }], async (limited) => {
    assert.equal((await limited.send(new GetSecretValueCommand({ SecretId: 'keyed' }))).SecretString, 'x');
  });
});

test('a secret moves to another key with UpdateSecret, and to none that is not there', async () => {
  const key = await createKey();
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/secrets', TargetKeyId: key.id }));
  await secrets.send(new CreateSecretCommand({ Name: 'moving', SecretString: 'x', KmsKeyId: 'alias/secrets' }));
  const other = await createKey();
  await secrets.send(new UpdateSecretCommand({ SecretId: 'moving', KmsKeyId: other.arn }));
  assert.equal((await secrets.send(new GetSecretValueCommand({ SecretId: 'moving' }))).SecretString, 'x');
  await expectRefusal(secrets.send(new UpdateSecretCommand({ SecretId: 'moving', KmsKeyId: 'alias/none' })), { name: 'EncryptionFailure', status: 400 });
});

test('a SecureString under a key of the account is read by who may also decrypt with that key', async () => {
  const key = await createKey();
  await ssm.send(new PutParameterCommand({ Name: 'keyed', Value: 'x', Type: 'SecureString', KeyId: key.id }));
  await ssm.send(new PutParameterCommand({ Name: 'long', Value: 'x'.repeat(5_000), Type: 'SecureString', KeyId: key.id, Tier: 'Advanced' }));
  const described = await ssm.send(new DescribeParametersCommand({ ParameterFilters: [{ Key: 'KeyId', Values: [key.id] }] }));
  assert.deepEqual(described.Parameters?.map(({ Name, KeyId }) => [Name, KeyId]), [['keyed', key.id], ['long', key.id]]);
  await withUser([readAll], async (_secrets, limited) => {
    // Without decryption the ciphertext is told, and no key is used.
    await limited.send(new GetParameterCommand({ Name: 'keyed' }));
    await expectRefusal(limited.send(new GetParameterCommand({ Name: 'keyed', WithDecryption: true })), { name: 'AccessDeniedException', message: /kms:Decrypt/ });
  });
  for (const Name of ['keyed', 'long']) await ssm.send(new GetParameterCommand({ Name, WithDecryption: true }));
  await expectRefusal(ssm.send(new PutParameterCommand({ Name: 'none', Value: 'x', Type: 'SecureString', KeyId: 'alias/none' })), { name: 'InvalidKeyId', status: 400 });
});
