// Secrets and SecureStrings under keys of their owner: who may not use the key may not read, whatever else they may.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CreateAliasCommand, CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import { CreateSecretCommand, DescribeSecretCommand, GetSecretValueCommand, PutResourcePolicyCommand, SecretsManagerClient, UpdateSecretCommand } from '@aws-sdk/client-secrets-manager';
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

test('another account reads a secret when the policies of the secret and of its key both let it', async () => {
  const key = await createKey();
  const { ARN = '' } = await secrets.send(new CreateSecretCommand({ Name: 'shared', SecretString: 'x', KmsKeyId: key.arn }));
  // A key of twelve digits is the root user of that account.
  const other = new SecretsManagerClient(sdkConfig(scene().server.endpoint, { accessKeyId: '111111111111', secretAccessKey: 'test' }));
  const read = () => other.send(new GetSecretValueCommand({ SecretId: ARN }));
  const allow = (principal: string, action: string) => ({ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${principal}:root` }, Action: action, Resource: '*' });
  const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
  try {
    await expectRefusal(read(), { name: 'AccessDeniedException', message: /no resource-based policy allows the secretsmanager:GetSecretValue action/ });
    await secrets.send(new PutResourcePolicyCommand({ SecretId: ARN, ResourcePolicy: document(allow('111111111111', 'secretsmanager:GetSecretValue')) }));
    await expectRefusal(read(), { name: 'AccessDeniedException', message: 'Access to KMS is not allowed' });
    await kms.send(new PutKeyPolicyCommand({ KeyId: key.id, PolicyName: 'default', Policy: document(allow('000000000000', 'kms:*'), allow('111111111111', 'kms:Decrypt')) }));
    assert.equal((await read()).SecretString, 'x');
  } finally {
    other.destroy();
  }
});

test('a secret is not read while its key is disabled, and moves to another key with UpdateSecret', async () => {
  const key = await createKey();
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/secrets', TargetKeyId: key.id }));
  await secrets.send(new CreateSecretCommand({ Name: 'moving', SecretString: 'x', KmsKeyId: 'alias/secrets' }));
  await kms.send(new DisableKeyCommand({ KeyId: key.id }));
  await expectRefusal(secrets.send(new GetSecretValueCommand({ SecretId: 'moving' })), { name: 'DecryptionFailure', status: 400 });
  await expectRefusal(secrets.send(new CreateSecretCommand({ Name: 'no', SecretString: 'x', KmsKeyId: key.id })), { name: 'EncryptionFailure', status: 400 });
  await kms.send(new EnableKeyCommand({ KeyId: key.id }));
  const other = await createKey();
  await secrets.send(new UpdateSecretCommand({ SecretId: 'moving', KmsKeyId: other.arn }));
  await kms.send(new DisableKeyCommand({ KeyId: key.id }));
  assert.equal((await secrets.send(new GetSecretValueCommand({ SecretId: 'moving' }))).SecretString, 'x');
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
  await kms.send(new DisableKeyCommand({ KeyId: key.id }));
  await expectRefusal(ssm.send(new GetParameterCommand({ Name: 'keyed', WithDecryption: true })), { name: 'InvalidKeyId', status: 400 });
  await expectRefusal(ssm.send(new PutParameterCommand({ Name: 'none', Value: 'x', Type: 'SecureString', KeyId: 'alias/none' })), { name: 'InvalidKeyId', status: 400 });
});
