import { constants, createPublicKey, diffieHellman, sign as signMessage, verify as verifyMessage, type KeyObject, type SignKeyObjectInput, type VerifyKeyObjectInput } from 'node:crypto';
import { promisify } from 'node:util';
import { signDigest, verifyDigest } from '../domain/ecdsaDigest.ts';
import { algorithmsOf, factsOf, type SigningAlgorithm, type SpecFacts } from '../domain/keySpecs.ts';
import { requireEnabled } from '../domain/keyState.ts';
import { hashBytes, signPkcs1, signPss, verifyPkcs1, verifyPss, type HashName } from '../domain/rsaDigest.ts';
import { errors } from '../errors.ts';
import { accessKey, askedKey, finishChecks, operation, usableKey, type KmsContext } from '../operation.ts';
import { requireMaterial } from '../use.ts';
import { refuseRecipient } from './encrypt.ts';
import type { ExistingKey } from '../keys.ts';
import type { Call } from '../../../framework/context.ts';

// In a thread of OpenSSL's own, so that a long RSA signature holds nobody up.
const signAsync = promisify<string, Uint8Array, SignKeyObjectInput, Buffer>(signMessage);
const verifyAsync = promisify<string, Uint8Array, VerifyKeyObjectInput, Uint8Array, boolean>(verifyMessage);

interface SigningMembers {
  readonly KeyId: string | undefined;
  readonly Message: Uint8Array | undefined;
  readonly MessageType?: string | undefined;
  readonly SigningAlgorithm: string | undefined;
  readonly GrantTokens?: string[] | undefined;
  readonly DryRun?: boolean | undefined;
}

const signingAccess =
  (action: string) =>
  ({ KeyId, SigningAlgorithm, MessageType = 'RAW' }: Pick<SigningMembers, 'KeyId' | 'SigningAlgorithm' | 'MessageType'>, call: Call, deps: KmsContext) =>
    accessKey(deps, call, KeyId, { action, grantOperation: action, conditions: { 'kms:SigningAlgorithm': SigningAlgorithm, 'kms:MessageType': MessageType } });

export const sign = operation('Sign', {
  access: signingAccess('Sign'),
  async handle(input, call, deps) {
    const { key, task } = await prepare(input, call, deps, 'Sign');
    return { KeyId: key.arn, Signature: await makeSignature(task, deps), SigningAlgorithm: input.SigningAlgorithm };
  },
});

export const verify = operation('Verify', {
  access: signingAccess('Verify'),
  async handle(input, call, deps) {
    const { key, task } = await prepare(input, call, deps, 'Verify');
    if (!(await checkSignature(task, input.Signature ?? new Uint8Array()))) throw errors.invalidSignature();
    return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm: input.SigningAlgorithm };
  },
});

interface SigningTask {
  readonly facts: Extract<SpecFacts, { kind: 'rsa' | 'ec' }>;
  readonly privateKey: KeyObject;
  readonly hash: HashName;
  readonly pss: boolean;
  /** True when the message is its digest already. */
  readonly digested: boolean;
  readonly message: Uint8Array;
}

async function prepare(input: SigningMembers, call: Call, deps: KmsContext, name: string): Promise<{ key: ExistingKey; task: SigningTask }> {
  const key = await usableKey(deps, call, input.KeyId, 'SIGN_VERIFY', name);
  const algorithm = requireSigningAlgorithm(key, input.SigningAlgorithm ?? '');
  const { MessageType: type = 'RAW', Message: message = new Uint8Array() } = input;
  if (type !== 'RAW' && type !== 'DIGEST') throw errors.validation(`MessageType ${type} is not compatible with the signing algorithm ${algorithm}.`);
  const hash: HashName = algorithm.endsWith('256') ? 'sha256' : algorithm.endsWith('384') ? 'sha384' : 'sha512';
  if (type === 'DIGEST' && message.length !== hashBytes[hash]) throw errors.digestLength(algorithm);
  finishChecks(deps, input);
  const facts = factsOf(key.row.spec);
  const secret = await requireMaterial(deps, key);
  if (secret.kind !== 'pair' || (facts.kind !== 'rsa' && facts.kind !== 'ec')) throw errors.wrongAlgorithm(algorithm, key.row.spec);
  return { key, task: { facts, privateKey: secret.privateKey, hash, pss: algorithm.startsWith('RSASSA_PSS'), digested: type === 'DIGEST', message } };
}

function requireSigningAlgorithm({ row }: ExistingKey, algorithm: string): SigningAlgorithm {
  const found = algorithmsOf(row.spec, row.usage).SigningAlgorithms?.find((candidate) => candidate === algorithm);
  if (found === undefined) throw errors.wrongAlgorithm(algorithm, row.spec);
  return found;
}

async function makeSignature({ facts, privateKey, hash, pss, digested, message }: SigningTask, { random }: KmsContext): Promise<Buffer> {
  if (!digested) return await signAsync(hash, message, { key: privateKey, ...paddingOf(facts, pss) });
  if (facts.kind === 'ec') return signDigest(privateKey, facts.curve, message, random);
  return pss ? signPss(privateKey, hash, message, random) : signPkcs1(privateKey, hash, message);
}

async function checkSignature({ facts, privateKey, hash, pss, digested, message }: SigningTask, signature: Uint8Array): Promise<boolean> {
  const publicKey = createPublicKey(privateKey);
  if (!digested) return await verifyAsync(hash, message, { key: publicKey, ...paddingOf(facts, pss) }, signature);
  if (facts.kind === 'ec') return verifyDigest(publicKey, facts.curve, message, signature);
  return pss ? verifyPss(publicKey, hash, message, signature) : verifyPkcs1(publicKey, hash, message, signature);
}

function paddingOf(facts: SpecFacts, pss: boolean): { padding?: number; saltLength?: number } {
  if (facts.kind !== 'rsa') return {};
  return pss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : { padding: constants.RSA_PKCS1_PADDING };
}

export const getPublicKey = operation('GetPublicKey', {
  access: ({ KeyId }, call, deps) => accessKey(deps, call, KeyId, { action: 'GetPublicKey', grantOperation: 'GetPublicKey' }),
  async handle(input, call, deps) {
    const key = await askedKey(deps, call, input.KeyId);
    const { row, arn } = key;
    requireEnabled(row, arn, call.nowMs);
    finishChecks(deps, { GrantTokens: input.GrantTokens });
    const facts = factsOf(row.spec);
    if (facts.kind === 'symmetric' || facts.kind === 'hmac') throw errors.unsupported(`${arn} is not an asymmetric KMS key.`);
    const secret = await requireMaterial(deps, key);
    if (secret.kind !== 'pair') throw errors.pendingImport(arn);
    const PublicKey = createPublicKey(secret.privateKey).export({ type: 'spki', format: 'der' });
    return { KeyId: arn, PublicKey, CustomerMasterKeySpec: row.spec, KeySpec: row.spec, KeyUsage: row.usage, ...algorithmsOf(row.spec, row.usage) };
  },
});

/** The raw secret of elliptic-curve Diffie-Hellman: the x coordinate (API reference, DeriveSharedSecret). */
export const deriveSharedSecret = operation('DeriveSharedSecret', {
  access: ({ KeyId, KeyAgreementAlgorithm }, call, deps) =>
    accessKey(deps, call, KeyId, { action: 'DeriveSharedSecret', grantOperation: 'DeriveSharedSecret', conditions: { 'kms:KeyAgreementAlgorithm': KeyAgreementAlgorithm } }),
  async handle(input, call, deps) {
    refuseRecipient(input.Recipient);
    const key = await usableKey(deps, call, input.KeyId, 'KEY_AGREEMENT', 'DeriveSharedSecret');
    finishChecks(deps, input);
    const secret = await requireMaterial(deps, key);
    if (secret.kind !== 'pair') throw errors.pendingImport(key.arn);
    const publicKey = readPublicKey(input.PublicKey ?? new Uint8Array());
    if (publicKey.asymmetricKeyDetails?.namedCurve !== secret.privateKey.asymmetricKeyDetails?.namedCurve) throw otherCurve();
    const SharedSecret = diffieHellman({ privateKey: secret.privateKey, publicKey });
    return { KeyId: key.arn, SharedSecret, KeyAgreementAlgorithm: input.KeyAgreementAlgorithm, KeyOrigin: key.row.origin };
  },
});

function readPublicKey(bytes: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(bytes), format: 'der', type: 'spki' });
  } catch {
    throw otherCurve();
  }
}

const otherCurve = () => errors.validation('The public key is not a DER-encoded X.509 public key on the elliptic curve of the KMS key.');
