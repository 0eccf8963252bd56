import { constants, createDecipheriv, createPrivateKey, generateKeyPair, privateDecrypt, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { factsOf, type SpecFacts } from '../domain/keySpecs.ts';
import { requireNotPendingDeletion } from '../domain/keyState.ts';
import { errors } from '../errors.ts';
import type { ExistingKey } from '../keys.ts';
import { dayMs, importedMaterialDaysMax, importTokenMs } from '../limits.ts';
import { accessKey, askedKey, changeAccess, changeKey, operation, type KmsContext } from '../operation.ts';
import { materials, setKey, type KeyRow } from '../store.ts';
import type { Call } from '../../../framework/context.ts';

const generateKeyPairAsync = promisify(generateKeyPair);

function requireImportable({ row, arn }: ExistingKey, call: Call): void {
  if (row.origin !== 'EXTERNAL') throw errors.wrongOrigin(arn, row.origin);
  requireNotPendingDeletion(row, arn, call.nowMs);
}

/** What an import token says; it is sealed with the root key, so that nothing is kept in the server. */
interface ImportToken {
  readonly keyArn: string;
  readonly algorithm: string;
  readonly expiresAtMs: number;
  /** The private half of the wrapping key, PKCS #8 in base64. */
  readonly privateKey: string;
}

const tokenOwner = 'import token';

export const getParametersForImport = operation('GetParametersForImport', {
  access: ({ KeyId, WrappingAlgorithm, WrappingKeySpec }, call, deps) =>
    accessKey(deps, call, KeyId, { action: 'GetParametersForImport', conditions: { 'kms:WrappingAlgorithm': WrappingAlgorithm, 'kms:WrappingKeySpec': WrappingKeySpec } }, { aliases: false }),
  async handle({ KeyId, WrappingAlgorithm: algorithm = '', WrappingKeySpec: spec = '' }, call, deps) {
    const key = await askedKey(deps, call, KeyId);
    requireImportable(key, call);
    const bits = Number(/^RSA_(\d+)$/.exec(spec)?.[1] ?? 0);
    if (bits === 0 || !Object.hasOwn(wrappings, algorithm)) throw errors.unsupported(`The wrapping algorithm ${algorithm} with the wrapping key spec ${spec} is not supported.`);
    const { privateKey, publicKey } = await generateKeyPairAsync('rsa', { modulusLength: bits });
    const token: ImportToken = {
      keyArn: key.arn,
      algorithm,
      expiresAtMs: call.nowMs + importTokenMs,
      privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    };
    return {
      KeyId: key.arn,
      ImportToken: deps.vault.wrap(Buffer.from(JSON.stringify(token)), tokenOwner),
      PublicKey: publicKey.export({ type: 'spki', format: 'der' }),
      ParametersValidTo: new Date(token.expiresAtMs),
    };
  },
});

interface ImportInput {
  readonly ValidTo?: Date | undefined;
  readonly ExpirationModel?: string | undefined;
}

export const importKeyMaterial = operation('ImportKeyMaterial', {
  access: ({ KeyId, ValidTo, ExpirationModel = 'KEY_MATERIAL_EXPIRES' }, call, deps) =>
    accessKey(
      deps,
      call,
      KeyId,
      { action: 'ImportKeyMaterial', conditions: { 'kms:ExpirationModel': ExpirationModel, 'kms:ValidTo': ValidTo && ValidTo.toISOString().replace(/\.\d{3}Z$/, 'Z') } },
      { aliases: false },
    ),
  async handle(input, call, deps) {
    const asked = await askedKey(deps, call, input.KeyId);
    requireImportable(asked, call);
    const expiresAtMs = expiryOf(input, call.nowMs);
    const token = readToken(deps, input.ImportToken ?? new Uint8Array(), asked.arn, call.nowMs);
    const material = unwrapMaterial(token, input.EncryptedKeyMaterial ?? new Uint8Array(), factsOf(asked.row.spec));
    const materialId = deps.vault.identify(asked.keyId, material);
    if (input.KeyMaterialId !== undefined && input.KeyMaterialId !== materialId) throw errors.incorrectMaterial();
    await changeKey(deps, call, input.KeyId, async (tx, key) => {
      requireImportable(key, call);
      const { scope, row } = key;
      requireSameMaterial(row, materialId, input.ImportType);
      const wrapped = deps.vault.wrap(material, materialId);
      materials.set(tx, scope, [row.id, materialId], { wrapped, createdAtMs: call.nowMs, sequence: 0, rotation: undefined, description: input.KeyMaterialDescription });
      setKey(tx, scope, { ...row, enabled: true, materialId, imported: { present: true, expiresAtMs } });
    });
    return { KeyId: asked.arn, KeyMaterialId: materialId };
  },
});

export const deleteImportedKeyMaterial = operation('DeleteImportedKeyMaterial', {
  access: changeAccess('DeleteImportedKeyMaterial'),
  async handle({ KeyId, KeyMaterialId: wanted }, call, deps) {
    return await changeKey(deps, call, KeyId, async (tx, key) => {
      const { scope, row, arn } = key;
      requireImportable(key, call);
      const { materialId } = row;
      if (wanted !== undefined && wanted !== materialId) throw errors.validation(`Key material ${wanted} is not associated with ${arn}.`);
      // "No effect" where there is none (developer guide, "Key states").
      if (materialId === undefined || row.imported?.present !== true) return { KeyId: arn };
      const material = await materials.get(tx, scope, [row.id, materialId]);
      if (material) materials.set(tx, scope, [row.id, materialId], { ...material, wrapped: undefined });
      setKey(tx, scope, { ...row, imported: { present: false, expiresAtMs: undefined } });
      tx.afterCommit(() => deps.vault.forget({ keyId: row.id, materialId }));
      return { KeyId: arn, KeyMaterialId: materialId };
    });
  },
});

// Only the material that a key had before fits it again: its ciphertexts stay readable, and nothing else ever becomes this key.
function requireSameMaterial({ materialId: known }: KeyRow, materialId: string, importType: string = 'EXISTING_KEY_MATERIAL'): void {
  // DEVIATION: a second material of the same key (for rotation on demand) is refused.
  if (known !== undefined && known !== materialId) {
    throw importType === 'NEW_KEY_MATERIAL' ? errors.unsupported('Importing new key material into a key that has key material is not supported.') : errors.incorrectMaterial();
  }
}

function expiryOf({ ValidTo, ExpirationModel = 'KEY_MATERIAL_EXPIRES' }: ImportInput, nowMs: number): number | undefined {
  if (ExpirationModel === 'KEY_MATERIAL_DOES_NOT_EXPIRE') {
    if (ValidTo !== undefined) throw errors.validation('A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE');
    return undefined;
  }
  if (ValidTo === undefined) throw errors.validation('A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES');
  const atMs = ValidTo.getTime();
  if (atMs <= nowMs) throw errors.validation('The validTo date must be in the future.');
  if (atMs > nowMs + importedMaterialDaysMax * dayMs) throw errors.validation(`The validTo date must be at most ${importedMaterialDaysMax} days in the future.`);
  return atMs;
}

function readToken({ vault }: KmsContext, bytes: Uint8Array, arn: string, nowMs: number): ImportToken {
  const text = vault.tryUnwrap(bytes, tokenOwner);
  if (text === undefined) throw errors.invalidImportToken();
  const token = JSON.parse(text.toString('utf8')) as ImportToken;
  if (token.keyArn !== arn) throw errors.invalidImportToken();
  if (token.expiresAtMs <= nowMs) throw errors.expiredImportToken();
  return token;
}

/** By wrapping algorithm: the hash of OAEP, and whether a wrapped AES key wraps the material (RFC 5649). */
const wrappings: Readonly<Record<string, { readonly hash: string; readonly keyWrap: boolean }>> = {
  RSAES_OAEP_SHA_1: { hash: 'sha1', keyWrap: false },
  RSAES_OAEP_SHA_256: { hash: 'sha256', keyWrap: false },
  RSA_AES_KEY_WRAP_SHA_1: { hash: 'sha1', keyWrap: true },
  RSA_AES_KEY_WRAP_SHA_256: { hash: 'sha256', keyWrap: true },
};

const keyWrapIv = Buffer.from('a65959a6', 'hex');

function unwrapMaterial(token: ImportToken, encrypted: Uint8Array, facts: SpecFacts): Buffer {
  const { hash, keyWrap } = wrappings[token.algorithm] ?? { hash: 'sha256', keyWrap: false };
  const privateKey = createPrivateKey({ key: Buffer.from(token.privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  const bytes = Buffer.from(encrypted);
  try {
    if (!keyWrap) return checkMaterial(openOaep(privateKey, hash, bytes), facts);
    const rsaBytes = (privateKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
    const wrappingKey = openOaep(privateKey, hash, bytes.subarray(0, rsaBytes));
    const decipher = createDecipheriv(`id-aes${wrappingKey.length * 8}-wrap-pad`, wrappingKey, keyWrapIv);
    return checkMaterial(Buffer.concat([decipher.update(bytes.subarray(rsaBytes)), decipher.final()]), facts);
  } catch {
    throw errors.invalidCiphertext();
  }
}

function openOaep(privateKey: KeyObject, oaepHash: string, bytes: Uint8Array): Buffer {
  return privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, bytes);
}

/** Throws for material that is not what the key's spec says. */
function checkMaterial(material: Buffer, facts: SpecFacts): Buffer {
  if (facts.kind === 'symmetric' || facts.kind === 'hmac') {
    if (material.length !== facts.bytes) throw errors.invalidCiphertext();
    return material;
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPrivateKey({ key: material, format: 'der', type: 'pkcs8' });
  const fits = facts.kind === 'rsa' ? type === 'rsa' && details?.modulusLength === facts.bits : type === 'ec' && details?.namedCurve === facts.curve;
  if (!fits) throw errors.invalidCiphertext();
  return material;
}
