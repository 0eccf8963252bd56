// Values of parameters: text as it is, or encrypted through KMS and bound to the parameter by the encryption context (user guide,
// "How AWS Systems Manager Parameter Store uses AWS KMS").
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ServiceError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { Call } from '../../framework/context.ts';
import type { Scope } from '../../kv/table.ts';
import type { Encryption, KeyUser } from '../../ports/encryption.ts';
import { invalidKeyId } from './errors.ts';
import { standardValueBytesMax } from './limits.ts';
import type { StoredValue, VersionRow } from './store.ts';

const nonceBytes = 12;
const tagBytes = 16;
/** What Parameter Store calls its AWS-managed key in answers. */
export const defaultKeyId = 'alias/aws/ssm';

export interface ValueDeps {
  readonly encryption: Encryption;
  readonly random: Random;
}

export interface SealRequest {
  readonly value: string;
  readonly arn: string;
  readonly keyId: string | undefined;
  readonly scope: Scope;
}

/** Short values go through the key itself, longer ones (advanced tier) through a data key. */
export async function sealValue({ value, arn, keyId, scope }: SealRequest, call: Call, { encryption, random }: ValueDeps): Promise<StoredValue> {
  const plaintext = Buffer.from(value, 'utf8');
  const request = { keyId, context: contextOf(arn), user: keyUserOf(call, scope) };
  if (plaintext.length <= standardValueBytesMax) {
    const { ciphertext } = await encryption.encrypt({ ...request, plaintext }).catch(rethrow);
    return { kind: 'sealed', ciphertext };
  }
  const key = await encryption.generateDataKey(request).catch(rethrow);
  const nonce = random.bytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key.plaintext, nonce);
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return { kind: 'enveloped', dataKey: key.ciphertext, sealed: Buffer.concat([nonce, cipher.getAuthTag(), body]) };
}

/** The text to answer: of an encrypted value its ciphertext, unless decryption was asked for. */
export async function readValue({ value }: VersionRow, arn: string, scope: Scope, withDecryption: boolean, call: Call, { encryption }: Pick<ValueDeps, 'encryption'>): Promise<string> {
  if (value.kind === 'plain') return value.text;
  if (!withDecryption) return Buffer.from(value.kind === 'sealed' ? value.ciphertext : value.sealed).toString('base64');
  const ciphertext = value.kind === 'sealed' ? value.ciphertext : value.dataKey;
  const { plaintext } = await encryption.decrypt({ ciphertext, context: contextOf(arn), user: keyUserOf(call, scope) }).catch(rethrow);
  if (value.kind === 'sealed') return Buffer.from(plaintext).toString('utf8');
  const sealed = Buffer.from(value.sealed);
  const decipher = createDecipheriv('aes-256-gcm', plaintext, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]).toString('utf8');
}

const contextOf = (arn: string): Record<string, string> => ({ PARAMETER_ARN: arn });

const keyUserOf = (call: Call, scope: Scope): KeyUser => ({ ...scope, service: 'ssm', authorise: (access) => call.authorise(access), caller: call.caller });

// A denial is told in KMS's own words; everything else is an unusable key.
function rethrow(error: unknown): never {
  if (!(error instanceof ServiceError) || /^AccessDenied/.test(error.code)) throw error;
  throw invalidKeyId(error.message);
}
