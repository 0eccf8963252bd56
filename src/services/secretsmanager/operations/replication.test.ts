import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestSecrets } from '../testing/testSecrets.ts';
import { token } from '../testing/tokens.ts';

const west = { region: 'eu-west-1' };

async function createReplicated() {
  const secrets = createTestSecrets();
  const created = await secrets.run('CreateSecret', { Name: 's', ClientRequestToken: token(1), SecretString: '1', AddReplicaRegions: [{ Region: 'eu-west-1' }], Tags: [{ Key: 'k', Value: 'v' }] });
  assert.deepEqual(created.ReplicationStatus, [{ Region: 'eu-west-1', KmsKeyId: 'alias/aws/secretsmanager', Status: 'InProgress' }]);
  await secrets.deliver();
  return { ...secrets, arn: created.ARN ?? '' };
}

test('replicateSecretToRegions keeps a copy under the same name that follows every change', async () => {
  const { run, deliver, arn } = await createReplicated();
  assert.equal((await run('DescribeSecret', { SecretId: 's' })).ReplicationStatus?.[0]?.Status, 'InSync');
  const copy = await run('DescribeSecret', { SecretId: 's' }, west);
  assert.deepEqual([copy.ARN, copy.PrimaryRegion, copy.Tags], [arn.replace('us-east-1', 'eu-west-1'), 'us-east-1', [{ Key: 'k', Value: 'v' }]]);
  await run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(2), SecretString: '2' });
  await run('UntagResource', { SecretId: 's', TagKeys: ['k'] });
  await deliver();
  assert.equal((await run('GetSecretValue', { SecretId: 's' }, west)).SecretString, '2');
  assert.equal((await run('GetSecretValue', { SecretId: 's', VersionStage: 'AWSPREVIOUS' }, west)).SecretString, '1');
  assert.deepEqual((await run('DescribeSecret', { SecretId: 's' }, west)).Tags, []);
  await run('ReplicateSecretToRegions', { SecretId: 's', AddReplicaRegions: [{ Region: 'eu-north-1' }] });
  await deliver();
  assert.equal((await run('GetSecretValue', { SecretId: 's' }, { region: 'eu-north-1' })).SecretString, '2');
});

test('replicateSecretToRegions refuses what it cannot do, and does not take a name that is in use', async () => {
  const { run, deliver } = await createReplicated();
  const add = (Region: string, more: object = {}) => run('ReplicateSecretToRegions', { SecretId: 's', AddReplicaRegions: [{ Region }], ...more });
  for (const region of ['us-east-1', 'eu-west-1']) await assert.rejects(add(region), { code: 'InvalidParameterException' });
  await run('CreateSecret', { Name: 's', ClientRequestToken: token(1), SecretString: 'mine' }, { region: 'us-west-2' });
  await add('us-west-2');
  await deliver();
  const status = async () => (await run('DescribeSecret', { SecretId: 's' })).ReplicationStatus?.find(({ Region }) => Region === 'us-west-2');
  assert.deepEqual([(await status())?.Status, (await status())?.StatusMessage], ['Failed', 'Replication failed: Secret name s already exists in region us-west-2.']);
  assert.equal((await run('GetSecretValue', { SecretId: 's' }, { region: 'us-west-2' })).SecretString, 'mine');
  await add('us-west-2', { ForceOverwriteReplicaSecret: true });
  await deliver();
  assert.equal((await status())?.Status, 'InSync');
  assert.equal((await run('GetSecretValue', { SecretId: 's' }, { region: 'us-west-2' })).SecretString, '1');
});

test('a copy whose key cannot be used fails, says why, and can be tried again', async () => {
  const { run, deliver, encryption } = await createReplicated();
  const add = () => run('ReplicateSecretToRegions', { SecretId: 's', AddReplicaRegions: [{ Region: 'eu-north-1', KmsKeyId: 'key-1' }] });
  await add();
  await deliver();
  const status = async () => (await run('DescribeSecret', { SecretId: 's' })).ReplicationStatus?.find(({ Region }) => Region === 'eu-north-1');
  assert.equal((await status())?.Status, 'Failed');
  assert.match((await status())?.StatusMessage ?? '', /^Replication failed: .*Key 'key-1' does not exist/);
  encryption.keys.add('key-1');
  await add();
  await deliver();
  assert.deepEqual(await status(), { Region: 'eu-north-1', KmsKeyId: 'key-1', Status: 'InSync' });
});

test('a copy is changed in the region of its primary only, and a primary with copies is not deleted', async () => {
  const { run } = await createReplicated();
  const refusal = { code: 'InvalidRequestException', message: "Operation not permitted on a replica secret. Call must be made in primary secret's region." };
  await assert.rejects(run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(2), SecretString: '2' }, west), refusal);
  await assert.rejects(run('DeleteSecret', { SecretId: 's' }, west), refusal);
  await assert.rejects(run('DeleteSecret', { SecretId: 's' }), { message: "You can't delete secret s that still has replica regions eu-west-1" });
});

test('removeRegionsFromReplication takes the copy away', async () => {
  const { run } = await createReplicated();
  assert.deepEqual((await run('RemoveRegionsFromReplication', { SecretId: 's', RemoveReplicaRegions: ['eu-west-1'] })).ReplicationStatus, []);
  await assert.rejects(run('DescribeSecret', { SecretId: 's' }, west), { code: 'ResourceNotFoundException' });
  await assert.rejects(run('RemoveRegionsFromReplication', { SecretId: 's', RemoveReplicaRegions: ['eu-west-1'] }), { code: 'InvalidParameterException' });
  await run('DeleteSecret', { SecretId: 's' });
});

test('stopReplicationToReplica makes a secret of its own of the copy', async () => {
  const { run, deliver, arn } = await createReplicated();
  await assert.rejects(run('StopReplicationToReplica', { SecretId: 's' }), { code: 'InvalidRequestException' });
  assert.equal((await run('StopReplicationToReplica', { SecretId: 's' }, west)).ARN, arn.replace('us-east-1', 'eu-west-1'));
  await run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(2), SecretString: 'here' }, west);
  await run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(3), SecretString: 'there' });
  await deliver();
  assert.equal((await run('GetSecretValue', { SecretId: 's' }, west)).SecretString, 'here');
  assert.equal((await run('DescribeSecret', { SecretId: 's' })).ReplicationStatus, undefined);
});
