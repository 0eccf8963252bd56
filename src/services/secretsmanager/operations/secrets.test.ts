import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestSecrets } from '../testing/testSecrets.ts';
import type { TestSecrets } from '../testing/testSecrets.ts';
import { token } from '../testing/tokens.ts';

const dayMs = 86_400_000;

test('updateSecret changes description, key and value, and encrypts what is labelled again', async () => {
  const { run, encryption } = createTestSecrets();
  encryption.keys.add('key-1');
  await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: '1', Description: 'd' });
  await run('UpdateSecret', { SecretId: 'a', ClientRequestToken: token(2), SecretString: '2' });
  const updated = await run('UpdateSecret', { SecretId: 'a', ClientRequestToken: token(3), Description: 'e', KmsKeyId: 'key-1' });
  assert.equal('VersionId' in updated, false);
  const described = await run('DescribeSecret', { SecretId: 'a' });
  assert.deepEqual([described.Description, described.KmsKeyId], ['e', 'key-1']);
  encryption.denied.add('alias/aws/secretsmanager');
  assert.equal((await run('GetSecretValue', { SecretId: 'a' })).SecretString, '2');
  assert.equal((await run('GetSecretValue', { SecretId: 'a', VersionStage: 'AWSPREVIOUS' })).SecretString, '1');
  assert.deepEqual((await run('ListSecretVersionIds', { SecretId: 'a' })).Versions?.map(({ KmsKeyIds }) => KmsKeyIds), [['key-1'], ['key-1']]);
  await assert.rejects(run('UpdateSecret', { SecretId: 'a', ClientRequestToken: token(2), SecretString: 'other' }), { code: 'ResourceExistsException' });
  await assert.rejects(run('UpdateSecret', { SecretId: 'b', ClientRequestToken: token(2), SecretString: 'other' }), { code: 'ResourceNotFoundException' });
  await assert.rejects(run('UpdateSecret', { SecretId: 'a', KmsKeyId: 'none' }), { code: 'EncryptionFailure' });
});

test('deleteSecret waits for its window by the clock; restoreSecret calls it back', async () => {
  const { run, advance, clock } = createTestSecrets();
  await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: '1' });
  const deleted = await run('DeleteSecret', { SecretId: 'a', RecoveryWindowInDays: 7 });
  assert.equal(deleted.DeletionDate?.getTime(), clock.now() + 7 * dayMs);
  assert.deepEqual((await run('DescribeSecret', { SecretId: 'a' })).DeletedDate, deleted.DeletionDate);
  const refusal = { code: 'InvalidRequestException', message: "You can't perform this operation on the secret because it was marked for deletion." };
  await assert.rejects(run('GetSecretValue', { SecretId: 'a' }), refusal);
  await assert.rejects(run('PutSecretValue', { SecretId: 'a', ClientRequestToken: token(2), SecretString: '2' }), refusal);
  await assert.rejects(run('TagResource', { SecretId: 'a', Tags: [{ Key: 'k', Value: 'v' }] }), refusal);
  await assert.rejects(run('DeleteSecret', { SecretId: 'a' }), refusal);
  await advance(6 * dayMs);
  await run('RestoreSecret', { SecretId: 'a' });
  await advance(30 * dayMs);
  assert.equal((await run('GetSecretValue', { SecretId: 'a' })).SecretString, '1');
  await run('DeleteSecret', { SecretId: 'a' });
  await advance(30 * dayMs - 1);
  await assert.rejects(run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: '1' }), { code: 'InvalidRequestException' });
  await advance(1);
  await assert.rejects(run('DescribeSecret', { SecretId: 'a' }), { code: 'ResourceNotFoundException' });
  await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: 'new' });
});

test('deleteSecret by force leaves nothing, and is no error for what is not there', async () => {
  const { run } = createTestSecrets();
  const { ARN } = await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: '1' });
  await run('DeleteSecret', { SecretId: 'a', RecoveryWindowInDays: 30 });
  assert.equal((await run('DeleteSecret', { SecretId: 'a', ForceDeleteWithoutRecovery: true })).ARN, ARN);
  assert.equal((await run('DeleteSecret', { SecretId: 'a', ForceDeleteWithoutRecovery: true })).Name, 'a');
  await assert.rejects(run('DeleteSecret', { SecretId: 'a' }), { code: 'ResourceNotFoundException' });
  const again = await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: '2' });
  assert.notEqual(again.ARN, ARN);
  await assert.rejects(run('DeleteSecret', { SecretId: 'a', ForceDeleteWithoutRecovery: true, RecoveryWindowInDays: 7 }), {
    message: "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
  });
  for (const RecoveryWindowInDays of [6, 31]) {
    await assert.rejects(run('DeleteSecret', { SecretId: 'a', RecoveryWindowInDays }), { code: 'InvalidParameterException', message: 'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).' });
  }
});

async function createMany({ run, clock }: TestSecrets) {
  for (const [Name, Description] of [['b/1', 'Orders database'], ['a/1', 'queue'], ['c/1', 'old']] as const) {
    clock.advance(1_000);
    await run('CreateSecret', { Name, Description, ClientRequestToken: token(1), SecretString: 'x', Tags: [{ Key: 'env', Value: Name === 'a/1' ? 'prod' : 'test' }] });
  }
  await run('DeleteSecret', { SecretId: 'c/1' });
}

test('listSecrets sorts, pages and leaves out what is marked for deletion unless asked', async () => {
  const secrets = createTestSecrets();
  await createMany(secrets);
  const names = async (input: Parameters<typeof secrets.run<'ListSecrets'>>[1]) => {
    const found: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await secrets.run('ListSecrets', { ...input, NextToken });
      found.push(...(page.SecretList ?? []).map(({ Name = '' }) => Name));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return found.join();
  };
  assert.equal(await names({}), 'b/1,a/1');
  assert.equal(await names({ IncludePlannedDeletion: true, MaxResults: 1, SortOrder: 'desc' }), 'c/1,a/1,b/1');
  assert.equal(await names({ SortBy: 'name', MaxResults: 1 }), 'a/1,b/1');
  await secrets.run('GetSecretValue', { SecretId: 'a/1' });
  assert.equal(await names({ SortBy: 'last-accessed-date' }), 'b/1,a/1');
  await secrets.run('UpdateSecret', { SecretId: 'b/1', Description: 'Orders database' });
  secrets.clock.advance(1);
  await secrets.run('UpdateSecret', { SecretId: 'a/1', Description: 'queue' });
  assert.equal(await names({ SortBy: 'last-changed-date', SortOrder: 'desc' }), 'a/1,b/1');
  await assert.rejects(secrets.run('ListSecrets', { NextToken: 'x' }), { code: 'InvalidNextTokenException' });
});

test('listSecrets filters by name, description, tags and anything, and excludes what begins with an exclamation mark', async () => {
  const secrets = createTestSecrets();
  await createMany(secrets);
  const find = async (...Filters: { Key: 'name' | 'description' | 'tag-key' | 'tag-value' | 'all' | 'owning-service' | 'primary-region'; Values: string[] }[]) =>
    (await secrets.run('ListSecrets', { Filters, SortBy: 'name' })).SecretList?.map(({ Name }) => Name);
  assert.deepEqual(await find({ Key: 'name', Values: ['a/'] }), ['a/1']);
  assert.deepEqual(await find({ Key: 'name', Values: ['A/'] }), []);
  assert.deepEqual(await find({ Key: 'name', Values: ['!a/'] }), ['b/1']);
  assert.deepEqual(await find({ Key: 'description', Values: ['orders', 'QUEUE'] }), ['a/1', 'b/1']);
  assert.deepEqual(await find({ Key: 'tag-key', Values: ['en'] }, { Key: 'tag-value', Values: ['prod'] }), ['a/1']);
  assert.deepEqual(await find({ Key: 'all', Values: ['Database'] }), ['b/1']);
  assert.deepEqual(await find({ Key: 'owning-service', Values: ['rds'] }), []);
});

test('tagResource and untagResource keep tags, and the memory of having had some', async () => {
  const { run } = createTestSecrets();
  await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1) });
  const tags = async () => (await run('DescribeSecret', { SecretId: 'a' })).Tags;
  assert.equal(await tags(), undefined);
  await run('TagResource', { SecretId: 'a', Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] });
  await run('TagResource', { SecretId: 'a', Tags: [{ Key: 'a', Value: '3' }] });
  assert.deepEqual(await tags(), [{ Key: 'a', Value: '3' }, { Key: 'b', Value: '2' }]);
  await run('UntagResource', { SecretId: 'a', TagKeys: ['a', 'b', 'c'] });
  assert.deepEqual(await tags(), []);
  await assert.rejects(run('TagResource', { SecretId: 'a', Tags: [{ Key: 'aws:x', Value: '1' }] }), { code: 'InvalidParameterException' });
  const many = Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: '' }));
  await assert.rejects(run('TagResource', { SecretId: 'a', Tags: many }), { code: 'LimitExceededException' });
});

test('putResourcePolicy checks a policy, getResourcePolicy and deleteResourcePolicy keep it, validateResourcePolicy only looks', async () => {
  const { run } = createTestSecrets();
  await run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: 'x' });
  const policy = (Principal: unknown) => JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action: 'secretsmanager:GetSecretValue', Resource: '*' }] });
  await assert.rejects(run('PutResourcePolicy', { SecretId: 'a', ResourcePolicy: '{"a":' }), { code: 'MalformedPolicyDocumentException', message: 'This resource policy contains a syntax error.' });
  await assert.rejects(run('PutResourcePolicy', { SecretId: 'a', ResourcePolicy: policy({ AWS: '*' }), BlockPublicPolicy: true }), { code: 'PublicPolicyException' });
  const document = policy({ AWS: '111111111111' });
  await run('PutResourcePolicy', { SecretId: 'a', ResourcePolicy: document, BlockPublicPolicy: true });
  assert.equal((await run('GetResourcePolicy', { SecretId: 'a' })).ResourcePolicy, document);
  await run('DeleteResourcePolicy', { SecretId: 'a' });
  assert.equal('ResourcePolicy' in (await run('GetResourcePolicy', { SecretId: 'a' })), false);
  const validate = async (ResourcePolicy: string) => {
    const { PolicyValidationPassed, ValidationErrors } = await run('ValidateResourcePolicy', { ResourcePolicy });
    return [PolicyValidationPassed, ...(ValidationErrors ?? []).map(({ CheckName }) => CheckName)];
  };
  assert.deepEqual([await validate(document), await validate('x'), await validate(policy('*'))], [[true], [false, 'Syntax'], [false, 'PublicPolicy']]);
});

test('getRandomPassword keeps to the types it is told, and has one of each', async () => {
  const { run } = createTestSecrets();
  const make = async (input: Parameters<typeof run<'GetRandomPassword'>>[1]) => (await run('GetRandomPassword', input)).RandomPassword ?? '';
  const plain = await make({});
  assert.equal(plain.length, 32);
  for (const type of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/]) assert.match(plain, type);
  assert.match(await make({ PasswordLength: 4_096, ExcludePunctuation: true, ExcludeNumbers: true, ExcludeCharacters: 'abcXYZ' }), /^[d-zA-W]{4096}$/);
  assert.match(await make({ ExcludePunctuation: true, ExcludeLowercase: true, ExcludeUppercase: true, IncludeSpace: true }), /^(?=.* )[0-9 ]{32}$/);
  await assert.rejects(make({ PasswordLength: 3 }), { code: 'InvalidParameterException', message: 'Password length is too short based on the required types.' });
  assert.equal((await make({ PasswordLength: 1, RequireEachIncludedType: false })).length, 1);
  const nothing = { ExcludePunctuation: true, ExcludeLowercase: true, ExcludeUppercase: true, ExcludeNumbers: true };
  await assert.rejects(make(nothing), { code: 'InvalidParameterException' });
  assert.notEqual(await make({}), plain);
});
