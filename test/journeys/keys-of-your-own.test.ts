// Data in a bucket, a secret and a parameter, all under one key: whoever may not use the key may not read the data, however much the
// services themselves allow, and without the key nobody does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreateGrantCommand, CreateKeyCommand, DescribeKeyCommand, DisableKeyCommand } from '@aws-sdk/client-kms';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { CreateAccessKeyCommand, CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { uniqueName } from '../support/functions.ts';
import { sdkClients, sdkConfig, type SdkCredentials } from '../support/sdkClients.ts';
import { expectRefusal } from '../support/serviceError.ts';
import { useServer } from '../support/useServer.ts';

const scene = useServer();

async function createReader(): Promise<{ readonly arn: string; readonly credentials: SdkCredentials }> {
  const { iam } = scene().aws;
  const UserName = uniqueName('reader');
  const { User } = await iam.send(new CreateUserCommand({ UserName }));
  const Statement = [{ Effect: 'Allow', Action: ['s3:*', 'secretsmanager:*', 'ssm:*'], Resource: '*' }];
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'services', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }) }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { arn: User?.Arn ?? '', credentials: { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' } };
}

function clientsOf(credentials?: SdkCredentials) {
  const { endpoint } = scene().server;
  const config = sdkConfig(endpoint, credentials);
  const all = { ...sdkClients(endpoint, credentials), secrets: new SecretsManagerClient(config), ssm: new SSMClient(config) };
  return { ...all, destroy: () => [all.s3, all.kms, all.iam, all.sts, all.lambda, all.logs, all.secrets, all.ssm].forEach((client) => client.destroy()) };
}

test('a key of your own decides who reads what it protects', async () => {
  const admin = clientsOf();
  const { KeyMetadata } = await admin.kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.Arn ?? '';
  const [Bucket, Name] = [uniqueName('bucket').toLowerCase(), uniqueName('name')];
  await admin.s3.send(new CreateBucketCommand({ Bucket }));
  await admin.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'in the bucket', ServerSideEncryption: 'aws:kms', SSEKMSKeyId: KeyId }));
  await admin.secrets.send(new CreateSecretCommand({ Name, SecretString: 'in the secret', KmsKeyId: KeyId }));
  await admin.ssm.send(new PutParameterCommand({ Name, Value: 'in the parameter', Type: 'SecureString', KeyId }));

  const reader = await createReader();
  const user = clientsOf(reader.credentials);
  const reads = {
    bucket: async () => await (await user.s3.send(new GetObjectCommand({ Bucket, Key: 'k' }))).Body?.transformToString(),
    secret: async () => (await user.secrets.send(new GetSecretValueCommand({ SecretId: Name }))).SecretString,
    parameter: async () => (await user.ssm.send(new GetParameterCommand({ Name, WithDecryption: true }))).Parameter?.Value,
  };
  for (const read of Object.values(reads)) await expectRefusal(read(), { name: /^AccessDenied/ });
  // A grant on the key is enough: the services see the data key only in the reader's name.
  await admin.kms.send(new CreateGrantCommand({ KeyId, GranteePrincipal: reader.arn, Operations: ['Decrypt'] }));
  const seen = [await reads.bucket(), await reads.secret(), await reads.parameter()];
  assert.deepEqual(seen, ['in the bucket', 'in the secret', 'in the parameter']);
  await admin.kms.send(new DisableKeyCommand({ KeyId }));
  await assert.rejects(reads.bucket());
  await assert.rejects(reads.secret());
  await assert.rejects(reads.parameter());
  user.destroy();
  admin.destroy();
});

test('without a key of your own, the services use the ones that AWS manages, which need no permission', async () => {
  const admin = clientsOf();
  const reader = await createReader();
  const user = clientsOf(reader.credentials);
  const Name = uniqueName('name');
  await user.secrets.send(new CreateSecretCommand({ Name, SecretString: 'quiet' }));
  await user.ssm.send(new PutParameterCommand({ Name, Value: 'quiet', Type: 'SecureString' }));
  assert.equal((await user.secrets.send(new GetSecretValueCommand({ SecretId: Name }))).SecretString, 'quiet');
  assert.equal((await user.ssm.send(new GetParameterCommand({ Name, WithDecryption: true }))).Parameter?.Value, 'quiet');
  for (const service of ['secretsmanager', 'ssm']) {
    const { KeyMetadata } = await admin.kms.send(new DescribeKeyCommand({ KeyId: `alias/aws/${service}` }));
    assert.equal(KeyMetadata?.KeyManager, 'AWS');
  }
  await expectRefusal(user.kms.send(new DescribeKeyCommand({ KeyId: 'alias/aws/ssm' })), { name: 'AccessDeniedException' });
  user.destroy();
  admin.destroy();
});
