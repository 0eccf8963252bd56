import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestSecrets } from '../testing/testSecrets.ts';
import { token } from '../testing/tokens.ts';

const indexes = [2, 3, 4, 5, 6, 7, 8];

test('createSecret makes one secret of many requests for one name', async () => {
  const { run } = createTestSecrets();
  const outcomes = await Promise.allSettled(indexes.map((index) => run('CreateSecret', { Name: 'a', ClientRequestToken: token(index), SecretString: String(index) })));
  const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value.VersionId : []));
  assert.equal(made.length, 1);
  assert.equal((await run('GetSecretValue', { SecretId: 'a' })).VersionId, made[0]);
});

test('putSecretValue by many at once keeps every version, one current and one previous', async () => {
  const { run } = createTestSecrets();
  await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: '1' });
  await Promise.all(indexes.map((index) => run('PutSecretValue', { SecretId: 'a', ClientRequestToken: token(index), SecretString: String(index) })));
  const { Versions = [] } = await run('ListSecretVersionIds', { SecretId: 'a', IncludeDeprecated: true });
  assert.equal(Versions.length, indexes.length + 1);
  assert.deepEqual(Versions.flatMap(({ VersionStages = [] }) => VersionStages).sort(), ['AWSCURRENT', 'AWSPREVIOUS']);
});

test('putSecretValue against a deletion leaves either a version of the old secret or none, never one of another', async () => {
  const { run } = createTestSecrets();
  await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: 'old' });
  const recreate = async () => {
    await run('DeleteSecret', { SecretId: 'a', ForceDeleteWithoutRecovery: true });
    await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: 'new' });
  };
  await Promise.allSettled([recreate(), ...indexes.map((index) => run('PutSecretValue', { SecretId: 'a', ClientRequestToken: token(index), SecretString: String(index) }))]);
  const { Versions = [] } = await run('ListSecretVersionIds', { SecretId: 'a', IncludeDeprecated: true });
  for (const { VersionId } of Versions) await run('GetSecretValue', { SecretId: 'a', VersionId });
});

test('a secret whose texts would not fit into its row is refused as one that exceeds a limit', async () => {
  const { run } = createTestSecrets();
  const Tags = Array.from({ length: 50 }, (_, index) => ({ Key: `${index}${'本'.repeat(120)}`, Value: '本'.repeat(256) }));
  const regions = (count: number) => Array.from({ length: count }, (_, index) => ({ Region: `eu-west-${index}`, KmsKeyId: 'k'.repeat(2_048) }));
  await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: '1', Tags, AddReplicaRegions: regions(10) });
  await assert.rejects(run('CreateSecret', { Name: 'b', ClientRequestToken: token(1), SecretString: '1', Tags, AddReplicaRegions: regions(20) }), { code: 'LimitExceededException' });
});
