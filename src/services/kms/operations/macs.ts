import { createHmac, timingSafeEqual } from 'node:crypto';
import { factsOf } from '../domain/keySpecs.ts';
import { errors } from '../errors.ts';
import { accessKey, finishChecks, operation, usableKey, type KmsContext } from '../operation.ts';
import { requireMaterial } from '../use.ts';
import type { ExistingKey } from '../keys.ts';

export const generateMac = operation('GenerateMac', {
  access: ({ KeyId, MacAlgorithm }, call, deps) =>
    accessKey(deps, call, KeyId, { action: 'GenerateMac', grantOperation: 'GenerateMac', conditions: { 'kms:MacAlgorithm': MacAlgorithm } }),
  async handle(input, call, deps) {
    const key = await usableKey(deps, call, input.KeyId, 'GENERATE_VERIFY_MAC', 'GenerateMac');
    requireMacAlgorithm(key, input.MacAlgorithm ?? '');
    finishChecks(deps, input);
    return { Mac: await macOf(deps, key, input.Message ?? new Uint8Array()), MacAlgorithm: input.MacAlgorithm, KeyId: key.arn };
  },
});

export const verifyMac = operation('VerifyMac', {
  access: ({ KeyId, MacAlgorithm }, call, deps) =>
    accessKey(deps, call, KeyId, { action: 'VerifyMac', grantOperation: 'VerifyMac', conditions: { 'kms:MacAlgorithm': MacAlgorithm } }),
  async handle(input, call, deps) {
    const key = await usableKey(deps, call, input.KeyId, 'GENERATE_VERIFY_MAC', 'VerifyMac');
    requireMacAlgorithm(key, input.MacAlgorithm ?? '');
    finishChecks(deps, input);
    const expected = await macOf(deps, key, input.Message ?? new Uint8Array());
    const given = input.Mac ?? new Uint8Array();
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw errors.invalidMac();
    return { KeyId: key.arn, MacValid: true, MacAlgorithm: input.MacAlgorithm };
  },
});

function requireMacAlgorithm({ row }: ExistingKey, algorithm: string): void {
  const facts = factsOf(row.spec);
  if (facts.kind !== 'hmac' || facts.algorithm !== algorithm) throw errors.wrongAlgorithm(algorithm, row.spec);
}

async function macOf(deps: KmsContext, key: ExistingKey, message: Uint8Array): Promise<Buffer> {
  const facts = factsOf(key.row.spec);
  const secret = await requireMaterial(deps, key);
  if (facts.kind !== 'hmac' || secret.kind !== 'bytes') throw errors.wrongAlgorithm('', key.row.spec);
  return createHmac(facts.hash, secret.bytes).update(message).digest();
}
