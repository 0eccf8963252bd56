import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestKms } from '../testKms.ts';

test('GetKeyLastUsage tells the last success of each region of a key, of services too, and forgets it with the key', async () => {
  const { run, createKey, encryption, clock, timers } = createTestKms();
  const { id } = await createKey({ MultiRegion: true });
  await run('ReplicateKey', { KeyId: id, ReplicaRegion: 'eu-west-1' });
  const usage = async (region = 'us-east-1') => (await run('GetKeyLastUsage', { KeyId: id }, { region })).KeyLastUsage;
  assert.deepEqual(await usage(), {});
  const plaintext = Buffer.from('x');
  const { CiphertextBlob } = await run('Encrypt', { KeyId: id, Plaintext: plaintext });
  const first = await usage();
  assert.deepEqual([first?.Operation, first?.Timestamp?.getTime(), typeof first?.KmsRequestId], ['Encrypt', clock.now(), 'string']);
  assert.deepEqual(await usage('eu-west-1'), {});
  await run('Decrypt', { CiphertextBlob }, { region: 'eu-west-1' });
  assert.equal((await usage('eu-west-1'))?.Operation, 'Decrypt');
  clock.advance(1_000);
  const user = { account: '000000000000', region: 'us-east-1', service: 's3' };
  const dataKey = await encryption.generateDataKey({ keyId: id, context: {}, user });
  assert.deepEqual(await usage(), { Operation: 'GenerateDataKey', Timestamp: new Date(clock.now()) });
  await encryption.decrypt({ ciphertext: dataKey.ciphertext, context: {}, user });
  assert.equal((await usage())?.Operation, 'Decrypt');
  await encryption.encrypt({ keyId: id, plaintext, context: {}, user });
  assert.equal((await usage())?.Operation, 'Encrypt');
  await timers.stop();
});

test('Encapsulate and Decapsulate are refused by name', async () => {
  const { run, createKey } = createTestKms();
  const { id } = await createKey();
  await assert.rejects(run('Encapsulate', { KeyId: id, EncapsulationAlgorithm: 'ML_KEM' }), { code: 'UnsupportedOperationException' });
  await assert.rejects(run('Decapsulate', { KeyId: id, EncapsulationAlgorithm: 'ML_KEM', SharedSecretCiphertextBlob: Buffer.from('x') }), { code: 'UnsupportedOperationException' });
});
