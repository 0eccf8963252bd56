import { checkContext } from '../domain/encryptionContext.ts';
import { factsOf, parseSpec } from '../domain/keySpecs.ts';
import { errors } from '../errors.ts';
import type { ExistingKey } from '../keys.ts';
import { accessKey, accountAccess, finishChecks, operation, usableKey, type KmsContext } from '../operation.ts';
import { encryptWith } from '../use.ts';
import { generatePair } from '../vault.ts';
import { refuseRecipient } from './encrypt.ts';
import type { Call } from '../../../framework/context.ts';

interface DataKeyInput {
  readonly KeyId: string | undefined;
  readonly EncryptionContext?: Record<string, string> | undefined;
  readonly KeySpec?: string | undefined;
  readonly NumberOfBytes?: number | undefined;
  readonly GrantTokens?: string[] | undefined;
  readonly DryRun?: boolean | undefined;
}

function dataKeyAccess(action: string) {
  return (input: Pick<DataKeyInput, 'KeyId' | 'EncryptionContext'> & { readonly KeyPairSpec?: string | undefined }, call: Call, deps: KmsContext) =>
    accessKey(deps, call, input.KeyId, {
      action,
      grantOperation: action,
      context: input.EncryptionContext,
      conditions: { 'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT', 'kms:DataKeyPairSpec': input.KeyPairSpec },
    });
}

export const generateDataKey = operation('GenerateDataKey', {
  access: dataKeyAccess('GenerateDataKey'),
  async handle(input, call, deps) {
    refuseRecipient(input.Recipient);
    const { key, plaintext, blob } = await makeDataKey(input, call, deps, 'GenerateDataKey');
    return { CiphertextBlob: blob, Plaintext: plaintext, KeyId: key.arn, KeyMaterialId: key.row.materialId };
  },
});

export const generateDataKeyWithoutPlaintext = operation('GenerateDataKeyWithoutPlaintext', {
  access: dataKeyAccess('GenerateDataKeyWithoutPlaintext'),
  async handle(input, call, deps) {
    const { key, blob } = await makeDataKey(input, call, deps, 'GenerateDataKeyWithoutPlaintext');
    return { CiphertextBlob: blob, KeyId: key.arn, KeyMaterialId: key.row.materialId };
  },
});

async function makeDataKey(input: DataKeyInput, call: Call, deps: KmsContext, name: string) {
  const key = await symmetricKey(input, call, deps, name);
  if ((input.KeySpec === undefined) === (input.NumberOfBytes === undefined)) {
    throw errors.validation('Please specify either number of bytes or key spec.');
  }
  const context = checkContext(input.EncryptionContext);
  finishChecks(deps, input);
  const plaintext = Buffer.from(deps.random.bytes(input.NumberOfBytes ?? (input.KeySpec === 'AES_128' ? 16 : 32)));
  return { key, plaintext, blob: await encryptWith(deps, key, 'SYMMETRIC_DEFAULT', plaintext, context) };
}

/** Data keys are protected by symmetric encryption keys only (API reference, GenerateDataKey). */
async function symmetricKey(input: { readonly KeyId: string | undefined }, call: Call, deps: KmsContext, name: string): Promise<ExistingKey> {
  const key = await usableKey(deps, call, input.KeyId, 'ENCRYPT_DECRYPT', name);
  if (key.row.spec !== 'SYMMETRIC_DEFAULT') throw errors.wrongSpec(key.arn, key.row.spec, name);
  return key;
}

interface PairInput extends Omit<DataKeyInput, 'KeySpec' | 'NumberOfBytes'> {
  readonly KeyPairSpec: string | undefined;
}

export const generateDataKeyPair = operation('GenerateDataKeyPair', {
  access: dataKeyAccess('GenerateDataKeyPair'),
  async handle(input, call, deps) {
    refuseRecipient(input.Recipient);
    const { key, privateKey, publicKey, blob } = await makePair(input, call, deps, 'GenerateDataKeyPair');
    return {
      PrivateKeyCiphertextBlob: blob,
      PrivateKeyPlaintext: privateKey,
      PublicKey: publicKey,
      KeyId: key.arn,
      KeyPairSpec: input.KeyPairSpec,
      KeyMaterialId: key.row.materialId,
    };
  },
});

export const generateDataKeyPairWithoutPlaintext = operation('GenerateDataKeyPairWithoutPlaintext', {
  access: dataKeyAccess('GenerateDataKeyPairWithoutPlaintext'),
  async handle(input, call, deps) {
    const { key, publicKey, blob } = await makePair(input, call, deps, 'GenerateDataKeyPairWithoutPlaintext');
    return { PrivateKeyCiphertextBlob: blob, PublicKey: publicKey, KeyId: key.arn, KeyPairSpec: input.KeyPairSpec, KeyMaterialId: key.row.materialId };
  },
});

async function makePair(input: PairInput, call: Call, deps: KmsContext, name: string) {
  const key = await symmetricKey(input, call, deps, name);
  const facts = factsOf(parseSpec(input.KeyPairSpec ?? ''));
  if (facts.kind !== 'rsa' && facts.kind !== 'ec') throw errors.unsupported(`KeyPairSpec ${input.KeyPairSpec ?? ''} is not supported.`);
  const context = checkContext(input.EncryptionContext);
  finishChecks(deps, input);
  const pair = await generatePair(facts);
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'der' });
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'der' });
  return { key, privateKey, publicKey, blob: await encryptWith(deps, key, 'SYMMETRIC_DEFAULT', privateKey, context) };
}

export const generateRandom = operation('GenerateRandom', {
  access: accountAccess('GenerateRandom'),
  handle(input, _call, { random }) {
    refuseRecipient(input.Recipient);
    if (input.CustomKeyStoreId !== undefined) throw errors.noSuchKeyStore(input.CustomKeyStoreId);
    if (input.NumberOfBytes === undefined) throw errors.validation('NumberOfBytes is required.');
    return { Plaintext: Buffer.from(random.bytes(input.NumberOfBytes)) };
  },
});
