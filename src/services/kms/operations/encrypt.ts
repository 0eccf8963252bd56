import { errors } from '../errors.ts';
import { checkContext } from '../domain/encryptionContext.ts';
import { accessOf } from '../access.ts';
import { existing, type ExistingKey } from '../keys.ts';
import { accessKey, askedKey, finishChecks, operation, requireUse, usableKey, type KmsContext } from '../operation.ts';
import { decryptRsa, decryptWith, encryptWith, findKeyOf, isOf, requireAlgorithm, requireCiphertext } from '../use.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';

export const encrypt = operation('Encrypt', {
  access: (input, call, deps) =>
    accessKey(deps, call, input.KeyId, {
      action: 'Encrypt',
      grantOperation: 'Encrypt',
      context: input.EncryptionContext,
      conditions: { 'kms:EncryptionAlgorithm': input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT' },
    }),
  async handle(input, call, deps) {
    const key = await usableKey(deps, call, input.KeyId, 'ENCRYPT_DECRYPT', 'Encrypt');
    const algorithm = requireAlgorithm(key, input.EncryptionAlgorithm);
    const context = contextFor(key, input.EncryptionContext);
    finishChecks(deps, input);
    const blob = await encryptWith(deps, key, algorithm, input.Plaintext ?? new Uint8Array(), context);
    return { CiphertextBlob: blob, KeyId: key.arn, EncryptionAlgorithm: algorithm };
  },
});

interface Source {
  readonly blob: Uint8Array | undefined;
  readonly keyId: string | undefined;
  readonly algorithm: string | undefined;
  readonly context: Readonly<Record<string, string>> | undefined;
}

export const decrypt = operation('Decrypt', {
  access: (input, call, deps) => sourceAccess(deps, call, 'Decrypt', sourceOfDecrypt(input)),
  async handle(input, call, deps) {
    refuseRecipient(input.Recipient);
    refuseModifiers(input.DryRunModifiers);
    const opened = await openSource(deps, call, 'Decrypt', sourceOfDecrypt(input), input);
    return { KeyId: opened.key.arn, Plaintext: opened.plaintext, EncryptionAlgorithm: opened.algorithm, ...(opened.materialId !== undefined && { KeyMaterialId: opened.materialId }) };
  },
});

interface DecryptMembers {
  readonly CiphertextBlob?: Uint8Array | undefined;
  readonly KeyId?: string | undefined;
  readonly EncryptionAlgorithm?: string | undefined;
  readonly EncryptionContext?: Readonly<Record<string, string>> | undefined;
}

const sourceOfDecrypt = ({ CiphertextBlob, KeyId, EncryptionAlgorithm, EncryptionContext }: DecryptMembers): Source => ({
  blob: CiphertextBlob,
  keyId: KeyId,
  algorithm: EncryptionAlgorithm,
  context: EncryptionContext,
});

interface ReEncryptMembers {
  readonly CiphertextBlob?: Uint8Array | undefined;
  readonly SourceKeyId?: string | undefined;
  readonly SourceEncryptionAlgorithm?: string | undefined;
  readonly SourceEncryptionContext?: Readonly<Record<string, string>> | undefined;
}

const sourceOfReEncrypt = ({ CiphertextBlob, SourceKeyId, SourceEncryptionAlgorithm, SourceEncryptionContext }: ReEncryptMembers): Source => ({
  blob: CiphertextBlob,
  keyId: SourceKeyId,
  algorithm: SourceEncryptionAlgorithm,
  context: SourceEncryptionContext,
});

/** Decrypts and encrypts in one step, so that the plaintext never leaves the service. */
export const reEncrypt = operation('ReEncrypt', {
  async access(input, call, deps) {
    const from = await sourceAccess(deps, call, 'ReEncryptFrom', sourceOfReEncrypt(input));
    const to = await accessKey(deps, call, input.DestinationKeyId, {
      action: 'ReEncryptTo',
      grantOperation: 'ReEncryptTo',
      context: input.DestinationEncryptionContext,
      conditions: { 'kms:EncryptionAlgorithm': input.DestinationEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT' },
    });
    const same = { 'kms:ReEncryptOnSameKey': String(from.resource === to.resource) };
    return [from, to].map((access) => ({ ...access, conditions: { ...access.conditions, ...same } }));
  },
  async handle(input, call, deps) {
    refuseModifiers(input.DryRunModifiers);
    const destination = await usableKey(deps, call, input.DestinationKeyId, 'ENCRYPT_DECRYPT', 'ReEncrypt');
    const algorithm = requireAlgorithm(destination, input.DestinationEncryptionAlgorithm);
    const context = contextFor(destination, input.DestinationEncryptionContext);
    const { key, plaintext, algorithm: sourceAlgorithm, materialId } = await openSource(deps, call, 'ReEncrypt', sourceOfReEncrypt(input), input);
    const blob = await encryptWith(deps, destination, algorithm, plaintext, context);
    return {
      CiphertextBlob: blob,
      SourceKeyId: key.arn,
      KeyId: destination.arn,
      SourceEncryptionAlgorithm: sourceAlgorithm,
      DestinationEncryptionAlgorithm: algorithm,
      ...(materialId !== undefined && { SourceKeyMaterialId: materialId }),
      ...(algorithm === 'SYMMETRIC_DEFAULT' && destination.row.materialId !== undefined && { DestinationKeyMaterialId: destination.row.materialId }),
    };
  },
});

const fromCiphertext = '';

async function sourceAccess(deps: KmsContext, call: Call, action: string, { blob = new Uint8Array(), keyId, algorithm = 'SYMMETRIC_DEFAULT', context }: Source): Promise<AccessRequest> {
  const use = { action, grantOperation: action, context, conditions: { 'kms:EncryptionAlgorithm': algorithm } };
  if (keyId !== undefined) return await accessKey(deps, call, keyId, use);
  if (algorithm !== 'SYMMETRIC_DEFAULT') throw errors.validation('KeyId is required to decrypt with an asymmetric KMS key.');
  const ciphertext = requireCiphertext(blob);
  return await deps.store.read(async (tx) => {
    const key = await findKeyOf(tx, call, ciphertext, call.nowMs);
    if (key.row === undefined) throw errors.foreignCiphertext();
    deps.asked.set(call, new Map([[fromCiphertext, key]]));
    return await accessOf(tx, call, key, use);
  });
}

interface Opened {
  readonly key: ExistingKey;
  readonly plaintext: Buffer;
  readonly algorithm: 'SYMMETRIC_DEFAULT' | 'RSAES_OAEP_SHA_1' | 'RSAES_OAEP_SHA_256';
  readonly materialId: string | undefined;
}

async function openSource(deps: KmsContext, call: Call, name: string, source: Source, members: Parameters<typeof finishChecks>[1]): Promise<Opened> {
  const { blob = new Uint8Array(), keyId } = source;
  const key = await sourceKey(deps, call, keyId, blob);
  requireUse(key, 'ENCRYPT_DECRYPT', name, call.nowMs);
  const context = contextFor(key, source.context);
  const algorithm = requireAlgorithm(key, source.algorithm);
  if (algorithm !== 'SYMMETRIC_DEFAULT') {
    finishChecks(deps, members);
    return { key, plaintext: await decryptRsa(deps, key, algorithm, blob), algorithm, materialId: undefined };
  }
  const ciphertext = requireCiphertext(blob);
  if (!isOf(ciphertext, key)) throw errors.incorrectKeyForCiphertext();
  const plaintext = await decryptWith(deps, key, ciphertext, context);
  // What a dry run tells includes whether the ciphertext can be read.
  finishChecks(deps, members);
  return { key, plaintext, algorithm, materialId: ciphertext.materialId };
}

async function sourceKey(deps: KmsContext, call: Call, keyId: string | undefined, blob: Uint8Array): Promise<ExistingKey> {
  if (keyId === undefined) {
    const known = deps.asked.get(call)?.get(fromCiphertext);
    return known ? existing(known) : existing(await deps.store.read((tx) => findKeyOf(tx, call, requireCiphertext(blob), call.nowMs)));
  }
  const key = await askedKey(deps, call, keyId);
  if (key.row.usage !== 'ENCRYPT_DECRYPT') throw errors.incorrectKey();
  return key;
}

/** Only symmetric keys bind a context to what they encrypt. */
function contextFor({ row }: ExistingKey, context: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
  if (row.spec !== 'SYMMETRIC_DEFAULT' && context !== undefined && Object.keys(context).length > 0) {
    throw errors.validation('EncryptionContext is not supported for asymmetric KMS keys.');
  }
  return checkContext(context);
}

/** DEVIATION: there are no Nitro enclaves here whose attestation could be checked. */
export function refuseRecipient(recipient: object | undefined): void {
  if (recipient !== undefined) throw errors.validation('Recipient is not supported: attestation documents of Nitro Enclaves cannot be verified here.');
}

function refuseModifiers(modifiers: readonly string[] | undefined): void {
  if (modifiers !== undefined && modifiers.length > 0) throw errors.validation('DryRunModifiers are not supported.');
}
