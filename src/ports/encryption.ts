// What services that keep their users' data encrypted ask of KMS.

import type { Caller } from './identity.ts';

/** On whose behalf a key is used; KMS judges it as it would judge that caller's own request with `kms:ViaService`. */
export interface KeyUser {
  readonly account: string;
  readonly region: string;
  /** The service that asks, for `kms:ViaService` and for the name of its AWS-managed key: `secretsmanager`, `ssm`, `s3`, `sqs`, `lambda`. */
  readonly service: string;
  /**
   * The permission check of the call that is being served (`Call.authorise`). Absent when the service acts by itself, later, with what
   * was granted to it when the setting was made.
   */
  readonly authorise?: (access: KeyAccess) => Promise<void>;
  /** Who is being served: grants are made to somebody, and without this none is found. */
  readonly caller?: Caller;
}

/** The part of an access request that KMS fills in. */
export interface KeyAccess {
  readonly action: string;
  readonly resource: string;
  readonly conditions?: Readonly<Record<string, string | readonly string[]>>;
  readonly resourcePolicy?: string;
  readonly resourcePolicyRequired?: true;
}

/** Bound to the ciphertext: decryption needs the same pairs. */
export type EncryptionContext = Readonly<Record<string, string>>;

export interface EncryptRequest {
  /** Key id, key ARN, alias name or alias ARN, as in the API; undefined means the AWS-managed key `alias/aws/<service>`, made on first use. */
  readonly keyId: string | undefined;
  /** At most 4,096 bytes. */
  readonly plaintext: Uint8Array;
  readonly context: EncryptionContext;
  readonly user: KeyUser;
}

export interface DecryptRequest {
  readonly ciphertext: Uint8Array;
  readonly context: EncryptionContext;
  readonly user: KeyUser;
}

export interface DataKeyRequest {
  readonly keyId: string | undefined;
  readonly context: EncryptionContext;
  readonly user: KeyUser;
}

export interface DataKey {
  /** 32 bytes, for AES-256-GCM. */
  readonly plaintext: Uint8Array;
  /** Kept beside what it encrypts; `decrypt` turns it into the plaintext again. */
  readonly ciphertext: Uint8Array;
  readonly keyArn: string;
}

/**
 * Keys for other services. What KMS refuses is thrown as the `ServiceError` that its own API would answer (`NotFoundException`,
 * `DisabledException`, `KMSInvalidStateException`, `AccessDeniedException`, `InvalidCiphertextException`): the asking service puts it
 * into its own words where AWS does.
 */
export interface Encryption {
  encrypt(request: EncryptRequest): Promise<{ readonly ciphertext: Uint8Array; readonly keyArn: string }>;
  decrypt(request: DecryptRequest): Promise<{ readonly plaintext: Uint8Array; readonly keyArn: string }>;
  generateDataKey(request: DataKeyRequest): Promise<DataKey>;
  /** The key that a setting names, to refuse it early and to answer its ARN. */
  requireKey(keyId: string | undefined, user: KeyUser): Promise<{ readonly keyArn: string; readonly awsManaged: boolean }>;
}
