import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestSecrets } from '../testing/testSecrets.ts';
import { token } from '../testing/tokens.ts';

async function createWithSecret() {
  const secrets = createTestSecrets();
  const { ARN = '' } = await secrets.run('CreateSecret', { Name: 's', ClientRequestToken: token(1), SecretString: '1' });
  return { ...secrets, ARN };
}

test('putSecretValue makes the new version current and the old one previous, and moves labels of its own', async () => {
  const { run } = await createWithSecret();
  await run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(2), SecretString: '2', VersionStages: ['two', 'one', 'AWSPENDING'] });
  const put = await run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(3), SecretString: '3', VersionStages: ['AWSCURRENT', 'one'] });
  assert.deepEqual(put.VersionStages, ['AWSCURRENT', 'one']);
  assert.deepEqual((await run('DescribeSecret', { SecretId: 's' })).VersionIdsToStages, {
    [token(1)]: ['AWSPREVIOUS'],
    [token(2)]: ['AWSPENDING', 'two'],
    [token(3)]: ['AWSCURRENT', 'one'],
  });
});

test('putSecretValue answers a repetition and refuses another value under its token', async () => {
  const { run, ARN } = await createWithSecret();
  const again = await run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(1), SecretString: '1', VersionStages: ['other'] });
  assert.deepEqual(again.VersionStages, ['AWSCURRENT']);
  await assert.rejects(run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(1), SecretBinary: Buffer.from('1') }), {
    code: 'ResourceExistsException',
    message: `You can't use ClientRequestToken ${token(1)} because that value is already in use for a version of secret ${ARN}.`,
  });
  await assert.rejects(run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(2) }), { code: 'InvalidParameterException' });
  await assert.rejects(run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(2), SecretString: '2', RotationToken: token(9) }), { code: 'InvalidParameterException' });
});

test('putSecretValue keeps a hundred versions: old ones without a label go, young ones never', async () => {
  const { run, advance } = await createWithSecret();
  const put = (index: number) => run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(index), SecretString: String(index) });
  for (let index = 2; index <= 100; index++) await put(index);
  await assert.rejects(put(101), { code: 'LimitExceededException' });
  await advance(86_400_000);
  await put(101);
  const listed = await run('ListSecretVersionIds', { SecretId: 's', IncludeDeprecated: true });
  assert.equal(listed.Versions?.length, 100);
  assert.equal(listed.Versions?.some(({ VersionId }) => VersionId === token(1)), false);
});

test('putSecretValue refuses more than twenty labels', async () => {
  const { run } = await createWithSecret();
  const labels = Array.from({ length: 19 }, (_, index) => `l${index}`);
  await run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(2), SecretString: '2', VersionStages: labels });
  await assert.rejects(run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(3), SecretString: '3', VersionStages: ['more'] }), { code: 'LimitExceededException' });
});

test('updateSecretVersionStage moves AWSCURRENT back, with AWSPREVIOUS behind it', async () => {
  const { run } = await createWithSecret();
  await run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(2), SecretString: '2' });
  await run('UpdateSecretVersionStage', { SecretId: 's', VersionStage: 'AWSCURRENT', RemoveFromVersionId: token(2), MoveToVersionId: token(1) });
  assert.deepEqual((await run('DescribeSecret', { SecretId: 's' })).VersionIdsToStages, { [token(1)]: ['AWSCURRENT'], [token(2)]: ['AWSPREVIOUS'] });
});

test('updateSecretVersionStage says which version holds a label, and never leaves a secret without a current one', async () => {
  const { run } = await createWithSecret();
  await run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(2), SecretString: '2', VersionStages: ['next'] });
  const move = (more: object) => run('UpdateSecretVersionStage', { SecretId: 's', VersionStage: 'AWSCURRENT', ...more });
  const held = `Staging label AWSCURRENT is currently attached to version ${token(1)}, so you must explicitly reference that version in RemoveFromVersionId.`;
  await assert.rejects(move({ MoveToVersionId: token(2) }), { code: 'InvalidParameterException', message: `The parameter RemoveFromVersionId can't be empty. ${held}` });
  await assert.rejects(move({ MoveToVersionId: token(2), RemoveFromVersionId: token(2) }), { code: 'InvalidParameterException', message: held });
  await assert.rejects(move({ RemoveFromVersionId: token(1) }), { code: 'InvalidParameterException' });
  await assert.rejects(move({}), { code: 'InvalidParameterException' });
  await assert.rejects(move({ RemoveFromVersionId: token(1), MoveToVersionId: token(7) }), {
    code: 'ResourceNotFoundException',
    message: `Secrets Manager can't find the specified secret value for VersionId: ${token(7)}`,
  });
  await run('UpdateSecretVersionStage', { SecretId: 's', VersionStage: 'next', RemoveFromVersionId: token(2) });
  assert.equal((await run('ListSecretVersionIds', { SecretId: 's' })).Versions?.length, 1);
});

test('listSecretVersionIds pages, and tells deprecated versions when asked to', async () => {
  const { run, clock } = await createWithSecret();
  for (let index = 2; index <= 4; index++) {
    clock.advance(1);
    await run('PutSecretValue', { SecretId: 's', ClientRequestToken: token(index), SecretString: String(index) });
  }
  const labelled = await run('ListSecretVersionIds', { SecretId: 's' });
  assert.deepEqual(labelled.Versions?.map(({ VersionId, VersionStages, KmsKeyIds }) => [VersionId, VersionStages, KmsKeyIds]), [
    [token(3), ['AWSPREVIOUS'], ['DefaultEncryptionKey']],
    [token(4), ['AWSCURRENT'], ['DefaultEncryptionKey']],
  ]);
  const first = await run('ListSecretVersionIds', { SecretId: 's', IncludeDeprecated: true, MaxResults: 3 });
  const second = await run('ListSecretVersionIds', { SecretId: 's', IncludeDeprecated: true, MaxResults: 3, NextToken: first.NextToken });
  assert.deepEqual([first, second].map(({ Versions }) => Versions?.map(({ VersionId }) => VersionId)), [[token(1), token(2), token(3)], [token(4)]]);
  assert.equal(second.NextToken, undefined);
  await assert.rejects(run('ListSecretVersionIds', { SecretId: 's', NextToken: 'x' }), { code: 'InvalidNextTokenException' });
});
