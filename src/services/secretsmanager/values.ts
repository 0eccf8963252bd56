// Secret values at rest: AES-256-GCM under a data key of KMS that is made for each version and bound to secret and version by the
// encryption context (user guide, "Secret encryption and decryption").
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ServiceError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { Scope } from '../../kv/table.ts';
import type { Encryption, KeyUser } from '../../ports/encryption.ts';
import { bothValues, decryptionFailure, encryptionFailure, foreignDefaultKey, keyAccessDenied, valueTooLong } from './errors.ts';
import { secretBytesMax } from './limits.ts';
import type { Asker } from './operation.ts';
import type { ValueRow, VersionRow } from './store.ts';

const nonceBytes = 12;
const tagBytes = 16;

export interface SecretContent {
  readonly kind: 'string' | 'binary';
  readonly bytes: Uint8Array;
}

export interface ValueDeps {
  readonly encryption: Encryption;
  readonly random: Random;
}

/** Which version of which secret: what its ciphertext is bound to. */
export interface VersionName {
  readonly arn: string;
  readonly versionId: string;
}

/** The value in a request; undefined when it has none. */
export function contentOf({ SecretString: text, SecretBinary: binary }: { SecretString?: string | undefined; SecretBinary?: Uint8Array | undefined }): SecretContent | undefined {
  if (text !== undefined && binary !== undefined) throw bothValues();
  if (text !== undefined) {
    const bytes = Buffer.from(text, 'utf8');
    // The model counts characters, the quota bytes.
    if (bytes.length > secretBytesMax) throw valueTooLong();
    return { kind: 'string', bytes };
  }
  return binary === undefined ? undefined : { kind: 'binary', bytes: binary };
}

export function sameContent(a: SecretContent, b: SecretContent): boolean {
  return a.kind === b.kind && Buffer.compare(a.bytes, b.bytes) === 0;
}

/** The members of an answer. */
export function formatContent({ kind, bytes }: SecretContent): { SecretString: string } | { SecretBinary: Uint8Array } {
  return kind === 'string' ? { SecretString: Buffer.from(bytes).toString('utf8') } : { SecretBinary: bytes };
}

/** Uses keys in the name of the caller. */
export function keyUserOf(call: Asker, scope: Scope): KeyUser {
  return { ...scope, service: 'secretsmanager', caller: call.caller, authorise: (access) => call.authorise(access) };
}

/** The service by itself: copying to other regions. */
export function ownKeyUser(scope: Scope): KeyUser {
  return { ...scope, service: 'secretsmanager' };
}

export async function sealContent(content: SecretContent, name: VersionName, keyId: string | undefined, user: KeyUser, deps: ValueDeps): Promise<ValueRow> {
  const key = await deps.encryption.generateDataKey({ keyId, context: contextOf(name), user }).catch((error: unknown) => {
    throw inOwnWords(error, (reason) => encryptionFailure(reason));
  });
  const nonce = deps.random.bytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key.plaintext, nonce);
  const body = Buffer.concat([cipher.update(content.bytes), cipher.final()]);
  return { kind: content.kind, dataKey: key.ciphertext, sealed: Buffer.concat([nonce, cipher.getAuthTag(), body]) };
}

/** Refuses a key that a setting names and that cannot be used. */
export async function requireKey(keyId: string, user: KeyUser, { encryption }: Pick<ValueDeps, 'encryption'>): Promise<void> {
  await encryption.requireKey(keyId, user).catch((error: unknown) => {
    throw inOwnWords(error, (reason) => encryptionFailure(reason));
  });
}

export async function openContent(value: ValueRow, name: VersionName, user: KeyUser, { encryption }: Pick<ValueDeps, 'encryption'>): Promise<SecretContent> {
  const { plaintext } = await encryption.decrypt({ ciphertext: value.dataKey, context: contextOf(name), user }).catch((error: unknown) => {
    throw inOwnWords(error, decryptionFailure);
  });
  const sealed = Buffer.from(value.sealed);
  const decipher = createDecipheriv('aes-256-gcm', plaintext, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
  return { kind: value.kind, bytes: Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]) };
}

/** The AWS-managed key cannot be shared, so neither can what it encrypts. */
export function requireShareable(call: Asker, scope: Scope, version: Pick<VersionRow, 'kmsKeyId'>): void {
  if (call.account !== scope.account && version.kmsKeyId === undefined) throw foreignDefaultKey();
}

const contextOf = ({ arn, versionId }: VersionName): Record<string, string> => ({ SecretARN: arn, SecretVersionId: versionId });

function inOwnWords(error: unknown, otherwise: (reason: string) => ServiceError): unknown {
  if (!(error instanceof ServiceError)) return error;
  return /^AccessDenied/.test(error.code) ? keyAccessDenied() : otherwise(error.message);
}
