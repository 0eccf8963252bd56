// The operations around a secret's value: versions, tags, policies, lists, copies in other regions.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html

import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteResourcePolicyCommand,
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  paginateListSecrets,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  RemoveRegionsFromReplicationCommand,
  ReplicateSecretToRegionsCommand,
  SecretsManagerClient,
  StopReplicationToReplicaCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
  ValidateResourcePolicyCommand,
} from '@aws-sdk/client-secrets-manager';
import { createLimitedUser, type Statement } from '../../support/limitedUser.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

let client: SecretsManagerClient;
let west: SecretsManagerClient;
const scene = useServer({}, async ({ server }) => {
  client = new SecretsManagerClient(sdkConfig(server.endpoint));
  west = new SecretsManagerClient(sdkConfig(server.endpoint, undefined, 'eu-west-1'));
});
after(() => {
  client.destroy();
  west.destroy();
});

const create = (Name: string, more: object = {}) => client.send(new CreateSecretCommand({ Name, SecretString: `value of ${Name}`, ...more }));

async function withUser<T>(statements: readonly Statement[], work: (limited: SecretsManagerClient, arn: string) => Promise<T>): Promise<T> {
  const user = await createLimitedUser(scene(), statements);
  const limited = new SecretsManagerClient(sdkConfig(scene().server.endpoint, await user.clients.iam.config.credentials()));
  try {
    return await work(limited, user.arn);
  } finally {
    limited.destroy();
  }
}

suite('parse and constraints', () => {
  test('a value that is too long is refused without being shown', async () => {
    const error = await expectRefusal(create('long', { SecretString: 'x'.repeat(65_537) }), { name: 'ValidationException', status: 400 });
    assert.match(error.message, /'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536/);
    assert.doesNotMatch(error.message, /xxx/);
  });

  test('a name with other characters is refused', async () => {
    await expectRefusal(create('a b'), {
      name: 'ValidationException',
      message: 'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
    });
  });
});

suite('authorisation', () => {
  test('policies name secrets by ARN, and a missing secret is not told from a forbidden one', async () => {
    await create('auth/open');
    await create('auth/closed');
    const statements: Statement[] = [{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: 'arn:aws:secretsmanager:*:*:secret:auth/open-??????' }];
    await withUser(statements, async (limited) => {
      assert.equal((await limited.send(new GetSecretValueCommand({ SecretId: 'auth/open' }))).SecretString, 'value of auth/open');
      for (const SecretId of ['auth/closed', 'auth/none']) {
        await expectRefusal(limited.send(new GetSecretValueCommand({ SecretId })), {
          name: 'AccessDeniedException',
          status: 400,
          message: /is not authorized to perform: secretsmanager:GetSecretValue on resource: \S*auth\/(?:closed-\w{6}|none) because no identity-based policy allows the secretsmanager:GetSecretValue action/,
        });
      }
    });
  });

  test('tags of a secret and of a request decide', async () => {
    await create('tags/red', { Tags: [{ Key: 'team', Value: 'red' }] });
    await create('tags/blue', { Tags: [{ Key: 'team', Value: 'blue' }] });
    const statements: Statement[] = [
      { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: '*', Condition: { StringEquals: { 'secretsmanager:ResourceTag/team': 'red' } } },
      { Effect: 'Allow', Action: 'secretsmanager:TagResource', Resource: '*', Condition: { StringEquals: { 'aws:RequestTag/team': 'red' } } },
      { Effect: 'Allow', Action: 'secretsmanager:CreateSecret', Resource: '*', Condition: { StringLike: { 'secretsmanager:Name': 'tags/*' } } },
    ];
    await withUser(statements, async (limited) => {
      await limited.send(new GetSecretValueCommand({ SecretId: 'tags/red' }));
      await expectRefusal(limited.send(new GetSecretValueCommand({ SecretId: 'tags/blue' })), { name: 'AccessDeniedException' });
      const tag = (Value: string) => limited.send(new TagResourceCommand({ SecretId: 'tags/blue', Tags: [{ Key: 'team', Value }] }));
      await expectRefusal(tag('green'), { name: 'AccessDeniedException' });
      await tag('red');
      await limited.send(new GetSecretValueCommand({ SecretId: 'tags/blue' }));
      await limited.send(new CreateSecretCommand({ Name: 'tags/new', SecretString: 'x' }));
      await expectRefusal(limited.send(new CreateSecretCommand({ Name: 'other/new', SecretString: 'x' })), { name: 'AccessDeniedException' });
    });
  });

  test('PutResourcePolicy lets a user in whose own policies say nothing, and keeps another out; DeleteResourcePolicy ends it', async () => {
    await create('policy/a');
    await withUser([], async (limited, arn) => {
      const policy = (Effect: string) => JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect, Principal: { AWS: arn }, Action: 'secretsmanager:GetSecretValue', Resource: '*' }] });
      await expectRefusal(limited.send(new GetSecretValueCommand({ SecretId: 'policy/a' })), { name: 'AccessDeniedException' });
      await client.send(new PutResourcePolicyCommand({ SecretId: 'policy/a', ResourcePolicy: policy('Allow'), BlockPublicPolicy: true }));
      assert.equal((await client.send(new GetResourcePolicyCommand({ SecretId: 'policy/a' }))).ResourcePolicy, policy('Allow'));
      await limited.send(new GetSecretValueCommand({ SecretId: 'policy/a' }));
      await client.send(new DeleteResourcePolicyCommand({ SecretId: 'policy/a' }));
      await expectRefusal(limited.send(new GetSecretValueCommand({ SecretId: 'policy/a' })), { name: 'AccessDeniedException' });
    });
    await withUser([{ Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' }], async (limited, arn) => {
      const ResourcePolicy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Principal: { AWS: arn }, Action: '*', Resource: '*' }] });
      await client.send(new PutResourcePolicyCommand({ SecretId: 'policy/a', ResourcePolicy }));
      await expectRefusal(limited.send(new GetSecretValueCommand({ SecretId: 'policy/a' })), { name: 'AccessDeniedException', message: /with an explicit deny in a resource-based policy/ });
    });
  });
});

suite('behaviour', () => {
  test('UpdateSecret, UpdateSecretVersionStage and ListSecretVersionIds keep track of versions', async () => {
    const { VersionId: one = '' } = await create('versions');
    const { VersionId: two = '' } = await client.send(new UpdateSecretCommand({ SecretId: 'versions', SecretString: '2', Description: 'd' }));
    await client.send(new UpdateSecretVersionStageCommand({ SecretId: 'versions', VersionStage: 'AWSCURRENT', RemoveFromVersionId: two, MoveToVersionId: one }));
    const { Versions } = await client.send(new ListSecretVersionIdsCommand({ SecretId: 'versions' }));
    const labels = new Map(Versions?.map(({ VersionId = '', VersionStages }) => [VersionId, VersionStages]));
    assert.deepEqual([labels.get(one), labels.get(two)], [['AWSCURRENT'], ['AWSPREVIOUS']]);
    await expectRefusal(client.send(new PutSecretValueCommand({ SecretId: 'versions', ClientRequestToken: one, SecretString: 'other' })), {
      name: 'ResourceExistsException',
      message: new RegExp(`^You can't use ClientRequestToken ${one} because that value is already in use for a version of secret arn:aws:secretsmanager:`),
    });
  });

  test('BatchGetSecretValue and ListSecrets find by filters', async () => {
    for (const name of ['batch/1', 'batch/2', 'batch/3']) await create(name, { Description: `Number ${name.at(-1)}` });
    const batch = await client.send(new BatchGetSecretValueCommand({ SecretIdList: ['batch/1', 'batch/none'] }));
    assert.deepEqual([batch.SecretValues?.map(({ Name }) => Name), batch.Errors?.map(({ ErrorCode }) => ErrorCode)], [['batch/1'], ['ResourceNotFoundException']]);
    const seen: string[] = [];
    const input = { Filters: [{ Key: 'name' as const, Values: ['batch/'] }], MaxResults: 2, SortOrder: 'desc' as const };
    for await (const page of paginateListSecrets({ client }, input)) seen.push(...(page.SecretList ?? []).map(({ Name = '' }) => Name));
    assert.deepEqual(seen, ['batch/3', 'batch/2', 'batch/1']);
    const described = await client.send(new ListSecretsCommand({ Filters: [{ Key: 'description', Values: ['number 2'] }] }));
    assert.deepEqual(described.SecretList?.map(({ Name }) => Name), ['batch/2']);
  });

  test('TagResource and UntagResource change what DescribeSecret tells', async () => {
    await create('tagged');
    await client.send(new TagResourceCommand({ SecretId: 'tagged', Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] }));
    await client.send(new UntagResourceCommand({ SecretId: 'tagged', TagKeys: ['a'] }));
    assert.deepEqual((await client.send(new DescribeSecretCommand({ SecretId: 'tagged' }))).Tags, [{ Key: 'b', Value: '2' }]);
  });

  test('GetRandomPassword and ValidateResourcePolicy need no secret', async () => {
    const { RandomPassword = '' } = await client.send(new GetRandomPasswordCommand({ PasswordLength: 20, ExcludePunctuation: true }));
    assert.match(RandomPassword, /^[A-Za-z0-9]{20}$/);
    const { PolicyValidationPassed } = await client.send(new ValidateResourcePolicyCommand({ ResourcePolicy: '{"Version":"2012-10-17"}' }));
    assert.equal(PolicyValidationPassed, false);
  });

  test('ReplicateSecretToRegions, StopReplicationToReplica and RemoveRegionsFromReplication make, free and remove copies', async () => {
    await create('copied', { AddReplicaRegions: [{ Region: 'eu-west-1' }] });
    const inSync = async () => {
      for (;;) {
        const { ReplicationStatus = [] } = await client.send(new DescribeSecretCommand({ SecretId: 'copied' }));
        if (ReplicationStatus.every(({ Status }) => Status === 'InSync')) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await inSync();
    assert.equal((await west.send(new GetSecretValueCommand({ SecretId: 'copied' }))).SecretString, 'value of copied');
    await expectRefusal(west.send(new PutSecretValueCommand({ SecretId: 'copied', SecretString: 'x' })), { name: 'InvalidRequestException' });
    await west.send(new StopReplicationToReplicaCommand({ SecretId: 'copied' }));
    await west.send(new PutSecretValueCommand({ SecretId: 'copied', SecretString: 'own' }));
    await client.send(new ReplicateSecretToRegionsCommand({ SecretId: 'copied', AddReplicaRegions: [{ Region: 'eu-north-1' }] }));
    await inSync();
    const { ReplicationStatus } = await client.send(new RemoveRegionsFromReplicationCommand({ SecretId: 'copied', RemoveReplicaRegions: ['eu-north-1'] }));
    assert.deepEqual(ReplicationStatus, []);
    assert.equal((await west.send(new GetSecretValueCommand({ SecretId: 'copied' }))).SecretString, 'own');
  });
});
