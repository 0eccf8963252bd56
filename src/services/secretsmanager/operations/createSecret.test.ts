import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestSecrets } from '../testing/testSecrets.ts';
import { token } from '../testing/tokens.ts';


test('createSecret makes a first version that is current, under an ARN with six characters of its own', async () => {
  const { run } = createTestSecrets();
  const created = await run('CreateSecret', { Name: 'prod/db', ClientRequestToken: token(1), SecretString: 'hunter2', Description: 'd' });
  assert.match(created.ARN ?? '', /^arn:aws:secretsmanager:us-east-1:000000000000:secret:prod\/db-[A-Za-z0-9]{6}$/);
  assert.deepEqual(created, { ARN: created.ARN, Name: 'prod/db', VersionId: token(1) });
  const read = await run('GetSecretValue', { SecretId: 'prod/db' });
  assert.deepEqual([read.SecretString, read.VersionId, read.VersionStages], ['hunter2', token(1), ['AWSCURRENT']]);
});

test('createSecret without a value makes no version', async () => {
  const { run } = createTestSecrets();
  const created = await run('CreateSecret', { Name: 'empty', ClientRequestToken: token(1) });
  assert.equal('VersionId' in created, false);
  await assert.rejects(run('GetSecretValue', { SecretId: 'empty' }), {
    code: 'ResourceNotFoundException',
    message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
  });
  const put = await run('PutSecretValue', { SecretId: 'empty', ClientRequestToken: token(2), SecretString: 's', VersionStages: ['LATER'] });
  assert.deepEqual(put.VersionStages, ['AWSCURRENT', 'LATER']);
});

test('createSecret answers a repetition as the first time, and refuses another value under its token', async () => {
  const { run } = createTestSecrets();
  const first = await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: 'x' });
  assert.deepEqual(await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: 'x' }), first);
  await assert.rejects(run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: 'y' }), {
    code: 'ResourceExistsException',
    message: `You can't use ClientRequestToken ${token(1)} because that value is already in use for a version of secret ${first.ARN}.`,
  });
  await assert.rejects(run('CreateSecret', { Name: 'a', ClientRequestToken: token(2), SecretString: 'x' }), {
    code: 'ResourceExistsException',
    message: 'The operation failed because the secret a already exists.',
  });
});

test('createSecret refuses what no SDK sends, bad names, two values and what is too long in bytes', async () => {
  const { run } = createTestSecrets();
  await assert.rejects(run('CreateSecret', { Name: 'a', SecretString: 'x' }), {
    code: 'InvalidRequestException',
    message: 'You must provide a ClientRequestToken value. We recommend a UUID-type value.',
  });
  const input = { ClientRequestToken: token(1) };
  await assert.rejects(run('CreateSecret', { ...input, Name: 'a b' }), {
    code: 'ValidationException',
    message: 'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
  });
  await assert.rejects(run('CreateSecret', { ...input, Name: 'a', SecretString: 's', SecretBinary: Buffer.from('b') }), { code: 'InvalidParameterException' });
  await assert.rejects(run('CreateSecret', { ...input, Name: 'a', SecretString: 'é'.repeat(32_769) }), { code: 'ValidationException' });
  await run('CreateSecret', { ...input, Name: 'a', SecretString: 'é'.repeat(32_768) });
  await assert.rejects(run('CreateSecret', { ...input, Name: 'b', Type: 'SalesforceClientSecret' } as never), { code: 'InvalidParameterException' });
});

test('createSecret uses the key it is told to, in the context of secret and version, and passes on what KMS refuses in its own words', async () => {
  const { run, encryption } = createTestSecrets();
  encryption.keys.add('key-1');
  const { ARN } = await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: 'x', KmsKeyId: 'key-1' });
  const [use] = encryption.uses;
  assert.deepEqual([use?.use, use?.keyId, use?.context], ['data-key', 'key-1', { SecretARN: ARN, SecretVersionId: token(1) }]);
  await assert.rejects(run('CreateSecret', { Name: 'b', ClientRequestToken: token(1), SecretString: 'x', KmsKeyId: 'none' }), { code: 'EncryptionFailure' });
  encryption.denied.add('key-1');
  await assert.rejects(run('GetSecretValue', { SecretId: 'a' }), { code: 'AccessDeniedException', message: 'Access to KMS is not allowed' });
});

test('createSecret asks for permission on the name, and for tagging', async () => {
  const { access } = createTestSecrets();
  const asked = await access('CreateSecret', { Name: 'a', Tags: [{ Key: 'k', Value: 'v' }], Description: 'd' });
  assert.deepEqual(
    asked.map(({ action }) => action),
    ['secretsmanager:CreateSecret', 'secretsmanager:TagResource'],
  );
  assert.match(asked[0]?.resource ?? '', /:secret:a-\w{6}$/);
  assert.deepEqual(asked[0]?.conditions, { 'secretsmanager:Name': 'a', 'secretsmanager:Description': 'd' });
});
