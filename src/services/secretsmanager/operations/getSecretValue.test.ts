import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestSecrets } from '../testing/testSecrets.ts';
import { token } from '../testing/tokens.ts';

const other = { account: '111111111111', caller: { kind: 'root', account: '111111111111', arn: 'arn:aws:iam::111111111111:root', userId: '111111111111' } } as const;

test('getSecretValue finds by name, ARN and partial ARN, by version and by label', async () => {
  const { run } = createTestSecrets();
  const { ARN = '' } = await run('CreateSecret', { Name: 'a/b-c', ClientRequestToken: token(1), SecretBinary: Buffer.from('one') });
  await run('PutSecretValue', { SecretId: ARN, ClientRequestToken: token(2), SecretString: 'two' });
  for (const SecretId of ['a/b-c', ARN, ARN.slice(0, -7)]) assert.equal((await run('GetSecretValue', { SecretId })).SecretString, 'two');
  const old = await run('GetSecretValue', { SecretId: ARN, VersionId: token(1), VersionStage: 'AWSPREVIOUS' });
  assert.equal(Buffer.from(old.SecretBinary ?? []).toString(), 'one');
  await assert.rejects(run('GetSecretValue', { SecretId: ARN, VersionId: token(1), VersionStage: 'AWSCURRENT' }), {
    code: 'InvalidRequestException',
    message: 'You provided a VersionStage that is not associated to the provided VersionId.',
  });
  await assert.rejects(run('GetSecretValue', { SecretId: ARN, VersionId: token(9) }), { message: `Secrets Manager can't find the specified secret value for VersionId: ${token(9)}` });
  await assert.rejects(run('GetSecretValue', { SecretId: ARN, VersionStage: 'x' }), { message: "Secrets Manager can't find the specified secret value for staging label: x" });
  const wrong = ARN.slice(0, -1) + (ARN.endsWith('x') ? 'y' : 'x');
  for (const SecretId of [wrong, 'nope', ARN.replace('us-east-1', 'eu-west-1'), 'arn:aws:s3:::x']) {
    await assert.rejects(run('GetSecretValue', { SecretId }), { code: 'ResourceNotFoundException', message: "Secrets Manager can't find the specified secret." });
  }
});

test('getSecretValue notes the day of the reading', async () => {
  const { run, clock } = createTestSecrets();
  await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: 'x' });
  assert.equal((await run('DescribeSecret', { SecretId: 'a' })).LastAccessedDate, undefined);
  clock.advance(3_600_000);
  await run('GetSecretValue', { SecretId: 'a' });
  const dayStart = new Date(clock.now() - 3_600_000);
  assert.deepEqual((await run('DescribeSecret', { SecretId: 'a' })).LastAccessedDate, dayStart);
  assert.deepEqual((await run('ListSecretVersionIds', { SecretId: 'a' })).Versions?.[0]?.LastAccessedDate, dayStart);
});

test('getSecretValue gives another account nothing that the default key encrypts', async () => {
  const { run, encryption } = createTestSecrets();
  encryption.keys.add('key-1');
  const { ARN = '' } = await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: 'x' });
  const own = await run('CreateSecret', { Name: 'b', ClientRequestToken: token(1), SecretString: 'x', KmsKeyId: 'key-1' });
  await assert.rejects(run('GetSecretValue', { SecretId: ARN }, other), {
    code: 'InvalidRequestException',
    message: "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.",
  });
  assert.equal((await run('GetSecretValue', { SecretId: own.ARN }, other)).SecretString, 'x');
});

test('getSecretValue asks for permission on the ARN, with tags, policy and what was asked for', async () => {
  const { run, access } = createTestSecrets();
  const { ARN } = await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: 'x', Tags: [{ Key: 'team', Value: 'red' }] });
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 'secretsmanager:GetSecretValue', Resource: '*' }] });
  await run('PutResourcePolicy', { SecretId: 'a', ResourcePolicy: policy });
  assert.deepEqual(await access('GetSecretValue', { SecretId: 'a', VersionStage: 'AWSCURRENT' }), [
    {
      action: 'secretsmanager:GetSecretValue',
      resource: ARN,
      conditions: {
        'secretsmanager:SecretId': 'a',
        'secretsmanager:VersionStage': 'AWSCURRENT',
        'secretsmanager:ResourceTag/team': 'red',
        'aws:ResourceTag/team': 'red',
      },
      resourcePolicy: policy,
    },
  ]);
  assert.equal((await access('GetSecretValue', { SecretId: 'nope' }))[0]?.resource, 'nope');
});

test('batchGetSecretValue reads by a list or by filters, and tells what it may not or cannot', async () => {
  const { run, encryption } = createTestSecrets();
  encryption.keys.add('k');
  for (const Name of ['p/1', 'p/2', 'q/1']) await run('CreateSecret', { Name, ClientRequestToken: token(1), SecretString: Name, ...(Name === 'p/2' ? { KmsKeyId: 'k' } : {}) });
  encryption.denied.add('k');
  const listed = await run('BatchGetSecretValue', { SecretIdList: ['p/1', 'p/2', 'none'] });
  assert.deepEqual(listed.SecretValues?.map(({ SecretString }) => SecretString), ['p/1']);
  assert.deepEqual(listed.Errors?.map(({ SecretId, ErrorCode }) => [SecretId, ErrorCode]), [
    ['p/2', 'AccessDeniedException'],
    ['none', 'ResourceNotFoundException'],
  ]);
  encryption.denied.clear();
  const first = await run('BatchGetSecretValue', { Filters: [{ Key: 'name', Values: ['p/'] }], MaxResults: 1 });
  const second = await run('BatchGetSecretValue', { Filters: [{ Key: 'name', Values: ['p/'] }], MaxResults: 1, NextToken: first.NextToken });
  assert.deepEqual([first, second].flatMap(({ SecretValues = [] }) => SecretValues.map(({ Name }) => Name)), ['p/1', 'p/2']);
  await assert.rejects(run('BatchGetSecretValue', {}), { code: 'InvalidParameterException', message: "Either 'SecretIdList' or 'Filters' must be provided, but not both." });
  await assert.rejects(run('BatchGetSecretValue', { SecretIdList: ['p/1'], MaxResults: 1 }), { code: 'InvalidParameterException' });
});
