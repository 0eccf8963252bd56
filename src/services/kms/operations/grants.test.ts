import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestKms, testUser } from '../testKms.ts';

const text = Buffer.from('x');
const ann = testUser('ann');
const annArn = 'arn:aws:iam::000000000000:user/ann';

test('createGrant lets its grantee do what it names, until revokeGrant', async () => {
  const { run, createKey } = createTestKms();
  const { id, arn } = await createKey();
  await assert.rejects(run('Encrypt', { KeyId: id, Plaintext: text }, { user: ann }), { code: 'AccessDeniedException' });
  const { GrantId, GrantToken } = await run('CreateGrant', { KeyId: id, GranteePrincipal: annArn, Operations: ['Encrypt'], Name: 'g' });
  const { CiphertextBlob } = await run('Encrypt', { KeyId: id, Plaintext: text, GrantTokens: [GrantToken ?? ''] }, { user: ann });
  await assert.rejects(run('Decrypt', { CiphertextBlob }, { user: ann }), { code: 'AccessDeniedException' });
  const denied = testUser('ann', [{ Effect: 'Deny', Action: 'kms:*', Resource: '*' }]);
  await assert.rejects(run('Encrypt', { KeyId: id, Plaintext: text }, { user: denied }), { message: /with an explicit deny in an identity-based policy/ });
  assert.equal((await run('CreateGrant', { KeyId: id, GranteePrincipal: annArn, Operations: ['Encrypt'], Name: 'g' })).GrantId, GrantId);
  const { Grants } = await run('ListGrants', { KeyId: id });
  assert.deepEqual(Grants?.map((grant) => [grant.KeyId, grant.GranteePrincipal, grant.Operations]), [[arn, annArn, ['Encrypt']]]);
  await run('RevokeGrant', { KeyId: id, GrantId });
  await assert.rejects(run('Encrypt', { KeyId: id, Plaintext: text }, { user: ann }), { code: 'AccessDeniedException' });
  await assert.rejects(run('RevokeGrant', { KeyId: id, GrantId }), { code: 'NotFoundException' });
});

test('createGrant with constraints holds for their encryption contexts only', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey();
  await run('CreateGrant', { KeyId: id, GranteePrincipal: annArn, Operations: ['Encrypt'], Constraints: { EncryptionContextSubset: { team: 'blue' } } });
  await run('Encrypt', { KeyId: id, Plaintext: text, EncryptionContext: { team: 'blue', more: '1' } }, { user: ann });
  for (const EncryptionContext of [undefined, { team: 'red' }]) await assert.rejects(run('Encrypt', { KeyId: id, Plaintext: text, EncryptionContext }, { user: ann }), { code: 'AccessDeniedException' });
  await run('CreateGrant', { KeyId: id, GranteePrincipal: annArn, Operations: ['Encrypt'], Constraints: { EncryptionContextEquals: { only: 'this' } } });
  await run('Encrypt', { KeyId: id, Plaintext: text, EncryptionContext: { only: 'this' } }, { user: ann });
  await assert.rejects(run('Encrypt', { KeyId: id, Plaintext: text, EncryptionContext: { only: 'this', more: '1' } }, { user: ann }), { code: 'AccessDeniedException' });
});

test('createGrant by somebody who may only by a grant passes on no more than that grant gives', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey();
  await run('CreateGrant', { KeyId: id, GranteePrincipal: annArn, Operations: ['CreateGrant', 'Encrypt'], Constraints: { EncryptionContextSubset: { team: 'blue' } } });
  const pass = (Operations: ('Encrypt' | 'Decrypt')[], Constraints?: object) =>
    run('CreateGrant', { KeyId: id, GranteePrincipal: annArn, Operations, ...(Constraints && { Constraints }) }, { user: ann });
  const blue = { EncryptionContextSubset: { team: 'blue', room: '1' } };
  for (const refused of [pass(['Decrypt'], blue), pass(['Encrypt', 'Decrypt'], blue), pass(['Encrypt']), pass(['Encrypt'], { EncryptionContextEquals: { team: 'red' } })]) {
    await assert.rejects(refused, { code: 'AccessDeniedException' });
  }
  await pass(['Encrypt'], blue);
});

test('createGrant refuses operations that the key does not have', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey();
  await assert.rejects(run('CreateGrant', { KeyId: id, GranteePrincipal: annArn, Operations: ['Sign'] }), { code: 'ValidationException' });
  await assert.rejects(run('CreateGrant', { KeyId: id, GranteePrincipal: 'ann', Operations: ['Encrypt'] }), { code: 'InvalidArnException' });
  await run('DisableKey', { KeyId: id });
  await assert.rejects(run('CreateGrant', { KeyId: id, GranteePrincipal: annArn, Operations: ['Encrypt'] }), { code: 'DisabledException' });
});

test('retireGrant is for the retiring principal, and for grantees that may', async () => {
  const { run, createKey } = createTestKms();
  const { id, arn } = await createKey();
  const bob = testUser('bob');
  const made = await run('CreateGrant', { KeyId: id, GranteePrincipal: annArn, RetiringPrincipal: bob.caller.kind === 'user' ? bob.caller.arn : '', Operations: ['Encrypt'] });
  await assert.rejects(run('RetireGrant', { KeyId: arn, GrantId: made.GrantId }, { user: ann }), { code: 'AccessDeniedException' });
  assert.equal((await run('ListRetirableGrants', { RetiringPrincipal: 'arn:aws:iam::000000000000:user/bob' })).Grants?.length, 1);
  await run('RetireGrant', { GrantToken: made.GrantToken }, { user: bob });
  assert.deepEqual((await run('ListRetirableGrants', { RetiringPrincipal: 'arn:aws:iam::000000000000:user/bob' })).Grants, []);
  const own = await run('CreateGrant', { KeyId: id, GranteePrincipal: annArn, Operations: ['Encrypt', 'RetireGrant'] });
  await assert.rejects(run('RetireGrant', { KeyId: arn, GrantId: own.GrantId, DryRun: true }, { user: ann }), { code: 'DryRunOperationException' });
  await run('RetireGrant', { KeyId: arn, GrantId: own.GrantId }, { user: ann });
  assert.deepEqual((await run('ListGrants', { KeyId: id })).Grants, []);
  await assert.rejects(run('RetireGrant', { GrantToken: `${made.GrantToken ?? ''}x` }), { code: 'InvalidGrantTokenException' });
});

test('listGrants answers pages, and the grants of one principal', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey();
  for (const name of ['ann', 'ann', 'bob']) await run('CreateGrant', { KeyId: id, GranteePrincipal: `arn:aws:iam::000000000000:user/${name}`, Operations: ['Encrypt'] });
  const first = await run('ListGrants', { KeyId: id, Limit: 2 });
  const rest = await run('ListGrants', { KeyId: id, Limit: 2, Marker: first.NextMarker });
  assert.deepEqual([first.Grants?.length, first.Truncated, rest.Grants?.length, rest.Truncated], [2, true, 1, false]);
  assert.equal((await run('ListGrants', { KeyId: id, GranteePrincipal: annArn })).Grants?.length, 2);
  assert.equal((await run('ListGrants', { KeyId: id, GrantId: first.Grants?.[0]?.GrantId })).Grants?.length, 1);
});
