import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aliasesPerKey } from '../limits.ts';
import { createTestKms } from '../testKms.ts';

test('createAlias, updateAlias and deleteAlias move a name between keys', async () => {
  const { run, createKey } = createTestKms();
  const [one, two] = [await createKey(), await createKey()];
  await run('CreateAlias', { AliasName: 'alias/app', TargetKeyId: one.id });
  const { CiphertextBlob } = await run('Encrypt', { KeyId: 'alias/app', Plaintext: Buffer.from('x') });
  await assert.rejects(run('CreateAlias', { AliasName: 'alias/app', TargetKeyId: two.id }), {
    code: 'AlreadyExistsException',
    message: 'An alias with the name arn:aws:kms:us-east-1:000000000000:alias/app already exists',
  });
  await run('UpdateAlias', { AliasName: 'alias/app', TargetKeyId: two.id });
  assert.equal((await run('DescribeKey', { KeyId: 'arn:aws:kms:us-east-1:000000000000:alias/app' })).KeyMetadata?.KeyId, two.id);
  assert.equal((await run('Decrypt', { CiphertextBlob })).KeyId, one.arn);
  assert.deepEqual((await run('ListAliases', { KeyId: one.id })).Aliases, []);
  assert.deepEqual((await run('ListAliases', {})).Aliases?.map(({ AliasName, TargetKeyId }) => [AliasName, TargetKeyId]), [['alias/app', two.id]]);
  await run('DeleteAlias', { AliasName: 'alias/app' });
  await assert.rejects(run('DescribeKey', { KeyId: 'alias/app' }), { code: 'NotFoundException', message: 'Alias arn:aws:kms:us-east-1:000000000000:alias/app is not found.' });
});

test('createAlias refuses reserved and misspelt names, and too many', async () => {
  const { run, createKey } = createTestKms();
  const { id: TargetKeyId } = await createKey();
  await assert.rejects(run('CreateAlias', { AliasName: 'app', TargetKeyId }), { code: 'ValidationException', message: /^Alias must start with the prefix "alias\/"\./ });
  await assert.rejects(run('CreateAlias', { AliasName: 'alias/aws/app', TargetKeyId }), { code: 'NotAuthorizedException' });
  for (let count = 0; count < aliasesPerKey; count += 1) await run('CreateAlias', { AliasName: `alias/a${count}`, TargetKeyId });
  await assert.rejects(run('CreateAlias', { AliasName: 'alias/more', TargetKeyId }), { code: 'LimitExceededException' });
});

test('updateAlias keeps to keys of the same kind', async () => {
  const { run, createKey } = createTestKms();
  const [one, mac] = [await createKey(), await createKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })];
  await run('CreateAlias', { AliasName: 'alias/app', TargetKeyId: one.id });
  await assert.rejects(run('UpdateAlias', { AliasName: 'alias/app', TargetKeyId: mac.id }), { code: 'ValidationException' });
});
