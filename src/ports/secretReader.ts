// Secrets as other services read them for their users: parameters that are names of secrets.
import type { KeyAccess } from './encryption.ts';
import type { Caller } from './identity.ts';

export interface SecretRequest {
  /** A name or an ARN. */
  readonly secretId: string;
  readonly versionId?: string;
  readonly stage?: string;
  /** Who reads; asked for permission as for their own request. */
  readonly reader: {
    readonly account: string;
    readonly region: string;
    readonly nowMs: number;
    readonly caller: Caller;
    readonly authorise: (access: KeyAccess) => Promise<void>;
  };
}

export interface SecretText {
  readonly arn: string;
  readonly name: string;
  readonly versionId: string;
  /** Undefined for a binary secret. */
  readonly text: string | undefined;
  readonly stages: readonly string[];
  readonly createdAtMs: number;
}

export interface SecretReader {
  /** Throws what GetSecretValue would answer. */
  read(request: SecretRequest): Promise<SecretText>;
}
