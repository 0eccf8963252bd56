import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/Welcome.html

let client: SecretsManagerClient;
const scene = useServer({}, async ({ server }) => {
  client = new SecretsManagerClient(sdkConfig(server.endpoint));
});
after(() => client.destroy());

test('CreateSecret, GetSecretValue and PutSecretValue keep a secret and the one before it', async () => {
  const created = await client.send(new CreateSecretCommand({ Name: 'shop/db', SecretString: '{"password":"one"}', Description: 'the database' }));
  assert.match(created.ARN ?? '', /:secret:shop\/db-[A-Za-z0-9]{6}$/);
  const first = await client.send(new GetSecretValueCommand({ SecretId: 'shop/db' }));
  assert.equal(first.SecretString, '{"password":"one"}');
  assert.ok(first.CreatedDate instanceof Date);
  const put = await client.send(new PutSecretValueCommand({ SecretId: created.ARN ?? '', SecretBinary: Buffer.from([0, 255, 7]) }));
  assert.deepEqual(put.VersionStages, ['AWSCURRENT']);
  const second = await client.send(new GetSecretValueCommand({ SecretId: 'shop/db' }));
  assert.deepEqual([...(second.SecretBinary ?? [])], [0, 255, 7]);
  // An ARN without its last seven characters will do (user guide, "partial ARN").
  const partial = (created.ARN ?? '').slice(0, -7);
  const previous = await client.send(new GetSecretValueCommand({ SecretId: partial, VersionStage: 'AWSPREVIOUS' }));
  assert.equal(previous.VersionId, created.VersionId);
  const described = await client.send(new DescribeSecretCommand({ SecretId: 'shop/db' }));
  assert.equal(described.Description, 'the database');
  assert.deepEqual(described.VersionIdsToStages, { [created.VersionId ?? '']: ['AWSPREVIOUS'], [put.VersionId ?? '']: ['AWSCURRENT'] });
});

test('DeleteSecret keeps a secret for its recovery window, and RestoreSecret brings it back', async () => {
  await client.send(new CreateSecretCommand({ Name: 'old', SecretString: 'x' }));
  const deleted = await client.send(new DeleteSecretCommand({ SecretId: 'old', RecoveryWindowInDays: 7 }));
  assert.ok(deleted.DeletionDate);
  await expectRefusal(client.send(new GetSecretValueCommand({ SecretId: 'old' })), {
    name: 'InvalidRequestException',
    message: "You can't perform this operation on the secret because it was marked for deletion.",
  });
  await expectRefusal(client.send(new CreateSecretCommand({ Name: 'old', SecretString: 'x' })), {
    name: 'InvalidRequestException',
    message: "You can't create this secret because a secret with this name is already scheduled for deletion.",
  });
  const listed = async (IncludePlannedDeletion: boolean) =>
    (await client.send(new ListSecretsCommand({ IncludePlannedDeletion, Filters: [{ Key: 'name', Values: ['old'] }] }))).SecretList?.length;
  assert.deepEqual([await listed(false), await listed(true)], [0, 1]);
  await client.send(new RestoreSecretCommand({ SecretId: 'old' }));
  assert.equal((await client.send(new GetSecretValueCommand({ SecretId: 'old' }))).SecretString, 'x');
  await client.send(new DeleteSecretCommand({ SecretId: 'old', ForceDeleteWithoutRecovery: true }));
  await expectRefusal(client.send(new DescribeSecretCommand({ SecretId: 'old' })), {
    name: 'ResourceNotFoundException',
    status: 400,
    message: "Secrets Manager can't find the specified secret.",
  });
});

test('a secret is gone when its recovery window has passed by the clock of the product', async () => {
  await client.send(new CreateSecretCommand({ Name: 'passing', SecretString: 'x' }));
  await client.send(new DeleteSecretCommand({ SecretId: 'passing', RecoveryWindowInDays: 7 }));
  await scene().server.clock.advance(7 * 86_400_000);
  for (;;) {
    const name = await client.send(new DescribeSecretCommand({ SecretId: 'passing' })).then(
      () => undefined,
      (error: Error) => error.name,
    );
    if (name === 'ResourceNotFoundException') break;
    assert.equal(name, undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await client.send(new CreateSecretCommand({ Name: 'passing', SecretString: 'y' }));
});
