import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestKms } from '../testKms.ts';

test('generateMac makes what verifyMac knows again, and nothing else', async () => {
  const { run, createKey } = createTestKms();
  for (const bits of ['224', '256', '384', '512'] as const) {
    const { id: KeyId } = await createKey({ KeySpec: `HMAC_${bits}`, KeyUsage: 'GENERATE_VERIFY_MAC' });
    const MacAlgorithm = `HMAC_SHA_${bits}` as const;
    const { Mac } = await run('GenerateMac', { KeyId, MacAlgorithm, Message: Buffer.from('m') });
    assert.equal(Mac?.length, Number(bits) / 8);
    assert.equal((await run('VerifyMac', { KeyId, MacAlgorithm, Message: Buffer.from('m'), Mac })).MacValid, true);
    await assert.rejects(run('VerifyMac', { KeyId, MacAlgorithm, Message: Buffer.from('n'), Mac }), { code: 'KMSInvalidMacException', message: '' });
  }
});

test('generateMac refuses other algorithms and other keys', async () => {
  const { run, createKey } = createTestKms();
  const { id: KeyId } = await createKey({ KeySpec: 'HMAC_224', KeyUsage: 'GENERATE_VERIFY_MAC' });
  await assert.rejects(run('GenerateMac', { KeyId, MacAlgorithm: 'HMAC_SHA_256', Message: Buffer.from('m') }), {
    code: 'InvalidKeyUsageException',
    message: 'Algorithm HMAC_SHA_256 is incompatible with key spec HMAC_224.',
  });
  const { arn } = await createKey();
  await assert.rejects(run('GenerateMac', { KeyId: arn, MacAlgorithm: 'HMAC_SHA_256', Message: Buffer.from('m') }), {
    message: `${arn} key usage is ENCRYPT_DECRYPT which is not valid for GenerateMac.`,
  });
});
