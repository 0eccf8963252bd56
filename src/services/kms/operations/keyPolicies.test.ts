import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestKms, testUser } from '../testKms.ts';

const text = Buffer.from('x');
const policyOf = (...statements: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const forRoot = { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'kms:*', Resource: '*' };
const all = [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }];

test('getKeyPolicy answers the default, which leaves everything to the account', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey();
  const { Policy = '', PolicyName } = await run('GetKeyPolicy', { KeyId: id });
  assert.equal(PolicyName, 'default');
  assert.deepEqual(JSON.parse(Policy).Statement, [{ Sid: 'Enable IAM User Permissions', ...forRoot }]);
  assert.deepEqual((await run('ListKeyPolicies', { KeyId: id })).PolicyNames, ['default']);
  await assert.rejects(run('GetKeyPolicy', { KeyId: id, PolicyName: 'other' }), { code: 'NotFoundException' });
  await run('Encrypt', { KeyId: id, Plaintext: text }, { user: testUser('ann', all) });
});

test('putKeyPolicy decides alone: without the account in it, policies of users do not count', async () => {
  const { run, createKey } = createTestKms();
  const { id, arn } = await createKey();
  const admin = { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:user/admin' }, Action: 'kms:*', Resource: '*' };
  await run('PutKeyPolicy', { KeyId: id, Policy: policyOf(admin), BypassPolicyLockoutSafetyCheck: true });
  await assert.rejects(run('Encrypt', { KeyId: id, Plaintext: text }, { user: testUser('ann', all) }), {
    message: `User: arn:aws:iam::000000000000:user/ann is not authorized to perform: kms:Encrypt on resource: ${arn} because no resource-based policy allows the kms:Encrypt action`,
  });
  await run('Encrypt', { KeyId: id, Plaintext: text }, { user: testUser('admin') });
});

test('putKeyPolicy lets other accounts in, who need permission at home as well', async () => {
  const { run, createKey } = createTestKms();
  const { id, arn } = await createKey();
  const stranger = { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'kms:Encrypt', Resource: '*' };
  await run('PutKeyPolicy', { KeyId: id, Policy: policyOf(forRoot, stranger) });
  await run('Encrypt', { KeyId: arn, Plaintext: text }, { user: testUser('eve', all, '111122223333') });
  await assert.rejects(run('Encrypt', { KeyId: arn, Plaintext: text }, { user: testUser('eve', [], '111122223333') }), { code: 'AccessDeniedException' });
  await assert.rejects(run('Encrypt', { KeyId: arn, Plaintext: text }, { user: testUser('eve', all, '444455556666') }), { code: 'AccessDeniedException' });
});

test('putKeyPolicy refuses documents that are none, and those that would lock out', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey();
  for (const Policy of ['{}', 'x', policyOf({ Effect: 'Allow', Action: 'kms:*', Resource: '*' }), policyOf({ ...forRoot, Principal: { AWS: 'nobody' } })]) {
    await assert.rejects(run('PutKeyPolicy', { KeyId: id, Policy }), { code: 'MalformedPolicyDocumentException' }, Policy);
  }
  await assert.rejects(run('PutKeyPolicy', { KeyId: id, Policy: policyOf({ ...forRoot, Action: 'kms:Encrypt' }) }), {
    message: 'The new key policy will not allow you to update the key policy in the future.',
  });
});
