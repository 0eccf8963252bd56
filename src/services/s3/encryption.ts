// Server-side encryption. DEVIATION: with S3's own keys (SSE-S3, what every object has that says nothing) the bytes lie on disk as they
// are, since the key would lie beside them; with keys of KMS and of customers they are encrypted (AES-256 in counter mode).

import { createHash } from 'node:crypto';
import { ServiceError } from '../../base/errors.ts';
import type { Call } from '../../framework/context.ts';
import type { KeyUser } from '../../ports/encryption.ts';
import type { Encryption } from './domain/objectRow.ts';
import { errors } from './errors.ts';
import type { S3Deps } from './operation.ts';
import { type Bucket } from './store.ts';

export interface EncryptionMembers {
  readonly ServerSideEncryption?: string | undefined;
  readonly SSEKMSKeyId?: string | undefined;
  readonly SSEKMSEncryptionContext?: string | undefined;
  readonly BucketKeyEnabled?: boolean | undefined;
  readonly SSECustomerAlgorithm?: string | undefined;
  readonly SSECustomerKey?: string | undefined;
  readonly SSECustomerKeyMD5?: string | undefined;
}

/** The default of a bucket (PutBucketEncryption). */
export interface DefaultEncryption {
  readonly algorithm: 'AES256' | 'aws:kms' | 'aws:kms:dsse';
  readonly keyId?: string | undefined;
  readonly bucketKey: boolean;
}

/** How an object is encrypted, and with what; no key where its bytes stay as they are. */
export interface ChosenEncryption {
  readonly encryption: Encryption;
  readonly key: Uint8Array | undefined;
}

/** What a request to write asks for, or its bucket's default. */
export async function chooseEncryption(deps: S3Deps, call: Call, bucket: Bucket, key: string, members: EncryptionMembers, standard: DefaultEncryption | undefined): Promise<ChosenEncryption> {
  const customer = customerKeyOf(members);
  if (customer) {
    if (members.ServerSideEncryption !== undefined) throw errors.invalidArgument('Server Side Encryption with Customer provided key is incompatible with the encryption method specified', 'x-amz-server-side-encryption', members.ServerSideEncryption);
    return { encryption: { kind: 'customer', keyMd5: customer.md5 }, key: customer.key };
  }
  const algorithm = members.ServerSideEncryption ?? standard?.algorithm ?? 'AES256';
  if (algorithm === 'AES256') {
    if (members.SSEKMSKeyId !== undefined) {
      throw errors.invalidArgument('Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms', 'x-amz-server-side-encryption', algorithm);
    }
    return { encryption: { kind: 's3' }, key: undefined };
  }
  if (algorithm !== 'aws:kms' && algorithm !== 'aws:kms:dsse') {
    throw errors.invalidArgument('The encryption method specified is not supported', 'x-amz-server-side-encryption', algorithm);
  }
  const named = members.ServerSideEncryption === undefined ? standard?.keyId : (members.SSEKMSKeyId ?? (standard?.algorithm === algorithm ? standard.keyId : undefined));
  return await withDataKey(deps, call, bucket, key, { dual: algorithm === 'aws:kms:dsse', keyId: named, context: members.SSEKMSEncryptionContext, bucketKey: members.BucketKeyEnabled ?? standard?.bucketKey ?? false });
}

interface KmsChoice {
  readonly dual: boolean;
  readonly keyId: string | undefined;
  readonly context: string | undefined;
  readonly bucketKey: boolean;
}

async function withDataKey({ encryption: kms }: S3Deps, call: Call, bucket: Bucket, key: string, { dual, keyId, context, bucketKey }: KmsChoice): Promise<ChosenEncryption> {
  if (!kms) throw errors.unsupported('Server-side encryption with AWS KMS keys (SSE-KMS)');
  const dataKey = await kmsAnswer(kms.generateDataKey({ keyId, context: kmsContext(bucket, key, context, bucketKey), user: keyUser(call) }));
  return {
    encryption: { kind: 'kms', keyArn: dataKey.keyArn, dual, bucketKey, context: contextText(bucket, key, context, bucketKey), dataKey: dataKey.ciphertext },
    key: dataKey.plaintext,
  };
}

/** The key to read an object with; throws when the request does not bring what the object needs. */
export async function keyToRead(deps: S3Deps, call: Call, encryption: Encryption, members: EncryptionMembers): Promise<Uint8Array | undefined> {
  const customer = customerKeyOf(members);
  if (encryption.kind === 'customer') {
    if (!customer) throw errors.invalidRequest('The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.');
    if (customer.md5 !== encryption.keyMd5) throw errors.accessDenied();
    return customer.key;
  }
  if (customer) throw errors.invalidRequest('The encryption parameters are not applicable to this object.');
  if (encryption.kind === 's3') return undefined;
  if (!deps.encryption) throw errors.unsupported('Server-side encryption with AWS KMS keys (SSE-KMS)');
  const context = JSON.parse(encryption.context ?? '{}') as Record<string, string>;
  return (await kmsAnswer(deps.encryption.decrypt({ ciphertext: encryption.dataKey, context, user: keyUser(call) }))).plaintext;
}

/** What an answer says of an object's encryption. */
export function encryptionMembers(encryption: Encryption) {
  if (encryption.kind === 'customer') return { SSECustomerAlgorithm: 'AES256', SSECustomerKeyMD5: encryption.keyMd5 };
  if (encryption.kind === 's3') return { ServerSideEncryption: 'AES256' as const };
  return {
    ServerSideEncryption: encryption.dual ? ('aws:kms:dsse' as const) : ('aws:kms' as const),
    SSEKMSKeyId: encryption.keyArn,
    ...(encryption.bucketKey ? { BucketKeyEnabled: true } : {}),
  };
}

/** The customer's key of a request, checked; its hash as the client sends it. */
export function customerKeyOf({ SSECustomerAlgorithm, SSECustomerKey, SSECustomerKeyMD5 }: EncryptionMembers): { readonly key: Uint8Array; readonly md5: string } | undefined {
  if (SSECustomerAlgorithm === undefined && SSECustomerKey === undefined && SSECustomerKeyMD5 === undefined) return undefined;
  const start = 'Requests specifying Server Side Encryption with Customer provided keys must provide';
  if (SSECustomerAlgorithm === undefined) throw errors.invalidArgument(`${start} a valid encryption algorithm.`, 'x-amz-server-side-encryption-customer-algorithm');
  if (SSECustomerAlgorithm !== 'AES256') throw errors.invalidEncryptionAlgorithm();
  if (SSECustomerKey === undefined) throw errors.invalidArgument(`${start} an appropriate secret key.`, 'x-amz-server-side-encryption-customer-key');
  if (SSECustomerKeyMD5 === undefined) throw errors.invalidArgument(`${start} the client calculated MD5 of the secret key.`, 'x-amz-server-side-encryption-customer-key-MD5');
  const key = Buffer.from(SSECustomerKey, 'base64');
  if (key.length !== 32) throw errors.invalidArgument('The secret key was invalid for the specified algorithm.', 'x-amz-server-side-encryption-customer-key');
  if (createHash('md5').update(key).digest('base64') !== SSECustomerKeyMD5) {
    throw errors.invalidArgument('The calculated MD5 hash of the key did not match the hash that was provided.', 'x-amz-server-side-encryption-customer-key-MD5', SSECustomerKeyMD5);
  }
  return { key, md5: SSECustomerKeyMD5 };
}

function keyUser(call: Call): KeyUser {
  return { account: call.account, region: call.region, service: 's3', authorise: call.authorise, caller: call.caller };
}

// "Encryption context": the object's ARN, or with a bucket key the bucket's.
function contextText(bucket: Bucket, key: string, given: string | undefined, bucketKey: boolean): string {
  return JSON.stringify(kmsContext(bucket, key, given, bucketKey));
}

function kmsContext(bucket: Bucket, key: string, given: string | undefined, bucketKey: boolean): Record<string, string> {
  const arn = `arn:aws:s3:::${bucket.name}`;
  return { ...givenContext(given), 'aws:s3:arn': bucketKey ? arn : `${arn}/${key}` };
}

function givenContext(text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && Object.values(parsed).every((value) => typeof value === 'string')) return parsed as Record<string, string>;
  } catch {
    // Falls through to the refusal.
  }
  throw errors.invalidArgument('The header \'x-amz-server-side-encryption-context\' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map', 'x-amz-server-side-encryption-context', text);
}

// S3 answers what KMS refuses as `KMS.<code>`.
async function kmsAnswer<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.code === 'AccessDenied' || error.code === 'AccessDeniedException') throw new ServiceError('AccessDenied', error.message, { status: 403 });
    throw new ServiceError(`KMS.${error.code}`, error.message, { status: 400 });
  }
}
